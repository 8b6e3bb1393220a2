// What `warded/component.wasm` and `warded/warded.wit` are to a compiler: files for other tools, of which a bundler gives the place.

declare const place: string;
export default place;
