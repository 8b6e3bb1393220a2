// Keys from passphrases: vectors, floors, and memory that goes away.

import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { derive, hazmat, installed, requiredDerive, run, warded } from "./project.mjs";
import { bytes, hex, vectors } from "./vectors.mjs";

const published = vectors("derive");
const SALT = new Uint8Array(16).fill(7);
const mistake = (type, text) => (error) => error.constructor.name === type && error.message.startsWith(text);

test("Argon2id is that of the vectors", async () => {
  for (const { why, password, salt, secret, associated_data, derived, ...cost } of published.argon2id) {
    const options = { password: bytes(password), salt: bytes(salt), secret: bytes(secret), associatedData: bytes(associated_data), length: derived.length / 2, ...cost };
    assert.equal(hex(await hazmat.argon2id(options)), derived, why);
  }
});

test("PBKDF2 is that of the vectors", async () => {
  for (const { why, password, salt, iterations, derived } of published.pbkdf2_sha256) {
    assert.equal(hex(await hazmat.pbkdf2Sha256({ password: bytes(password), salt: bytes(salt), iterations, length: derived.length / 2 })), derived, why);
  }
});

test("the safe ones derive the same, from text too, and the default is a keyring's", async () => {
  for (const { why, password, salt, memory, iterations, parallelism, derived } of published.argon2id_floors) {
    const text = Buffer.from(password, "hex").toString();
    assert.equal(hex(await derive.argon2id({ password: text, salt: bytes(salt), memory, iterations, parallelism })), derived, why);
    if (memory === 65_536) assert.equal(hex(await requiredDerive.argon2id({ password: bytes(password), salt: bytes(salt) })), derived, why);
  }
  const { password, salt, derived } = published.pbkdf2_sha256.find(({ why }) => why === "the floor");
  assert.equal(hex(await derive.pbkdf2Sha256({ password: bytes(password), salt: bytes(salt), iterations: 100_000 })), derived);
  const expected = pbkdf2Sync("pässwörd ✓", SALT, 600_000, 32, "sha256");
  assert.ok(expected.equals(await derive.pbkdf2Sha256({ password: "pässwörd ✓", salt: SALT })));
});

test("a derived key opens what it sealed", async () => {
  const key = () => derive.argon2id({ password: "open sesame", salt: SALT, memory: 19_456, iterations: 2 });
  const sealed = new warded.Keyring([await key()]).seal(Uint8Array.of(1, 2, 3));
  assert.deepEqual(new warded.Keyring([await key()]).open(sealed), Uint8Array.of(1, 2, 3));
});

test("nothing is derived below the floors, and mistakes name the option", async () => {
  const argon2id = (changes) => derive.argon2id({ password: "p", salt: SALT, ...changes });
  const pbkdf2 = (changes) => derive.pbkdf2Sha256({ password: "p", salt: SALT, ...changes });
  for (const memory of [19_455, 0, -1, 2 ** 21 + 1, 20_000.5]) await assert.rejects(argon2id({ memory }), mistake("RangeError", "memory: "));
  for (const iterations of [1, 0, 2 ** 32]) await assert.rejects(argon2id({ iterations }), mistake("RangeError", "iterations: "));
  for (const parallelism of [0, 256]) await assert.rejects(argon2id({ parallelism }), mistake("RangeError", "parallelism: "));
  for (const iterations of [99_999, 2 ** 32]) await assert.rejects(pbkdf2({ iterations }), mistake("RangeError", "iterations: "));
  for (const derived of [argon2id, pbkdf2]) {
    await assert.rejects(derived({ salt: SALT.subarray(1) }), mistake("RangeError", "salt: "));
    await assert.rejects(derived({ salt: "0123456789abcdef" }), mistake("TypeError", "salt: "));
    await assert.rejects(derived({ salt: undefined }), mistake("TypeError", "salt: "));
    await assert.rejects(derived({ password: undefined }), mistake("TypeError", "password: "));
    await assert.rejects(derived({ iterations: "600000" }), mistake("TypeError", "iterations: "));
    await assert.rejects(derived({ rounds: 5 }), mistake("TypeError", "options: unknown property `rounds`"));
  }
  for (const name of ["length", "secret", "associatedData"]) await assert.rejects(argon2id({ [name]: 64 }), mistake("TypeError", "options: unknown property"));
  await assert.rejects(derive.argon2id(), mistake("TypeError", "options: "));
  const any = (changes) => hazmat.argon2id({ password: "p", salt: SALT, memory: 64, iterations: 1, ...changes });
  await assert.rejects(any({ memory: undefined }), mistake("TypeError", "memory: "));
  await assert.rejects(any({ parallelism: 9 }), mistake("RangeError", "memory: "));
  await assert.rejects(any({ length: 3 }), mistake("RangeError", "length: "));
  await assert.rejects(any({ length: 1025 }), mistake("RangeError", "length: "));
  await assert.rejects(any({ salt: SALT.subarray(9) }), mistake("RangeError", "salt: "));
  await assert.rejects(any({ associatedData: new Uint8Array(33) }), mistake("RangeError", "associatedData: "));
  await assert.rejects(hazmat.pbkdf2Sha256({ password: "p", salt: SALT }), mistake("TypeError", "iterations: "));
  await assert.rejects(hazmat.pbkdf2Sha256({ password: "p", salt: SALT, iterations: 0 }), mistake("RangeError", "iterations: "));
});

test("what it took is given back", () => {
  const program = `
    import { argon2id } from "warded/hazmat";
    const settled = async () => {
      for (let turn = 0; turn < 4; turn++) { globalThis.gc(); await new Promise((resolve) => setImmediate(resolve)); }
      return process.memoryUsage();
    };
    const password = "p", salt = new Uint8Array(16);
    await argon2id({ password, salt, memory: 65_536, iterations: 1 });
    const before = await settled();
    for (let turn = 0; turn < 8; turn++) await argon2id({ password, salt, memory: 65_536, iterations: 1 });
    const after = await settled();
    console.log(JSON.stringify({ before: before.rss, after: after.rss }));`;
  const { before, after } = JSON.parse(run("memory.mjs", program, ["--expose-gc"]));
  assert.ok(after - before < 32 * 2 ** 20, `${before} ${after}`);
});

test("the module imports nothing, travels in 24 kB, and is the one that workers get", async () => {
  const file = readFileSync(join(installed, "dist/derive.wasm"));
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(file)), []);
  const { gzipSync } = await import("node:zlib");
  assert.ok(gzipSync(file, { level: 9 }).length <= 24 * 1024);
  for (const system of ["esm", "cjs"]) {
    const [, base64] = /"(AGFzbQ[A-Za-z0-9+/=]+)"/.exec(readFileSync(join(installed, `dist/${system}/derivation.js`), "utf8"));
    assert.ok(file.equals(Buffer.from(base64, "base64")), system);
  }
});
