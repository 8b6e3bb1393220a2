import { readFileSync } from "node:fs";

const warded = new WebAssembly.Instance(new WebAssembly.Module(readFileSync("raw.wasm"))).exports;

function call(document) {
  const text = new TextEncoder().encode(JSON.stringify(document));
  const start = warded.warded_buffer(text.length);
  new Uint8Array(warded.memory.buffer, start).set(text);
  const length = Number(BigInt.asUintN(32, warded.warded_call(text.length)));
  return JSON.parse(new TextDecoder().decode(new Uint8Array(warded.memory.buffer, warded.warded_buffer(length), length)));
}

console.log(call({ op: "covers", outer: "secrets:read:production/*", inner: "secrets:read:production/KEY" }));
