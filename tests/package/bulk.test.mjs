// Large values by the runtime's own AES: the same bytes, the same refusals, with WebCrypto and with Node's crypto.

import assert from "node:assert/strict";
import { test } from "node:test";

import { warded } from "./project.mjs";
import { bytes, hex, vectors } from "./vectors.mjs";

const { Keyring, WardedError } = warded;
const MIB = 2 ** 20;
const KEY = bytes("00".repeat(31) + "07");
const CONTEXT = { purpose: "value", tenant: "00000000000000000000000000000001", object: "sec_1", path: "a/KEY", version: 3 };
const SIZES = [0, 1, 2047, 2048, 2049, 65_536, 65_537, 200_000, MIB, MIB + 1, 3 * MIB];

const keyring = new Keyring([KEY]);
const plain = (size) => new Uint8Array(size).map((_, index) => (index * 31 + size) % 251);
const same = (a, b) => Buffer.from(a).equals(b);
const code = (expected) => (error) => error instanceof WardedError && error.code === expected && error.field === undefined;

/** Runs `work` with a global replaced. */
async function replaced(object, name, value, work) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { configurable: true, value });
  try {
    await work();
  } finally {
    if (before === undefined) delete object[name];
    else Object.defineProperty(object, name, before);
  }
}

const ways = {
  "Node's crypto": (work) => work(),
  "WebCrypto alone": (work) => replaced(process, "getBuiltinModule", undefined, work),
  "neither": (work) => replaced(process, "getBuiltinModule", undefined, () => replaced(globalThis, "crypto", { getRandomValues: (array) => array.fill(9) }, work)),
};

for (const [name, way] of Object.entries(ways)) {
  test(`${name}: what one seals the other opens`, () => way(async () => {
    for (const size of SIZES) {
      const plaintext = plain(size);
      const sealed = await keyring.sealAsync(plaintext, CONTEXT);
      assert.equal(sealed.length, size + 90);
      assert.ok(same(keyring.open(sealed, CONTEXT), plaintext), `${size}`);
      assert.ok(same(await keyring.openAsync(sealed, CONTEXT), plaintext), `${size}`);
      assert.ok(same(await keyring.openAsync(keyring.seal(plaintext, CONTEXT), CONTEXT), plaintext), `${size}`);
    }
  }));

  test(`${name}: what was changed, moved or cut does not open`, () => way(async () => {
    for (const size of [10_000, MIB + 16]) {
      const sealed = keyring.seal(plain(size), CONTEXT);
      for (const index of [0, 1, 10, 41, 42, 73, 74, 5000, size + 73, size + 74, size + 89]) {
        const changed = sealed.slice();
        changed[index] ^= 1;
        await assert.rejects(keyring.openAsync(changed, CONTEXT), code("seal_rejected"), `${index}`);
      }
      await assert.rejects(keyring.openAsync(sealed.subarray(0, -1), CONTEXT), code("seal_rejected"));
      await assert.rejects(keyring.openAsync(sealed, { ...CONTEXT, version: 4 }), code("seal_rejected"));
      await assert.rejects(new Keyring([Keyring.generate()]).openAsync(sealed, CONTEXT), code("key_unknown"));
    }
  }));
}

test("the bytes are those of the same salt", async () => {
  const salt = bytes("5a".repeat(32));
  const crypto = { subtle: globalThis.crypto.subtle, getRandomValues: (array) => (array.set(salt.subarray(0, array.length)), array) };
  await replaced(globalThis, "crypto", crypto, async () => {
    for (const size of SIZES) assert.ok(same(await keyring.sealAsync(plain(size), CONTEXT), keyring.seal(plain(size), CONTEXT)), `${size}`);
  });
});

test("the vectors of the envelope", async () => {
  for (const { why, keys, context, sealed, plaintext } of vectors("seal").opened) {
    assert.equal(hex(await new Keyring(keys.map(bytes)).openAsync(bytes(sealed), context)), plaintext, why);
  }
  for (const { why, keys, context, sealed, code: expected } of vectors("seal").refused) {
    await assert.rejects(new Keyring(keys.map(bytes)).openAsync(bytes(sealed), context), code(expected), why);
  }
});

test("values have at most 16 MiB", async () => {
  const most = new Uint8Array(16 * MIB).fill(3);
  const sealed = await keyring.sealAsync(most, CONTEXT);
  assert.ok(same(await keyring.openAsync(sealed, CONTEXT), most));
  await assert.rejects(keyring.sealAsync(new Uint8Array(16 * MIB + 1)), code("limit_exceeded"));
  await assert.rejects(keyring.openAsync(new Uint8Array(16 * MIB + 91)), code("seal_rejected"));
});

test("a plaintext that changes meanwhile is sealed as some plaintext or other", async () => {
  const plaintext = new Uint8Array(2 * MIB).fill(1);
  for (const way of [ways["Node's crypto"], ways["WebCrypto alone"]]) {
    await way(async () => {
      const sealing = keyring.sealAsync(plaintext.fill(1), CONTEXT);
      plaintext.fill(2);
      for (const byte of keyring.open(await sealing, CONTEXT)) if (byte !== 1 && byte !== 2) assert.fail(`${byte}`);
    });
  }
});

test("mistakes reject, and name the argument", async () => {
  const mistake = (type, text) => (error) => error.constructor.name === type && error.message.startsWith(text);
  await assert.rejects(keyring.sealAsync("text"), mistake("TypeError", "plaintext: "));
  await assert.rejects(keyring.openAsync("text"), mistake("TypeError", "sealed: "));
  await assert.rejects(keyring.sealAsync(plain(5000), { tenant: "x" }), mistake("RangeError", "context.tenant: "));
  await assert.rejects(keyring.sealAsync(plain(5000), null), mistake("TypeError", "context: "));
});

test("many at once do not disturb each other", async () => {
  const sealed = await Promise.all(SIZES.map((size) => keyring.sealAsync(plain(size), CONTEXT)));
  const opened = await Promise.all(sealed.map((value) => keyring.openAsync(value, CONTEXT)));
  for (const [index, size] of SIZES.entries()) assert.ok(same(opened[index], plain(size)));
});
