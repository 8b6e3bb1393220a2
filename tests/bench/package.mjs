// The npm package as `make build` leaves it, by its own name for importers.

import { readFileSync } from "node:fs";

const manifest = new URL("../../pkg/package.json", import.meta.url);
const { exports } = JSON.parse(readFileSync(manifest));

/** The file that `import "warded"` (or `warded/…`) means in Node. */
export function entry(name) {
  let target = exports[name];
  while (typeof target === "object") target = target.node ?? target.import ?? target.default;
  return new URL(`../../pkg/${target}`, import.meta.url);
}

/** `import * as warded from "warded"`. */
export const warded = await import(entry("."));
