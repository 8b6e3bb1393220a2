declare module "#engine/glue/engine_bg.js" {
  /** Gives the glue the exports of an instance. */
  export function __wbg_set_wasm(exports: object): void;
}
