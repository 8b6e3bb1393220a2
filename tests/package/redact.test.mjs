// Redaction: what JavaScript adds to what the vectors say.

import assert from "node:assert/strict";
import { test } from "node:test";

import { warded } from "./project.mjs";

const { redact, WardedError } = warded;
const M = "[redacted]";
const TOKEN = "ghp_q7Rt2mXv9KpLw3ZsY8dN";

test("a copy is returned, and what was given stays as it is", () => {
  const given = Object.freeze({ password: "hunter2", list: Object.freeze([TOKEN, 1]), deep: { a: null } });
  const copy = redact(given);
  assert.deepEqual(copy, { password: M, list: [M, 1], deep: { a: null } });
  assert.notEqual(copy.deep, given.deep);
  assert.equal(given.password, "hunter2");
});

test("text goes in and comes out as text", () => {
  assert.equal(redact(`x ${TOKEN} y`), `x ${M} y`);
  assert.equal(redact("plain \u2028 text 🦀"), "plain \u2028 text 🦀");
  assert.equal(redact("half \ud83e of a pair"), "half \ufffd of a pair");
});

test("what JSON has nothing for is left out, or null in a list", () => {
  assert.deepEqual(redact({ a: undefined, b: () => 1, c: Symbol("s"), d: 1 }), { d: 1 });
  assert.deepEqual(redact([undefined, () => 1, NaN, , 2n ** 70n]), [null, null, null, null, "1180591620717411303424"]);
  for (const nothing of [undefined, () => 1, Symbol("s")]) assert.equal(redact(nothing), undefined);
  assert.deepEqual([redact(null), redact(true), redact(-1.5), redact(10n)], [null, true, -1.5, "10"]);
});

test("bytes are masked as a whole", () => {
  const bytes = new TextEncoder().encode("hunter2");
  const given = { a: bytes, b: bytes.buffer, c: Buffer.from(bytes), d: new DataView(bytes.buffer) };
  assert.deepEqual(redact(given), { a: M, b: M, c: M, d: M });
});

test("an error keeps what it says, without what it should not have said", () => {
  const error = new TypeError(`refused ${TOKEN}`, { cause: new Error("postgres://u:hunter2@db") });
  const copy = redact(Object.assign(error, { token: "abc", status: 401 }));
  assert.equal(copy.name, "TypeError");
  assert.equal(copy.message, `refused ${M}`);
  assert.match(copy.stack, /^TypeError: refused \[redacted\]\n/);
  assert.equal(copy.cause.message, `postgres://u:${M}@db`);
  assert.deepEqual([copy.token, copy.status], [M, 401]);
});

test("toJSON is asked, and what it says is masked", () => {
  const url = new URL("https://u:hunter2@example.com/?token=abc");
  assert.deepEqual(redact({ url, at: new Date(0) }), { url: `https://u:${M}@example.com/?token=${M}`, at: "1970-01-01T00:00:00.000Z" });
  assert.deepEqual(redact({ a: { toJSON: () => ({ password: "x" }) } }), { a: { password: M } });
  assert.deepEqual(redact(new Map([["password", "hunter2"]])), {});
});

test("names that mean something to JavaScript are names like any other", () => {
  const copy = redact(JSON.parse('{"__proto__":{"password":"x"},"constructor":1,"toString":"a"}'));
  assert.equal(JSON.stringify(copy), `{"__proto__":{"password":"${M}"},"constructor":1,"toString":"a"}`);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
});

test("each property is read once", () => {
  let reads = 0;
  const given = { get password() { return reads++ === 0 ? "hunter2" : "again"; } };
  assert.deepEqual(redact([given]), [{ password: M }]);
  assert.equal(reads, 1);
  const options = { get fields() { return reads++ === 1 ? ["extra"] : []; } };
  assert.deepEqual(redact({ extra: "a" }, options), { extra: M });
});

test("a caller's names are masked or kept", () => {
  const given = { "Patient-Name": "bob", token: "Hello", id: TOKEN };
  assert.deepEqual(redact(given, { fields: ["patient_name"], keep: ["token", "id"] }), { "Patient-Name": M, token: "Hello", id: M });
  assert.deepEqual(redact({ ab: "x" }, { fields: ["a\n-b"] }), { ab: M });
  assert.deepEqual(redact({ a: "x" }, {}), { a: "x" });
});

test("what is too deep, in itself or too long is refused by code", () => {
  const itself = {};
  itself.self = itself;
  const refused = (value, code) => assert.throws(() => redact(value), (error) => error instanceof WardedError && error.code === code);
  refused(itself, "too_deep");
  let deep = 1;
  for (let level = 0; level < 32; level++) deep = [deep];
  assert.deepEqual(redact(deep), deep);
  refused([deep], "too_deep");
  refused("x".repeat(2 ** 20), "limit_exceeded");
  assert.equal(redact("x".repeat(2 ** 20 - 2)).length, 2 ** 20 - 2);
});

test("a mistake in the options is a TypeError that names it", () => {
  const cases = [
    [null, /^options: expected an object, got null$/],
    [{ field: [] }, /^options: unknown property `field`$/],
    [{ fields: "password" }, /^options\.fields: expected an array, got a string$/],
    [{ keep: [1] }, /^options\.keep\[0\]: expected a string, got a number$/],
  ];
  for (const [options, message] of cases) assert.throws(() => redact({}, options), { name: "TypeError", message });
  assert.throws(() => redact({}, { fields: ["--"] }), (error) => error instanceof WardedError && error.code === "invalid_text");
});
