// As load-edge-light.ts for the engine.

import module from "../derive.wasm?module";

/** The compiled module of derivations. */
export function load(): WebAssembly.Module {
  return module;
}
