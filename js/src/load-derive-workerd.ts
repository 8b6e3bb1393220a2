// As load-workerd.ts for the engine.

import module from "../derive.wasm";

/** The compiled module of derivations. */
export function load(): WebAssembly.Module {
  return module;
}
