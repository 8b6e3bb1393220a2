// Tokens: minted, checked, hashed and compared.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { warded } from "./project.mjs";
import { bytes, hex, vectors } from "./vectors.mjs";

const { hashToken, mintToken, parseToken, verifyToken, WardedError } = warded;
const { minted, accepted, refused } = vectors("token");
const KINDS = ["a", "d", "k", "n", "p", "r", "s"];

test("the vectors of tokens", () => {
  for (const { kind, token, sha256 } of [...minted, ...vectors("crypto").token.filter(({ sha256 }) => sha256)]) {
    assert.deepEqual(parseToken(token), { kind, display: token.slice(0, 12) });
    assert.equal(hex(hashToken(token)), sha256);
    assert.equal(verifyToken(token, bytes(sha256)), true);
  }
  for (const { kind, token } of accepted) assert.equal(parseToken(token).kind, kind);
});

test("what is no token is refused by form and checksum, with one error", () => {
  const valid = minted[0].token;
  const others = ["wds_é", `${valid}é`, `${valid} `, ` ${valid}`, "x".repeat(100_000), valid.replace("wd", "wd\0")];
  for (const token of [...refused.map(({ token }) => token), ...others]) {
    for (const check of [parseToken, hashToken]) {
      assert.throws(() => check(token), (error) => {
        assert.ok(error instanceof WardedError);
        assert.deepEqual([error.code, error.message, error.field], ["invalid_token", "not a token", undefined]);
        return true;
      });
    }
    assert.equal(verifyToken(token, new Uint8Array(32)), false);
  }
});

test("a minted token is what it says", () => {
  for (const kind of KINDS) {
    const { token, hash, display } = mintToken(kind);
    assert.match(token, new RegExp(`^wd${kind}_[0-9A-Za-z]{49}$`));
    assert.deepEqual(parseToken(token), { kind, display });
    assert.equal(hex(hash), createHash("sha256").update(token).digest("hex"));
    assert.deepEqual(hashToken(token), hash);
    assert.equal(verifyToken(token, hash), true);
    assert.equal(verifyToken(mintToken(kind).token, hash), false);
  }
  assert.equal(new Set(Array.from({ length: 1000 }, () => mintToken("s").token)).size, 1000);
});

test("every flipped bit of a hash is another hash", () => {
  const { token, hash } = mintToken("s");
  for (let bit = 0; bit < 256; bit++) {
    const other = hash.slice();
    other[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(verifyToken(token, other), false);
  }
});

test("mistakes of the calling code name the argument", () => {
  const { token, hash } = mintToken("s");
  for (const other of [undefined, null, 5, [token], Buffer.from(token)]) {
    for (const check of [parseToken, hashToken, (text) => verifyToken(text, hash)]) {
      assert.throws(() => check(other), (error) => error instanceof TypeError && error.message.startsWith("token: "));
    }
  }
  for (const other of [undefined, null, hex(hash), [...hash]]) assert.throws(() => verifyToken(token, other), TypeError);
  assert.throws(() => verifyToken(token, hash.subarray(1)), RangeError);
  for (const kind of ["x", "scoped", "", "S", "toString", undefined, null, 5]) {
    assert.throws(() => mintToken(kind), (error) => error instanceof (typeof kind === "string" ? RangeError : TypeError) && error.message.startsWith("kind: "));
  }
});
