// How a runtime comes by the module of derivations: as load.ts for the engine's.

import base64 from "#engine/derive.wasm";

import { compile } from "./compile.js";

/** Compiles the module of derivations, synchronously. */
export function load(): WebAssembly.Module {
  return compile(base64);
}
