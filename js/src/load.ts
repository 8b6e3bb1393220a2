// How a runtime comes by the module: here its bytes stand in the code itself, so that one file loads everywhere.
// A runtime that takes only precompiled modules gets another file in its place, under its own condition in package.json.

import base64 from "#engine/engine.wasm";

/** Compiles the engine, synchronously. */
export function load(): WebAssembly.Module {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = text.charCodeAt(index);
  return new WebAssembly.Module(bytes);
}
