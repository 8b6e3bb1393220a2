// The published SDK, as its 1.0.0 tarball has it.
//
// Its manifest names `dist/index.mjs` for import and `dist/index.js` for require; the tarball holds an ES module `index.js` and a CommonJS
// `index.cjs`. So both are loaded by their path: not a byte of them is changed.

import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const at = (file) => fileURLToPath(new URL(`node_modules/@agentsecretstore/sdk/dist/${file}`, import.meta.url));

/** The same module, by both of its doors. */
export const doors = {
  import: await import(pathToFileURL(at("index.js"))),
  require: require(at("index.cjs")),
};
