declare module "#engine/engine.wasm" {
  /** The bytes of the module in base64, put in place by the bundler. */
  const base64: string;
  export default base64;
}

declare module "#engine/derive.wasm" {
  /** The same of the module of derivations. */
  const base64: string;
  export default base64;
}

declare module "*.wasm" {
  /** The module as a runtime gives it that compiles modules itself. */
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.wasm?module" {
  /** The same, as Vercel's bundlers want it to be asked for. */
  const module: WebAssembly.Module;
  export default module;
}
