// Bundles: vectors, what is refused, and the mistakes of calling code.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hazmat, warded } from "./project.mjs";
import { bytes, hex, vectors } from "./vectors.mjs";

const { compileGrant, compilePolicy, decide, hashToken, mintToken, openBundle, WardedError } = warded;
const { audienceKey, loadGrant, makeBundle } = hazmat;
const published = vectors("bundle");
const TENANT = "000102030405060708090a0b0c0d0e0f";
const KEY = audienceKey(new Uint8Array(32).fill(3), TENANT, "edge");
const NOW = 1_780_000_000_000;

const options = ({ key, now, audience, min_serial }) => ({ key: bytes(key), now, audience, minSerial: min_serial });
const code = (expected) => (error) => error instanceof WardedError && error.code === expected && error.field === undefined;
const mistake = (type, text) => (error) => error.constructor.name === type && error.message.startsWith(text);

const grant = compileGrant({ scopes: ["secrets:read:a/*"] });
const policy = compilePolicy({ version: 1, rules: [{ id: "all", effect: "allow" }] });
const { hash, token } = mintToken("s");
const document = { tenant: TENANT, audience: "edge", serial: 4, not_before: NOW, grants: [{ id: "tok_1", token_hash: hash, grant }, { id: "agt_1", grant }], policy };
const made = makeBundle(document, KEY);
const open = (changes = {}, bundle = made) => openBundle(bundle, { key: KEY, audience: "edge", minSerial: 4, now: NOW, ...changes });

test("audience keys are those of the vectors", () => {
  for (const { key, tenant, audience, derived } of published.audience_keys) assert.equal(hex(audienceKey(bytes(key), tenant, audience)), derived);
});

test("bundles are made to the bytes of the vectors", () => {
  for (const { why, call, bytes: expected } of published.made) {
    const { key, ...rest } = call;
    assert.equal(hex(makeBundle(rest, bytes(key))), expected, why);
  }
});

test("the bundles of the vectors open", () => {
  for (const { why, bytes: bundle, answer, ...rest } of published.opened) {
    const opened = openBundle(bytes(bundle), options(rest));
    const grants = opened.grants.map((entry) => ({ id: entry.id, token_hash: entry.token_hash && hex(entry.token_hash), grant: hex(entry.grant.bytes) }));
    const shown = { ...opened, audience: rest.audience, grants, policy: opened.policy && hex(opened.policy.bytes) };
    assert.deepEqual(shown, answer, why);
  }
});

test("the bundles of the vectors that do not hold are refused", () => {
  for (const { why, bytes: bundle, code: expected, ...rest } of published.refused) {
    assert.throws(() => openBundle(bytes(bundle), options(rest)), code(expected), why);
  }
});

test("a grant of a bundle decides for the token that it belongs to", () => {
  const { serial, grants, policy: opened } = open();
  assert.deepEqual([serial, grants.length, hex(opened.bytes)], [4, 2, hex(policy.bytes)]);
  const found = grants.find(({ token_hash }) => token_hash !== null && hex(token_hash) === hex(hashToken(token)));
  assert.equal(found.id, "tok_1");
  const request = { resource: "secrets", action: "read", path: "a/KEY", now: NOW };
  assert.equal(decide({ chain: [{ grant: found.grant }], request }).decision, "allow");
  assert.equal(decide({ chain: [{ grant: found.grant }], request: { ...request, path: "b/KEY" } }).decision, "deny");
  assert.equal(grants[1].token_hash, null);
});

test("no byte can change, none can be missing", () => {
  for (let index = 0; index < made.length; index++) {
    const changed = made.slice();
    changed[index] ^= 1;
    assert.throws(() => open({}, changed), code("bundle_rejected"));
    assert.throws(() => open({}, made.subarray(0, index)), code("bundle_rejected"));
  }
});

test("stale, early, foreign and replayed each say so", () => {
  assert.equal(open({ now: NOW + 299_999 }).not_after, NOW + 300_000);
  assert.throws(() => open({ now: NOW + 300_000 }), code("bundle_expired"));
  assert.throws(() => openBundle(made, { key: KEY, audience: "edge", minSerial: 0, now: undefined }), code("bundle_expired"));
  assert.throws(() => open({ now: NOW - 1 }), code("bundle_not_yet_valid"));
  assert.throws(() => open({ audience: "edge2" }), code("bundle_foreign"));
  assert.throws(() => open({ minSerial: 5 }), code("bundle_replayed"));
  assert.throws(() => open({ key: audienceKey(new Uint8Array(32).fill(3), TENANT, "edge2") }), code("bundle_rejected"));
});

/** Entries that make a bundle of exactly so many bytes: as many as there is room for, and ids that fill the rest. */
function filling(length) {
  const room = length - makeBundle({ ...document, grants: [] }, KEY).length;
  const least = 12 + 1 + grant.bytes.length;
  let rest = room % least;
  return Array.from({ length: Math.floor(room / least) }, () => {
    const more = Math.min(rest, 127);
    rest -= more;
    return { id: "x".repeat(1 + more), grant };
  });
}

test("a bundle has at most 4 MiB, of however many grants", () => {
  const grants = filling(4 * 2 ** 20);
  const most = makeBundle({ ...document, grants }, KEY);
  assert.equal(most.length, 4 * 2 ** 20);
  assert.equal(open({}, most).grants.length, grants.length);
  assert.throws(() => makeBundle({ ...document, grants: [...grants.slice(0, -1), { id: "xx", grant }] }, KEY), code("limit_exceeded"));
  assert.throws(() => open({}, new Uint8Array(4 * 2 ** 20 + 1)), code("limit_exceeded"));
});

test("what would not open is not made", () => {
  for (const change of [{ audience: "" }, { audience: "a".repeat(129) }, { grants: [{ id: "", grant }] }]) {
    assert.throws(() => makeBundle({ ...document, ...change }, KEY), code("bundle_malformed"));
  }
});

test("what would not decide is not made, and is named", () => {
  const named = (field) => ({ name: "WardedError", code: "invalid_compiled", field });
  const { bytes: bundle, ...rest } = published.opened[0];
  const [damaged] = openBundle(bytes(bundle), options(rest)).grants;
  assert.throws(() => makeBundle({ ...document, grants: [document.grants[0], { id: "a", grant: damaged.grant }] }, KEY), named("grants[1]"));
  for (const changed of [Uint8Array.of(1, 2), policy.bytes.subarray(1), grant.bytes]) {
    assert.throws(() => makeBundle({ ...document, policy: changed }, KEY), named("policy"));
  }
  assert.equal(hex(makeBundle({ ...document, policy: policy.bytes }, KEY)), hex(made));
});

test("half of a surrogate pair is no name", () => {
  const named = (field) => ({ name: "WardedError", code: "invalid_text", field });
  for (const half of ["edge\ud800", "edge\udc00"]) {
    assert.throws(() => audienceKey(KEY, TENANT, half), named("audience"));
    assert.throws(() => open({ audience: half }), named("audience"));
    assert.throws(() => makeBundle({ ...document, audience: half }, KEY), named("audience"));
    assert.throws(() => makeBundle({ ...document, grants: [{ id: half, grant }] }, KEY), named("grants[0].id"));
  }
});

test("what is opened is a copy", () => {
  const bundle = made.slice();
  const { grants, policy } = open({}, bundle);
  bundle.fill(0);
  grants[0].token_hash.fill(0);
  policy.bytes.fill(0);
  assert.equal(hex(grants[0].grant.bytes), hex(grant.bytes));
  assert.equal(decide({ chain: [{ grant: loadGrant(grants[1].grant.bytes) }], request: { resource: "secrets", action: "read", path: "a/b" } }).decision, "allow");
});

test("mistakes of the calling code name the argument", () => {
  assert.throws(() => openBundle("text", {}), mistake("TypeError", "bytes: "));
  assert.throws(() => openBundle(made), mistake("TypeError", "options: "));
  assert.throws(() => open({ key: undefined }), mistake("TypeError", "key: "));
  assert.throws(() => open({ key: KEY.subarray(1) }), mistake("RangeError", "key: "));
  assert.throws(() => open({ audience: undefined }), mistake("TypeError", "audience: "));
  assert.throws(() => open({ minSerial: undefined }), mistake("TypeError", "minSerial: "));
  for (const minSerial of [-1, 0.5, 2 ** 53, Number.NaN]) assert.throws(() => open({ minSerial }), mistake("RangeError", "minSerial: "));
  assert.throws(() => open({ now: "1" }), mistake("TypeError", "now: "));
  const make = (changes) => makeBundle({ ...document, ...changes }, KEY);
  assert.throws(() => makeBundle(undefined, KEY), mistake("TypeError", "document: "));
  assert.throws(() => makeBundle(document), mistake("TypeError", "key: "));
  assert.throws(() => make({ tenant: "x" }), mistake("RangeError", "tenant: "));
  assert.throws(() => make({ serial: 0 }), mistake("RangeError", "serial: "));
  assert.throws(() => make({ not_before: undefined }), mistake("TypeError", "not_before: "));
  assert.throws(() => make({ not_after: NOW }), mistake("RangeError", "not_after: "));
  assert.throws(() => make({ grants: undefined }), mistake("TypeError", "grants: "));
  assert.throws(() => make({ grants: [undefined] }), mistake("TypeError", "grants[0]: "));
  assert.throws(() => make({ grants: [{ id: "a", grant: grant.bytes }] }), mistake("TypeError", "grants[0].grant: "));
  assert.throws(() => make({ grants: [{ id: "a", grant, token_hash: new Uint8Array(31) }] }), mistake("RangeError", "grants[0].token_hash: "));
  assert.throws(() => make({ grants: [{ id: 1, grant }] }), mistake("TypeError", "grants[0].id: "));
  assert.throws(() => make({ policy: "text" }), mistake("TypeError", "policy: "));
  assert.throws(() => audienceKey(KEY, TENANT, undefined), mistake("TypeError", "audience: "));
});
