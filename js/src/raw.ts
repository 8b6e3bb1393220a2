// What `warded/raw.wasm` is to a compiler: bundlers and runtimes that know Wasm files give a module, and others its place only.

declare const module: WebAssembly.Module;
export default module;
