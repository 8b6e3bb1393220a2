declare module "*.wasm" {
  /** The bytes of the module in base64, put in place by the bundler. */
  const base64: string;
  export default base64;
}
