// Cloudflare's workerd compiles no bytes at run time: the module is a file of the worker, compiled when it is deployed.

import module from "../engine.wasm";

/** The compiled engine. */
export function load(): WebAssembly.Module {
  return module;
}
