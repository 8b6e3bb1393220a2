// Writes src/codes.ts from the table that the module itself answers, or with --check says whether it is current.
// Usage: node js/codes.mjs [--check], after `cargo xtask wasm`.

import { readFileSync, writeFileSync } from "node:fs";

const target = new URL("src/codes.ts", import.meta.url);
const module = new WebAssembly.Module(readFileSync(new URL("../target/wasm/warded_raw.wasm", import.meta.url)));
const { memory, warded_buffer, warded_call } = new WebAssembly.Instance(module).exports;

function call(document) {
  const json = new TextEncoder().encode(JSON.stringify(document));
  const input = warded_buffer(json.length);
  new Uint8Array(memory.buffer).set(json, input);
  const length = Number(warded_call(json.length) & 0xffffffffn);
  const address = warded_buffer(length);
  return JSON.parse(new TextDecoder().decode(memory.buffer.slice(address, address + length)));
}

const { codes } = call({ op: "errors" });
const union = (some) => some.map(({ code }) => `  | "${code}"`).join("\n");
const denied = codes.filter(({ blame }) => blame === "denied");
const others = codes.filter(({ blame }) => blame !== "denied");
const text = `// Generated from the table in core/src/error.rs by \`node js/codes.mjs\`: do not edit.

/** Why a decision is not an allow. */
export type ReasonCode =
${union(denied)};

/** What is wrong with data. Codes are API: none is ever renamed. */
export type ErrorCode =
  | ReasonCode
${union(others)};

/** The reasons by their number in the packed layout. */
export const REASONS: Readonly<Record<number, ReasonCode>> = {
${denied.map(({ code, number }) => `  ${number}: "${code}",`).join("\n")}
};
`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("js/src/codes.ts is not what core/src/error.rs says: run `node js/codes.mjs`");
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
