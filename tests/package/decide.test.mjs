// Decisions: answers, arguments, and an engine that survives whatever its callers do.

import assert from "node:assert/strict";
import { test } from "node:test";

import { warded } from "./project.mjs";
import { vectors } from "./vectors.mjs";

const { compileGrant, compilePolicy, decide, explain, filter, Keyring, WardedError } = warded;
const NOW = 1_780_000_000_000;
const REQUEST = { resource: "secrets", action: "read", path: "a/KEY", now: NOW };
const grant = compileGrant({ scopes: ["secrets:read:a/*"], ip_allowlist: ["10.0.0.0/8", "::1"], expires_at: NOW + 1000, max_uses: 2 });
const asked = { ...REQUEST, ip: "10.1.2.3" };

const codes = (decision) => decision.reasons.map(({ code }) => code);
const refused = (code, field) => (error) => error instanceof WardedError && error.code === code && error.field === field;
const named = (text) => (error) => error instanceof TypeError && error.message.includes(text);

test("every decision of the vectors, whole", () => {
  for (const { why, chain, request, answer } of vectors("decide").decisions) {
    const links = chain.map(({ grant, ...rest }) => ({ grant: compileGrant(grant), ...rest }));
    assert.deepEqual(decide({ chain: links, request }), answer, why);
    // What does not change a decision takes it through a document, to the same answer.
    const longer = { ...request, subject: { kind: "agent", id: "x".repeat(100) } };
    if (request.subject === undefined) assert.deepEqual(decide({ chain: links, request: longer }), answer, why);
  }
});

test("every refusal of the vectors, with its field", () => {
  for (const { why, chain, request, code, field } of vectors("decide").errors) {
    // The package compiles grants first, and takes the time from the clock where it is not given.
    if (field.includes(".grant") || (code === "missing_field" && field === "request.now")) continue;
    const links = () => chain.map(({ grant, ...rest }) => ({ grant: compileGrant(grant), ...rest }));
    assert.throws(() => decide({ chain: links(), request }), (error) => {
      assert.deepEqual([error.code, error.field], [code, field], why);
      return true;
    });
  }
});

test("an allow counts, a deny does not", () => {
  const first = decide({ chain: [{ grant }], request: asked });
  assert.deepEqual(first, { decision: "allow", reasons: [], usages: [{ revision: 1, uses: 1, last: NOW }], limits: [], approval: null });
  const second = decide({ chain: [{ grant, usage: first.usages[0] }], request: asked });
  assert.deepEqual(second.usages, [{ revision: 2, uses: 2, last: NOW }]);
  const third = decide({ chain: [{ grant, usage: second.usages[0] }], request: asked });
  assert.deepEqual(third, { decision: "deny", reasons: [{ code: "uses_exhausted", link: 0 }], usages: second.usages, limits: [], approval: null });
});

test("every failed clause of every link is named", () => {
  const denied = decide({ chain: [{ grant }, { grant }], request: { resource: "x", action: "y", now: NOW + 1000, tier: "critical" } });
  const all = ["expired", "ip_unknown", "scope_missing", "tier_exceeds_grant"];
  assert.deepEqual(codes(denied), [...all, ...all]);
  assert.deepEqual(denied.reasons.map(({ link }) => link), [0, 0, 0, 0, 1, 1, 1, 1]);
});

test("now is the clock's unless it is given", () => {
  const early = compileGrant({ scopes: ["a:b"], not_before: Date.now() + 60_000 });
  assert.deepEqual(codes(decide({ chain: [{ grant: early }], request: { resource: "a", action: "b" } })), ["not_yet_valid"]);
  assert.equal(decide({ chain: [{ grant: early }], request: { resource: "a", action: "b", now: Date.now() + 120_000 } }).decision, "allow");
});

test("listings and tokens to be issued", () => {
  const wide = compileGrant({ scopes: ["secrets:read:a/*", "tokens:issue"] });
  const ask = (request) => decide({ chain: [{ grant: wide }], request: { resource: "secrets", action: "read", now: NOW, ...request } }).decision;
  assert.equal(ask({ listing: "a/b/*" }), "allow");
  assert.equal(ask({ listing: "*" }), "deny");
  assert.equal(ask({ issue: { scopes: ["secrets:read:a/b"], ttl_ms: 1000 } }), "allow");
  assert.equal(ask({ issue: { scopes: ["secrets:read:b"], ttl_ms: 1000, max_uses: 1, ip_allowlist: ["10.0.0.0/8"] } }), "deny");
});

test("an empty chain is denied, a fifth link refused", () => {
  assert.deepEqual(decide({ chain: [], request: REQUEST }), { decision: "deny", reasons: [{ code: "chain_empty", link: 0 }], usages: [], limits: [], approval: null });
  assert.equal(decide({ chain: Array(4).fill({ grant }), request: asked }).usages.length, 4);
  assert.throws(() => decide({ chain: Array(5).fill({ grant }), request: asked }), refused("limit_exceeded", "chain"));
});

test("a request that is malformed is refused with code and field", () => {
  const wrong = [
    [{ path: "a//KEY" }, "invalid_path", "request.path"],
    [{ path: "a/ké" }, "invalid_path", "request.path"],
    [{ path: "x".repeat(70_000) }, "invalid_path", "request.path"],
    [{ path: 5 }, "wrong_type", "request.path"],
    [{ resource: "Secrets" }, "invalid_text", "request.resource"],
    [{ resource: "x".repeat(300) }, "invalid_text", "request.resource"],
    [{ action: "*" }, "invalid_text", "request.action"],
    [{ ip: "10.0.0.01" }, "invalid_ip", "request.ip"],
    [{ ip: "" }, "invalid_ip", "request.ip"],
    [{ tier: "top" }, "invalid_tier", "request.tier"],
    [{ now: -1 }, "out_of_range", "request.now"],
    [{ now: 0.5 }, "out_of_range", "request.now"],
    [{ now: "0" }, "wrong_type", "request.now"],
    [{ listing: "a/*" }, "unknown_field", "request.listing"],
    [{ trust: 4 }, "out_of_range", "request.trust"],
    [{ trust: "1" }, "wrong_type", "request.trust"],
    [{ trust: -0.5 }, "out_of_range", "request.trust"],
    [{ cost: 1 }, "wrong_type", "request.cost"],
    [{ cost: { requests: -1 } }, "out_of_range", "request.cost.requests"],
    [{ cost: { dollars: 1 } }, "unknown_field", "request.cost.dollars"],
    [{ attributes: [] }, "wrong_type", "request.attributes"],
    [{ attributes: { Branch: "main" } }, "invalid_text", "request.attributes.Branch"],
    [{ attributes: { "claimed.purpose": ["a"] } }, "wrong_type", "request.attributes.claimed.purpose"],
    [{ approval: { digest: "00", approvers: 1 } }, "invalid_text", "request.approval.digest"],
    [{ approval: { digest: "0".repeat(64), approvers: 17 } }, "out_of_range", "request.approval.approvers"],
    [{ subject: { kind: "agent", id: "" } }, "invalid_text", "request.subject.id"],
    [{ subject: { kind: "agent", id: "a", name: "b" } }, "unknown_field", "request.subject.name"],
    [{ subject: "agent" }, "wrong_type", "request.subject"],
  ];
  for (const [change, code, field] of wrong) {
    assert.throws(() => decide({ chain: [{ grant }], request: { ...asked, ...change } }), refused(code, field), `${field} ${code}`);
  }
  const { resource, ...rest } = asked;
  assert.throws(() => decide({ chain: [{ grant }], request: rest }), refused("missing_field", "request.resource"));
});

test("half of a surrogate pair is refused by name, whatever asks, with a policy and without", () => {
  const policy = compilePolicy({ version: 1, rules: [{ id: "all", effect: "allow" }] });
  const chain = [{ grant }];
  for (const half of ["\ud800", "\udc00", "x\ud800", "x\udc00", "\udc00\ud800", "é\udbff", "\udfff\u{1f511}"]) {
    const subject = { kind: "agent", id: "agt_1" };
    const changes = [
      [{ subject: { ...subject, id: half } }, "subject.id"],
      [{ subject: { ...subject, kind: half } }, "subject.kind"],
      [{ attributes: { "claimed.purpose": half } }, "attributes.claimed.purpose"],
      [{ attributes: { a: true, "claimed.purpose": `${"a".repeat(300)}${half}` } }, "attributes.claimed.purpose"],
      ...["resource", "action", "path", "ip", "tier"].map((field) => [{ [field]: half }, field]),
    ];
    for (const [change, field] of changes) {
      const request = { ...asked, ...change };
      const { path, ...rest } = request;
      for (const options of [{ chain }, { chain, policy }]) {
        const ways = [() => decide({ ...options, request }), () => explain({ ...options, request })];
        if (field !== "path") ways.push(() => filter({ ...options, request: rest, paths: ["a/KEY"] }));
        for (const way of ways) assert.throws(way, refused("invalid_text", `request.${field}`), `${field}: ${way}`);
      }
    }
    const listing = { resource: "secrets", action: "read", listing: half, now: NOW };
    for (const ask of [decide, explain]) assert.throws(() => ask({ chain, request: listing }), refused("invalid_text", "request.listing"));
    assert.throws(() => filter({ chain, request: { resource: "secrets", action: "read" }, paths: [half] }), refused("invalid_text", "paths[0]"));
  }
});

test("whole surrogate pairs, and other text that is not ASCII, pass as they are", () => {
  const grants = [{ grant: compileGrant({ scopes: ["secrets:read:a/*"] }) }];
  for (const id of ["\u{1f511}", "é", "日本", "\ufffd", "x\u{10ffff}"]) {
    const rule = { id: "it", effect: "deny", actions: ["secrets:read"], subjects: [id], when: { attribute: "claimed.purpose", eq: id } };
    const policy = compilePolicy({ version: 1, attributes: { "claimed.purpose": { type: "text", actions: ["secrets:read"], source: "caller" } }, rules: [rule, { id: "all", effect: "allow" }] });
    const request = { ...REQUEST, subject: { kind: "agent", id }, attributes: { "claimed.purpose": id } };
    assert.deepEqual(codes(decide({ chain: grants, policy, request })), ["policy_denied"], id);
    assert.equal(decide({ chain: grants, policy, request: { ...request, subject: { kind: "agent", id: `${id}x` } } }).decision, "allow");
  }
});

test("a usage that is malformed is refused with code and field", () => {
  const wrong = [
    [{ uses: -1 }, "out_of_range", "chain[1].usage.uses"],
    [{ uses: 1.5 }, "out_of_range", "chain[1].usage.uses"],
    [{ last: "0" }, "wrong_type", "chain[1].usage.last"],
    [{ revision: 2 ** 53 }, "out_of_range", "chain[1].usage.revision"],
    [{ count: 1 }, "unknown_field", "chain[1].usage.count"],
  ];
  for (const [usage, code, field] of wrong) {
    assert.throws(() => decide({ chain: [{ grant }, { grant, usage }], request: asked }), refused(code, field), field);
  }
});

test("mistakes of the calling code are type errors that name the argument", () => {
  const chain = [{ grant }];
  assert.throws(() => decide(), named("options"));
  assert.throws(() => decide({ chain }), named("request"));
  assert.throws(() => decide({ request: asked }), named("chain"));
  assert.throws(() => decide({ chain, request: asked, policy: {} }), named("policy"));
  assert.throws(() => decide({ chain: grant, request: asked }), named("chain"));
  assert.throws(() => decide({ chain: [grant], request: asked }), named("chain[0]"));
  assert.throws(() => decide({ chain: [{}], request: asked }), named("chain[0].grant"));
  assert.throws(() => decide({ chain: [{ grant: grant.document }], request: asked }), named("chain[0].grant"));
  assert.throws(() => decide({ chain: [{ grant, uses: 1 }], request: asked }), named("uses"));
  assert.throws(() => decide({ chain: [{ grant, usage: null }], request: asked }), named("chain[0].usage"));
  for (const field of ["path", "ip", "now", "tier", "trust", "cost", "attributes", "approval", "subject", "issue", "unheard_of"]) {
    for (const value of [undefined, null]) {
      assert.throws(() => decide({ chain, request: { ...asked, [field]: value } }), named(`request.${field}`));
    }
  }
  assert.equal(decide({ chain: [{ grant, usage: undefined }], request: asked }).decision, "allow");
});

test("each property is read once, on the fast way and on the slow one", () => {
  for (const extra of [{}, { trust: 2, subject: { kind: "agent", id: "agt_1" } }, { cost: { requests: 1 }, attributes: { a: 1 } }, { subject: { kind: "agent", id: "x".repeat(100) } }]) {
    const reads = {};
    const watched = (object, place) => new Proxy(object, {
      get(target, name) {
        if (typeof name === "string") reads[`${place}.${name}`] = (reads[`${place}.${name}`] ?? 0) + 1;
        return target[name];
      },
    });
    const usage = watched({ uses: 1, last: 5, revision: 7 }, "usage");
    const request = watched({ ...asked, ...extra }, "request");
    decide(watched({ chain: [watched({ grant, usage }, "link")], request }, "options"));
    assert.deepEqual(Object.entries(reads).filter(([, count]) => count !== 1), []);
  }
});

test("what a prototype has does not count", () => {
  const request = Object.assign(Object.create({ path: "a/KEY", tier: "critical", unheard_of: 1 }), { resource: "secrets", action: "read", now: NOW, ip: "::1" });
  assert.deepEqual(codes(decide({ chain: [{ grant }], request })), ["scope_missing"]);
});

test("a getter that decides itself disturbs nothing", () => {
  const other = compileGrant({ scopes: ["x:y"] });
  const inner = () => decide({ chain: [{ grant: other }, { grant: other }], request: { resource: "x", action: "y", now: NOW } });
  const request = { ...asked, get ip() { inner(); return "10.1.2.3"; } };
  const link = { grant, get usage() { inner(); return { uses: 1, last: 0, revision: 9 }; } };
  assert.deepEqual(decide({ chain: [link, { grant }], request }).usages, [{ revision: 10, uses: 2, last: NOW }, { revision: 1, uses: 1, last: NOW }]);
});

test("more grants than the engine keeps loaded still decide", () => {
  const grants = Array.from({ length: 600 }, (_, index) => compileGrant({ scopes: [`secrets:read:n${index}/*`] }));
  for (let round = 0; round < 2; round++) {
    for (const [index, one] of grants.entries()) {
      const chain = [{ grant: one }, { grant: grants[(index + 300) % 600] }];
      assert.deepEqual(decide({ chain, request: { ...REQUEST, path: `n${index}/KEY` } }).reasons, [{ code: "scope_missing", link: 1 }]);
    }
  }
});

test("memory that grows under the views is seen", () => {
  const large = compileGrant({ scopes: ["secrets:read:a/*"], id: "large", ip_allowlist: Array.from({ length: 50_000 }, (_, index) => `11.${index >> 8}.${index & 255}.0/25`) });
  assert.deepEqual(codes(decide({ chain: [{ grant: large }], request: asked })), ["ip_not_allowed"]);
  assert.equal(decide({ chain: [{ grant }], request: asked }).decision, "allow");
});

test("an engine whose call was cut short by a full stack is replaced, with fresh randomness", () => {
  const { Instance } = WebAssembly;
  let instances = 0;
  WebAssembly.Instance = function (...args) {
    instances += 1;
    return new Instance(...args);
  };
  const keyring = new Keyring([new Uint8Array(32)]);
  const sealed = keyring.seal(new Uint8Array(1));
  // Goes down until nothing fits, and tries each of the frames on the way up: one of them has room for the call but not for all of it.
  const dive = () => {
    try {
      dive();
    } catch (error) {
      // No assertion: it would need more room than the call.
      if (!(error instanceof RangeError)) throw error;
    }
    // Not a seal: drawing its salt takes more room than the engine does.
    if (instances === 0) keyring.open(sealed);
  };
  try {
    // The frames are wider than the room between too little and enough: each argument moves them by a word.
    for (let words = 0; instances === 0 && words < 100; words += 1) dive(...new Array(words));
    assert.equal(decide({ chain: [{ grant }], request: asked }).decision, "allow");
    assert.equal(instances, 1);
  } finally {
    WebAssembly.Instance = Instance;
  }
  assert.deepEqual(keyring.open(sealed), new Uint8Array(1));
  const salts = new Set(Array.from({ length: 100 }, () => Buffer.from(keyring.seal(new Uint8Array(1)).subarray(10, 42)).toString("hex")));
  assert.equal(salts.size, 100);
});
