// What the package offers and what it is made of.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { derive, edge, hazmat, installed, required, requiredDerive, requiredEdge, requiredHazmat, run, tarball, warded } from "./project.mjs";

const NAMES = [
  "Keyring", "WardedError", "compileGrant", "compilePolicy", "covers", "decide", "explain", "filter", "hashToken", "lintGrant", "lintPolicy", "mintToken", "openBundle", "overlaps", "parseToken", "redact", "settle", "verifyChain", "verifyToken",
];
const HAZMAT = [
  "aesGcmOpen", "aesGcmSeal", "argon2id", "audienceKey", "hmacSha256", "kbkdfCounter", "loadGrant", "loadPolicy", "makeBundle", "pbkdf2Sha256", "sealWithSalt", "sha256",
];
const DERIVE = ["argon2id", "pbkdf2Sha256"];
const EDGE = ["UsageObject", "durableObjectUsage", "guard", "honoGuard", "memoryUsage", "nodeGuard", "redisUsage"];
const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));

test("import and require offer the same names and no others", () => {
  for (const exports of [warded, required]) assert.deepEqual(Object.keys(exports).sort(), NAMES);
  for (const exports of [hazmat, requiredHazmat]) assert.deepEqual(Object.keys(exports).sort(), HAZMAT);
  for (const exports of [derive, requiredDerive]) assert.deepEqual(Object.keys(exports).sort(), DERIVE);
  for (const exports of [edge, requiredEdge]) assert.deepEqual(Object.keys(exports).sort(), EDGE);
  for (const name of [...NAMES, ...HAZMAT]) assert.equal(typeof (warded[name] ?? hazmat[name]), "function", name);
});

test("the tarball holds what is published and nothing else", () => {
  const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
  const others = files.filter((name) => !/^package\/(LICENSE|README\.md|package\.json|dist\/(raw|engine|derive|component)\.wasm|dist\/warded\.wit|dist\/(esm|cjs|precompiled)\/[a-z-]+\.(js|d\.ts|json))$/.test(name));
  assert.deepEqual(others, []);
  for (const name of ["LICENSE", "README.md", "dist/raw.wasm", "dist/engine.wasm", "dist/derive.wasm", "dist/component.wasm", "dist/warded.wit"]) assert.ok(files.includes(`package/${name}`), name);
});

test("the raw module resolves by import and by require, and imports nothing", () => {
  const resolve = 'console.log(import.meta.resolve("warded/raw.wasm"))';
  const url = run("resolve.mjs", resolve).trim();
  const path = run("resolve.cjs", 'console.log(require.resolve("warded/raw.wasm"))').trim();
  assert.equal(new URL(url).pathname, path);
  const module = new WebAssembly.Module(readFileSync(path));
  assert.deepEqual(WebAssembly.Module.imports(module), []);
  const { exports } = new WebAssembly.Instance(module);
  assert.equal(exports.warded_abi(), 1);
  assert.ok(exports.memory instanceof WebAssembly.Memory);
});

test("the component and its interface resolve by import and by require", () => {
  const place = (name) => {
    const url = run("resolve.mjs", `console.log(import.meta.resolve("${name}"))`).trim();
    const path = run("resolve.cjs", `console.log(require.resolve("${name}"))`).trim();
    assert.equal(new URL(url).pathname, path);
    return path;
  };
  // The preamble of a component, which no core module has: version 13, layer 1.
  assert.deepEqual([...readFileSync(place("warded/component.wasm")).subarray(0, 8)], [0, 0x61, 0x73, 0x6d, 13, 0, 1, 0]);
  assert.match(readFileSync(place("warded/warded.wit"), "utf8"), /^package warded:engine@0\.1\.0;$/m);
});

test("nothing runs at import but definitions", () => {
  const program = (load) => `
    const touched = [];
    const names = ["WebAssembly", "crypto", "TextEncoder", "TextDecoder", "atob", "Buffer", "performance", "setTimeout", "queueMicrotask", "fetch", "process"];
    for (const name of names) {
      const value = globalThis[name];
      Object.defineProperty(globalThis, name, { configurable: true, get: () => (touched.push(name), value) });
    }
    const now = Date.now;
    Date.now = () => (touched.push("Date.now"), now());
    Math.random = () => (touched.push("Math.random"), 0.5);
    ${load}
    const found = touched.splice(0);
    warded.covers("a:b", "a:b");
    console.log(JSON.stringify({ found, then: touched.includes("WebAssembly") }));`;
  const byImport = program('const warded = await import("warded"); await import("warded/hazmat"); await import("warded/derive"); await import("warded/edge");');
  const byRequire = program('const warded = require("warded"); require("warded/hazmat"); require("warded/derive"); require("warded/edge");');
  for (const [name, text] of [["idle.mjs", byImport], ["idle.cjs", byRequire]]) {
    assert.deepEqual(JSON.parse(run(name, text)), { found: [], then: true }, name);
  }
});

test("both entries share one engine, and the code has it once", () => {
  for (const system of ["esm", "cjs"]) {
    const sizes = ["index", "hazmat", "derive"].map((name) => readFileSync(join(installed, `dist/${system}/${name}.js`)).length);
    for (const size of sizes) assert.ok(size < 4096, `${system}: ${size}`);
  }
  const grant = hazmat.loadGrant(warded.compileGrant({ scopes: ["a:b"] }).bytes);
  assert.equal(warded.decide({ chain: [{ grant }], request: { resource: "a", action: "b" } }).decision, "allow");
});

/** Bytes gzip. The aim is 64 KiB; docs/engine.md shows what takes the rest. It must not grow unseen. */
const MOST = 86 * 1024;

test(`the engine travels in ${MOST} bytes`, () => {
  const code = readFileSync(join(installed, "dist/esm/internal.js"), "utf8");
  const [, base64] = /"(AGFzbQ[A-Za-z0-9+/=]+)"/.exec(code);
  const engine = readFileSync(join(installed, "dist/engine.wasm"));
  assert.ok(engine.equals(Buffer.from(base64, "base64")), "workers get other bytes");
  const size = gzipSync(engine, { level: 9 }).length;
  assert.ok(size <= MOST, `${size} bytes gzip`);
});

test("the engine starts without Node's own decoder too", () => {
  const text = 'delete globalThis.Buffer; const { covers } = await import("warded"); console.log(covers("a:b", "a:b"));';
  assert.equal(run("decoder.mjs", text).trim(), "true");
});
