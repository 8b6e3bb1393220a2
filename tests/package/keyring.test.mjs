// Sealing and opening: vectors, contexts, and keys that stay where they are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { hazmat, warded } from "./project.mjs";
import { bytes, hex, vectors } from "./vectors.mjs";

const { Keyring, WardedError } = warded;
const { opened, refused } = vectors("seal");
const KEY = bytes("00".repeat(31) + "07");
const TEXT = new TextEncoder().encode("sk-test");
const CONTEXT = { purpose: "value", tenant: "00000000000000000000000000000001", object: "sec_1", path: "a/KEY", version: 3 };

const code = (expected) => (error) => error instanceof WardedError && error.code === expected && error.field === undefined;
const mistake = (type, text) => (error) => error.constructor.name === type && error.message.startsWith(text);

test("the vectors of the envelope", () => {
  for (const { key, salt, plaintext, sealed, ...fields } of vectors("crypto").seal) {
    const context = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
    const keyring = new Keyring([bytes(key)]);
    assert.equal(hex(hazmat.sealWithSalt(keyring, bytes(salt), bytes(plaintext), context)), sealed);
    assert.equal(hex(keyring.open(bytes(sealed), context)), plaintext);
  }
  for (const { why, keys, context, sealed, plaintext } of opened) {
    assert.equal(hex(new Keyring(keys.map(bytes)).open(bytes(sealed), context)), plaintext, why);
  }
});

test("the refusals of the vectors", () => {
  for (const { why, keys, context, sealed, code: expected } of refused) {
    assert.throws(() => new Keyring(keys.map(bytes)).open(bytes(sealed), context), code(expected), why);
  }
});

test("what is sealed opens with the same context only", () => {
  const keyring = new Keyring([KEY]);
  const sealed = keyring.seal(TEXT, CONTEXT);
  assert.deepEqual(keyring.open(sealed, CONTEXT), TEXT);
  const others = [{ purpose: "other" }, { tenant: "00000000000000000000000000000002" }, { object: "sec_2" }, { path: "a/KEy" }, { version: 4 }];
  for (const other of others) assert.throws(() => keyring.open(sealed, { ...CONTEXT, ...other }), code("seal_rejected"));
  for (const name of Object.keys(CONTEXT)) {
    const { [name]: _, ...rest } = CONTEXT;
    assert.throws(() => keyring.open(sealed, rest), code("seal_rejected"), name);
  }
  assert.throws(() => keyring.open(sealed), code("seal_rejected"));
});

test("no byte can change, none can be missing", () => {
  const keyring = new Keyring([KEY]);
  const sealed = keyring.seal(TEXT, CONTEXT);
  for (let index = 0; index < sealed.length; index++) {
    const changed = sealed.slice();
    changed[index] ^= 1;
    assert.throws(() => keyring.open(changed, CONTEXT), (error) => ["seal_rejected", "key_unknown"].includes(error.code));
    assert.throws(() => keyring.open(sealed.slice(0, index), CONTEXT), WardedError);
  }
});

test("texts beyond ASCII and numbers beyond 32 bits are bound exactly", () => {
  const keyring = new Keyring([KEY]);
  const context = { purpose: "wert ✓ 𝄞", object: "é", path: "a/ü", version: 2 ** 53 - 1 };
  const sealed = keyring.seal(TEXT, context);
  assert.deepEqual(keyring.open(sealed, context), TEXT);
  assert.throws(() => keyring.open(sealed, { ...context, version: 2 ** 53 - 2 }), code("seal_rejected"));
  assert.throws(() => keyring.open(sealed, { ...context, purpose: "wert ✓ 𝄟" }), code("seal_rejected"));
});

test("half of a surrogate pair is no text to bind", () => {
  const keyring = new Keyring([KEY]);
  const sealed = keyring.seal(TEXT, { object: "x\ufffd" });
  for (const name of ["purpose", "object", "path"]) {
    for (const half of ["x\ud800", "x\udc00"]) {
      const expected = { name: "WardedError", code: "invalid_text", field: `context.${name}` };
      assert.throws(() => keyring.seal(TEXT, { [name]: half }), expected);
      assert.throws(() => keyring.open(sealed, { [name]: half }), expected);
    }
  }
  assert.deepEqual(keyring.open(sealed, { object: "x\ufffd" }), TEXT);
});

test("the first key seals, all keys open", () => {
  const [older, newer] = [Keyring.generate(), Keyring.generate()];
  const before = new Keyring([older]).seal(TEXT);
  const both = new Keyring([newer, older]);
  assert.deepEqual(both.open(before), TEXT);
  assert.throws(() => new Keyring([older]).open(both.seal(TEXT)), code("key_unknown"));
});

test("an older key's values are sealed again under the first", () => {
  for (const { why, keys, context, sealed, resealed } of vectors("seal").resealed) {
    const keyring = new Keyring(keys.map(bytes));
    const again = keyring.reseal(bytes(sealed), context);
    assert.deepEqual([again.length, hex(again.subarray(0, 10))], [resealed.length / 2, resealed.slice(0, 20)], why);
    assert.notEqual(hex(again.subarray(10, 42)), sealed.slice(20, 84), why);
    assert.deepEqual(new Keyring([bytes(keys[0])]).open(again, context), keyring.open(bytes(sealed), context), why);
  }
  const keyring = new Keyring([KEY]);
  const sealed = keyring.seal(TEXT, CONTEXT);
  assert.throws(() => keyring.reseal(sealed, {}), code("seal_rejected"));
  assert.throws(() => new Keyring([Keyring.generate()]).reseal(sealed, CONTEXT), code("key_unknown"));
  assert.throws(() => keyring.reseal("text"), mistake("TypeError", "sealed: "));
});

test("every seal is another, and so is every key", () => {
  const keyring = new Keyring([KEY]);
  const sealed = new Set(Array.from({ length: 1000 }, () => hex(keyring.seal(TEXT).subarray(10, 42))));
  assert.equal(sealed.size, 1000);
  const keys = new Set(Array.from({ length: 100 }, () => hex(Keyring.generate())));
  assert.equal(keys.size, 100);
  for (const key of keys) assert.equal(key.length, 64);
});

test("sizes from nothing to 16 MiB", () => {
  const keyring = new Keyring([KEY]);
  for (const size of [0, 1, 4000, 70_000, 16 * 1024 * 1024]) {
    const plaintext = new Uint8Array(size).fill(size % 251);
    const sealed = keyring.seal(plaintext, CONTEXT);
    assert.equal(sealed.length, size + 90);
    assert.ok(Buffer.from(keyring.open(sealed, CONTEXT)).equals(plaintext));
  }
  assert.throws(() => keyring.seal(new Uint8Array(16 * 1024 * 1024 + 1)), code("limit_exceeded"));
  assert.throws(() => keyring.seal(new Uint8Array(18 * 1024 * 1024)), code("limit_exceeded"));
  assert.deepEqual(keyring.open(keyring.seal(TEXT)), TEXT);
});

test("more keyrings than the engine keeps loaded still open", () => {
  const keyrings = Array.from({ length: 40 }, () => new Keyring([Keyring.generate()]));
  const sealed = keyrings.map((keyring) => keyring.seal(TEXT, CONTEXT));
  for (const [index, keyring] of keyrings.entries()) assert.deepEqual(keyring.open(sealed[index], CONTEXT), TEXT);
});

test("keys are copied, and show nowhere", () => {
  const key = bytes("a5".repeat(32));
  const keyring = new Keyring([key]);
  const sealed = keyring.seal(TEXT);
  key.fill(0);
  for (let index = 0; index < 20; index++) new Keyring([Keyring.generate()]);
  assert.deepEqual(keyring.open(sealed), TEXT);
  for (const shown of [inspect(keyring, { showHidden: true, depth: 9 }), JSON.stringify(keyring), String(keyring), Object.keys(keyring).join()]) {
    assert.doesNotMatch(shown, /a5|165/);
  }
  assert.throws(() => structuredClone(keyring).open(sealed));
});

test("bytes of a buffer's part and of Node's own kind are taken as they are", () => {
  const keyring = new Keyring([Buffer.from(KEY)]);
  const around = Buffer.from("xxsk-testxx");
  const sealed = keyring.seal(around.subarray(2, 9), CONTEXT);
  assert.deepEqual(keyring.open(Buffer.concat([Buffer.from("x"), sealed]).subarray(1), CONTEXT), TEXT);
});

test("two keys with one id are refused", () => {
  assert.throws(() => new Keyring([KEY, KEY]), code("duplicate_key_id"));
});

test("mistakes of the calling code name the argument", () => {
  const keyring = new Keyring([KEY]);
  assert.throws(() => new Keyring(), mistake("TypeError", "keys: "));
  assert.throws(() => new Keyring(KEY), mistake("TypeError", "keys: "));
  assert.throws(() => new Keyring([]), mistake("RangeError", "keys: "));
  assert.throws(() => new Keyring(Array(65).fill(KEY)), mistake("RangeError", "keys: "));
  assert.throws(() => new Keyring([KEY, undefined]), mistake("TypeError", "keys[1]: "));
  assert.throws(() => new Keyring([KEY.subarray(1)]), mistake("RangeError", "keys[0]: "));
  assert.throws(() => new Keyring([hex(KEY)]), mistake("TypeError", "keys[0]: "));
  for (const text of [undefined, "text", [1], KEY.buffer, new Uint16Array(2)]) {
    assert.throws(() => keyring.seal(text), mistake("TypeError", "plaintext: "));
    assert.throws(() => keyring.open(text), mistake("TypeError", "sealed: "));
  }
  const contexts = [
    [null, "TypeError", "context: "], ["value", "TypeError", "context: "], [{ name: "x" }, "TypeError", "context: "],
    [{ purpose: undefined }, "TypeError", "context.purpose: "], [{ path: null }, "TypeError", "context.path: "], [{ object: 5 }, "TypeError", "context.object: "],
    [{ tenant: "0".repeat(31) }, "RangeError", "context.tenant: "], [{ tenant: "A".repeat(32) }, "RangeError", "context.tenant: "], [{ tenant: undefined }, "TypeError", "context.tenant: "],
    [{ version: "1" }, "TypeError", "context.version: "], [{ version: -1 }, "RangeError", "context.version: "], [{ version: 2 ** 53 }, "RangeError", "context.version: "], [{ version: undefined }, "TypeError", "context.version: "],
  ];
  for (const [context, type, text] of contexts) assert.throws(() => keyring.seal(TEXT, context), mistake(type, text), text);
  assert.throws(() => hazmat.sealWithSalt(keyring, KEY.subarray(1), TEXT, {}), mistake("RangeError", "salt: "));
  assert.throws(() => hazmat.sealWithSalt({}, KEY, TEXT, {}), mistake("TypeError", "keyring: "));
});

test("without randomness nothing is sealed, and the keyring is usable after", () => {
  const keyring = new Keyring([KEY]);
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: { getRandomValues: () => { throw new Error("none"); } } });
  try {
    assert.throws(() => keyring.seal(TEXT), (error) => error.code === "internal");
    assert.throws(() => Keyring.generate(), (error) => error.code === "internal");
    assert.throws(() => warded.mintToken("s"), (error) => error.code === "internal");
  } finally {
    Object.defineProperty(globalThis, "crypto", { configurable: true, value: crypto });
  }
  assert.deepEqual(keyring.open(keyring.seal(TEXT)), TEXT);
});
