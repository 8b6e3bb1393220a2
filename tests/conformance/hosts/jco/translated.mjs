// The component as jco translates it, in a folder of its own that goes away with the process.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { transpile } from "@bytecodealliance/jco-transpile";

const component = fileURLToPath(new URL("../../../../target/wasm/warded_component.wasm", import.meta.url));

/** The folder; the module is `warded/warded.js` in it. */
export const folder = mkdtempSync(join(tmpdir(), "warded-jco-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');

const { files } = await transpile(component, { name: "warded", outDir: join(folder, "warded") });
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The address of a file in the folder. */
export const address = (name) => pathToFileURL(join(folder, name)).href;
