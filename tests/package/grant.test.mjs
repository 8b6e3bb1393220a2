// Grant documents: what is taken, what is refused, and how a mistake is told.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hazmat, required, warded } from "./project.mjs";

const { compileGrant, decide, WardedError } = warded;
const GRANT = { scopes: ["secrets:read:a/*"] };
const REQUEST = { resource: "secrets", action: "read", path: "a/KEY", now: 1_000 };

const allows = (grant, request) => decide({ chain: [{ grant }], request: { ...REQUEST, ...request } }).decision === "allow";
const refusal = (code, field) => (error) => error instanceof WardedError && error.name === "WardedError" && error.code === code && error.field === field;
const mistake = (code, field) => (error) =>
  error instanceof TypeError && error.code === code && error.field === field && error.message.includes(`\`${field}\``);

test("a compiled grant has its bytes and a frozen copy of its document", () => {
  const document = { scopes: ["secrets:read:a/*"], ip_allowlist: ["10.0.0.0/8"], max_uses: 5 };
  const grant = compileGrant(document);
  assert.deepEqual(grant.document, document);
  assert.notEqual(grant.document, document);
  assert.ok(Object.isFrozen(grant.document) && Object.isFrozen(grant.document.scopes));
  assert.ok(grant.bytes instanceof Uint8Array);
  document.scopes.push("secrets:read:*");
  assert.equal(allows(grant, { path: "b/KEY", ip: "10.1.1.1" }), false);
});

test("the bytes load again, and a change of the copy changes nothing", () => {
  const grant = compileGrant(GRANT);
  const { bytes } = grant;
  const loaded = hazmat.loadGrant(bytes);
  bytes.fill(0);
  assert.equal(allows(grant), true);
  assert.equal(allows(loaded), true);
  assert.deepEqual(loaded.bytes, grant.bytes);
});

test("damaged bytes do not load", () => {
  const { bytes } = compileGrant(GRANT);
  for (const damaged of [new Uint8Array(0), bytes.slice(0, -1), Uint8Array.of(...bytes, 0), bytes.map((byte, index) => (index === 3 ? byte + 1 : byte))]) {
    assert.throws(() => hazmat.loadGrant(damaged), refusal("invalid_compiled", undefined));
  }
  for (const other of [undefined, null, "bytes", [1], bytes.buffer, new Uint16Array(2)]) {
    assert.throws(() => hazmat.loadGrant(other), (error) => error instanceof TypeError && error.message.startsWith("bytes: "));
  }
});

test("a document that is wrong is refused with code and field", () => {
  const wrong = [
    [{}, "missing_field", "scopes"],
    [{ scopes: "a:b" }, "wrong_type", "scopes"],
    [{ scopes: ["a:b", "nonsense"] }, "invalid_scope", "scopes[1]"],
    [{ ...GRANT, uses: 1 }, "unknown_field", "uses"],
    [{ ...GRANT, ip_allowlist: ["10.0.0.1/8"] }, "host_bits_set", "ip_allowlist[0]"],
    [{ ...GRANT, ip_allowlist: ["010.0.0.1"] }, "invalid_network", "ip_allowlist[0]"],
    [{ ...GRANT, max_uses: 0 }, "out_of_range", "max_uses"],
    [{ ...GRANT, max_uses: 1.5 }, "out_of_range", "max_uses"],
    [{ ...GRANT, max_uses: 2 ** 32 }, "out_of_range", "max_uses"],
    [{ ...GRANT, max_uses: true }, "wrong_type", "max_uses"],
    [{ ...GRANT, expires_at: 2 ** 53 }, "out_of_range", "expires_at"],
    [{ ...GRANT, expires_at: -1 }, "out_of_range", "expires_at"],
    [{ ...GRANT, not_before: 5, expires_at: 5 }, "invalid_window", "expires_at"],
    [{ ...GRANT, tier_ceiling: "top" }, "invalid_tier", "tier_ceiling"],
    [{ ...GRANT, trust_floor: 4 }, "out_of_range", "trust_floor"],
    [{ ...GRANT, trust_floor: "1" }, "wrong_type", "trust_floor"],
    [{ ...GRANT, id: "a\ud800b" }, "invalid_text", "id"],
  ];
  for (const [document, code, field] of wrong) assert.throws(() => compileGrant(document), refusal(code, field), code);
});

test("what was meant to narrow must not mean anything: undefined, null and empty are type errors", () => {
  for (const field of ["ip_allowlist", "expires_at", "max_uses", "not_before", "tier_ceiling", "trust_floor", "namespaces", "id", "scopes"]) {
    for (const value of [undefined, null]) {
      assert.throws(() => compileGrant({ ...GRANT, [field]: value }), mistake("wrong_type", field), `${field}: ${value}`);
    }
  }
  assert.throws(() => compileGrant({ ...GRANT, ip_allowlist: [] }), mistake("empty_list", "ip_allowlist"));
  assert.throws(() => compileGrant({ scopes: ["a:b", undefined] }), mistake("wrong_type", "scopes[1]"));
  assert.throws(() => compileGrant({ scopes: [, "a:b"] }), mistake("wrong_type", "scopes[0]"));
});

test("what is no plain data is a type error that names the field", () => {
  const odd = [5n, () => 1, Symbol("x"), new Date(), new Map(), new Set(), /x/, new Uint8Array(1), Promise.resolve(), new Proxy(() => 1, {})];
  for (const value of odd) {
    assert.throws(() => compileGrant({ ...GRANT, max_uses: value }), mistake("wrong_type", "max_uses"));
    assert.throws(() => compileGrant({ scopes: [value] }), mistake("wrong_type", "scopes[0]"));
  }
  for (const value of [NaN, Infinity, -Infinity]) {
    assert.throws(() => compileGrant({ ...GRANT, max_uses: value }), mistake("out_of_range", "max_uses"));
  }
  for (const document of [undefined, null, "{}", 1, []]) {
    assert.throws(() => compileGrant(document), (error) => error instanceof TypeError || error.code === "wrong_type");
  }
});

test("a document that is nested too deeply or in itself is refused", () => {
  const circular = { ...GRANT };
  circular.id = circular;
  assert.throws(() => compileGrant(circular), (error) => error.code === "too_deep");
});

test("a field that looks like a value is not repeated", () => {
  const secret = "wds_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0NFGHg secret value";
  for (const value of [1, undefined]) {
    assert.throws(() => compileGrant({ ...GRANT, [secret]: value }), (error) => error.field === "?" && !error.message.includes("secret value"));
  }
});

test("each property is read once, and `__proto__` is a field like any other", () => {
  const reads = {};
  const counted = new Proxy({ ...GRANT, max_uses: 2 }, {
    get(target, name) {
      reads[name] = (reads[name] ?? 0) + 1;
      return target[name];
    },
  });
  compileGrant(counted);
  const { [Symbol.toStringTag]: _, ...fields } = reads;
  assert.deepEqual(fields, { scopes: 1, max_uses: 1 });
  assert.throws(() => compileGrant(JSON.parse('{"scopes":["a:b"],"__proto__":{"max_uses":1}}')), refusal("unknown_field", "__proto__"));
  assert.throws(() => compileGrant(Object.create(GRANT)), refusal("missing_field", "scopes"));
});

test("a grant of another copy of the package is a type error, and its bytes are the way over", () => {
  const other = required.compileGrant(GRANT);
  assert.throws(() => allows(other), (error) => error instanceof TypeError && error.message.includes("chain[0].grant"));
  assert.equal(allows(hazmat.loadGrant(other.bytes)), true);
});

test("100,000 networks compile and decide", () => {
  const ip_allowlist = Array.from({ length: 100_000 }, (_, index) => `10.${index >> 10}.${(index >> 2) & 255}.${(index & 3) * 64}/31`);
  const grant = compileGrant({ ...GRANT, ip_allowlist });
  assert.equal(allows(grant, { ip: "10.97.0.1" }), true);
  assert.equal(allows(grant, { ip: "10.97.0.2" }), false);
});
