// Vercel's edge compiles no bytes at run time either, and its bundlers know a module by this suffix.

import module from "../engine.wasm?module";

/** The compiled engine. */
export function load(): WebAssembly.Module {
  return module;
}
