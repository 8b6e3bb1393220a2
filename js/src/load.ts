// How a runtime comes by the module: here its bytes stand in the code itself, so that one file loads everywhere.
// A runtime that takes only precompiled modules gets another file in its place, under its own condition in package.json.

import base64 from "#engine/engine.wasm";

import { compile } from "./compile.js";

/** Compiles the engine, synchronously. */
export function load(): WebAssembly.Module {
  return compile(base64);
}
