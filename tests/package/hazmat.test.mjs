// The primitives as compiled in, and scopes: published vectors.

import assert from "node:assert/strict";
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { test } from "node:test";

import { hazmat, warded } from "./project.mjs";
import { bytes, hex, vectors } from "./vectors.mjs";

const { aesGcmOpen, aesGcmSeal, hmacSha256, kbkdfCounter, sha256 } = hazmat;
const published = vectors("primitives");
const NONE = new Uint8Array(0);

test("SHA-256", () => {
  for (const { source, data, digest } of published.sha256) assert.equal(hex(sha256(bytes(data))), digest, source);
  for (const size of [55, 56, 63, 64, 65, 4096, 5000, 1_000_000]) {
    const data = new Uint8Array(size).fill(size % 256);
    assert.equal(hex(sha256(data)), createHash("sha256").update(data).digest("hex"));
  }
});

test("HMAC-SHA-256", () => {
  for (const { source, key, data, tag } of published.hmac_sha256) assert.equal(hex(hmacSha256(bytes(key), bytes(data))), tag, source);
  const key = new Uint8Array(200).fill(3);
  assert.equal(hex(hmacSha256(key, NONE)), createHmac("sha256", key).update(NONE).digest("hex"));
});

test("AES-256-GCM", () => {
  for (const { source, key, nonce, aad, plaintext, sealed } of published.aes_256_gcm) {
    const given = [key, nonce, aad].map(bytes);
    assert.equal(hex(aesGcmSeal(...given, bytes(plaintext))), sealed, source);
    assert.equal(hex(aesGcmOpen(...given, bytes(sealed))), plaintext, source);
    const changed = bytes(sealed);
    changed[changed.length - 1] ^= 1;
    assert.throws(() => aesGcmOpen(...given, changed), (error) => error.code === "seal_rejected", source);
  }
  const [key, nonce, aad, text] = [32, 12, 50, 100_000].map((size) => new Uint8Array(size).fill(size % 256));
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad);
  const expected = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  assert.ok(expected.equals(aesGcmSeal(key, nonce, aad, text)));
  assert.throws(() => aesGcmOpen(key, nonce, aad, new Uint8Array(15)), (error) => error.code === "seal_rejected");
});

test("key derivation in counter mode", () => {
  for (const { source, key, label, context, derived } of published.kbkdf_counter) {
    assert.equal(hex(kbkdfCounter(...[key, label, context].map(bytes), derived.length / 2)), derived, source);
  }
});

test("mistakes of the calling code name the argument", () => {
  const key = new Uint8Array(32);
  const named = (name, type) => (error) => error instanceof type && error.message.startsWith(`${name}: `);
  assert.throws(() => sha256("text"), named("data", TypeError));
  assert.throws(() => hmacSha256("key", NONE), named("key", TypeError));
  assert.throws(() => aesGcmSeal(new Uint8Array(16), new Uint8Array(12), NONE, NONE), named("key", RangeError));
  assert.throws(() => aesGcmSeal(key, new Uint8Array(16), NONE, NONE), named("nonce", RangeError));
  assert.throws(() => aesGcmOpen(key, new Uint8Array(12), undefined, NONE), named("aad", TypeError));
  assert.throws(() => aesGcmOpen(key, new Uint8Array(12), NONE), named("sealed", TypeError));
  for (const length of [0, -1, 1.5, 1025]) assert.throws(() => kbkdfCounter(key, NONE, NONE, length), named("length", RangeError));
  assert.throws(() => kbkdfCounter(key, NONE, NONE), named("length", TypeError));
});

test("scopes cover and overlap as the vectors say", () => {
  const { covers, overlaps, WardedError } = warded;
  const file = vectors("scope");
  for (const { outer, inner, answer } of file.covers) assert.equal(covers(outer, inner), answer, `${outer} ${inner}`);
  for (const { a, b, answer } of file.overlaps) {
    assert.equal(overlaps(a, b), answer, `${a} ${b}`);
    assert.equal(overlaps(b, a), answer, `${b} ${a}`);
  }
  for (const { input, code } of file.scopes) {
    if (code === null) assert.equal(covers(input, input), true, input);
    else assert.throws(() => covers(input, "a:b"), (error) => error instanceof WardedError && error.code === code && error.field === "outer", input);
  }
  assert.throws(() => covers("a:b", "a"), (error) => error.code === "invalid_scope" && error.field === "inner");
  assert.throws(() => covers("a:b"), (error) => error instanceof TypeError && error.message.startsWith("inner: "));
  assert.throws(() => overlaps(5, "a:b"), (error) => error instanceof TypeError && error.message.startsWith("a: "));
});
