// Policies: compiled from a document or a text, decided under, explained and linted; and the mistakes of calling code.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hazmat, warded } from "./project.mjs";
import { vectors } from "./vectors.mjs";

const { compileGrant, compilePolicy, decide, explain, lintGrant, lintPolicy, WardedError } = warded;
const { loadPolicy } = hazmat;

const NOW = 1_780_000_000_000;
const grant = compileGrant({ id: "tok_1", scopes: ["secrets:*:*", "llm:request"], tier_ceiling: "critical" });
const subject = { kind: "agent", id: "agt_1" };
const request = { subject, resource: "secrets", action: "read", path: "production/payments/KEY", now: NOW };
const rules = (...rules) => compilePolicy({ version: 1, rules });
const ask = (policy, changes = {}) => decide({ chain: [{ grant }], policy, request: { ...request, ...changes } });
const mistake = (type, text) => (error) => error.constructor.name === type && error.message.startsWith(text);

test("a policy allows what a rule allows, and no more", () => {
  const policy = rules({ id: "payments", effect: "allow", subjects: ["agt_1"], actions: ["secrets:read"], resources: ["production/payments/*"] });
  const allowed = ask(policy);
  assert.deepEqual([allowed.decision, allowed.reasons, allowed.approval], ["allow", [], null]);
  assert.deepEqual(allowed.usages, [{ revision: 1, uses: 1, last: NOW }]);
  for (const changes of [{ path: "production/other/KEY" }, { action: "write" }, { subject: { kind: "agent", id: "agt_2" } }]) {
    assert.deepEqual(ask(policy, changes).reasons, [{ code: "no_rule_allows" }]);
  }
  assert.equal(decide({ chain: [{ grant }], request: { ...request, path: "a/b" } }).decision, "allow", "without a policy the chain decides alone");
});

test("the same decision by each way: packed, as a document, from bytes, in another order", () => {
  const allow = { id: "a", effect: "allow", actions: ["llm:request"], when: { attribute: "model", prefix: "claude-" } };
  const deny = { id: "d", effect: "deny", when: { attribute: "trust", lt: 1 } };
  const policies = [rules(allow, deny), rules(deny, allow)];
  policies.push(loadPolicy(policies[0].bytes));
  const cases = [
    [{ trust: 1, attributes: { model: "claude-x" } }, "allow", []],
    [{ trust: 0, attributes: { model: "claude-x" } }, "deny", [{ code: "policy_denied", rule: "d" }]],
    [{ trust: 1, attributes: { model: "gpt-x" } }, "deny", [{ code: "no_rule_allows" }, { code: "model_not_allowed" }]],
    [{ trust: 1, attributes: { model: "é".repeat(500) } }, "deny", [{ code: "no_rule_allows" }, { code: "model_not_allowed" }]],
    [{ trust: 1, attributes: {} }, "deny", [{ code: "no_rule_allows" }, { code: "model_not_allowed" }]],
  ];
  for (const policy of policies) {
    for (const [changes, decision, reasons] of cases) {
      const asked = { resource: "llm", action: "request", now: NOW, ...changes };
      const answer = decide({ chain: [{ grant }], policy, request: asked });
      assert.deepEqual([answer.decision, answer.reasons], [decision, reasons]);
      assert.deepEqual(explain({ chain: [{ grant }], policy, request: asked }).decision, answer);
    }
  }
});

test("what people approve is let through, and nothing else", () => {
  const policy = rules({ id: "all", effect: "allow" }, { id: "careful", effect: "require_approval", resources: ["production/*"] });
  const asked = ask(policy, { tier: "critical" });
  assert.equal(asked.decision, "ask");
  assert.deepEqual(asked.reasons, [{ code: "approval_required", rule: "careful" }]);
  const { digest, ...rest } = asked.approval;
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(rest, { approvers: 2, tier: "critical", rules: ["careful"] });
  assert.deepEqual(asked.usages, [{ revision: 0, uses: 0, last: 0 }], "asking consumes nothing");
  const approved = (digest, approvers, changes = {}) => ask(policy, { tier: "critical", approval: { digest, approvers }, ...changes });
  assert.equal(approved(digest, 2).decision, "allow");
  assert.equal(approved(digest, 1).decision, "ask");
  assert.deepEqual(approved(digest, 2, { path: "production/OTHER" }).reasons, [
    { code: "approval_required", rule: "careful" }, { code: "approval_mismatch" },
  ]);
});

test("more rules deny than a small answer has room for", () => {
  const many = Array.from({ length: 1000 }, (_, index) => ({ id: `rule-${String(index).padStart(4, "0")}`, effect: "deny" }));
  const answer = ask(rules(...many));
  assert.deepEqual(answer.reasons, [...many.map(({ id }) => ({ code: "policy_denied", rule: id })), { code: "no_rule_allows" }]);
  assert.equal(ask(rules({ id: "a", effect: "allow" })).decision, "allow", "the next one is not disturbed");
});

test("more policies than the engine keeps loaded", () => {
  const policies = Array.from({ length: 100 }, (_, index) => rules({ id: `rule-${index}`, effect: index % 2 ? "allow" : "deny" }));
  for (const round of [0, 1]) {
    for (const [index, policy] of policies.entries()) assert.equal(ask(policy).decision, index % 2 ? "allow" : "deny", `round ${round}`);
  }
  for (const [index, policy] of policies.entries()) {
    assert.deepEqual(explain({ chain: [{ grant }], policy, request }).rules.map(({ id }) => id), [`rule-${index}`]);
  }
  assert.deepEqual(explain({ chain: [{ grant }], request }).rules, [], "no policy is not the last one");
});

test("a text has errors with line and column, an object without", () => {
  const text = '{"version": 1,\n "rules": [{"id": "a", "effect": "permit"}]}';
  const at = (line, column) => (error) => {
    return error instanceof WardedError && error.code === "invalid_text" && error.field === "rules[0].effect" && error.line === line && error.column === column;
  };
  assert.throws(() => compilePolicy(text), at(2, 34));
  assert.throws(() => compilePolicy(JSON.parse(text)), at(undefined, undefined));
  assert.throws(() => compilePolicy("{"), (error) => error.code === "invalid_json" && error.line === 1);
});

test("the document is a frozen copy, the bytes are a copy", () => {
  for (const given of [{ version: 1, rules: [{ id: "a", effect: "allow" }] }, '{"version":1,"rules":[{"id":"a","effect":"allow"}]}']) {
    const policy = compilePolicy(given);
    assert.deepEqual(policy.document, { version: 1, rules: [{ id: "a", effect: "allow" }] });
    assert.throws(() => policy.document.rules.push({}), TypeError);
    policy.bytes.fill(0);
    assert.equal(ask(policy).decision, "allow");
    assert.equal(ask(loadPolicy(policy.bytes)).decision, "allow");
  }
});

test("bytes that are no policy are refused", () => {
  const { bytes } = rules({ id: "a", effect: "allow" });
  const refused = (error) => error instanceof WardedError && error.code === "invalid_compiled";
  for (let length = 0; length < bytes.length; length++) assert.throws(() => loadPolicy(bytes.slice(0, length)), refused);
  assert.throws(() => loadPolicy(grant.bytes), refused);
});

test("an explanation says what decided and what was missing", () => {
  const policy = rules({ id: "others", effect: "allow", resources: ["staging/*"], when: { attribute: "trust", gte: 2 } });
  const { decision, decided_by, nearest, rules: listed } = explain({ chain: [{ grant }], policy, request });
  assert.equal(decision.decision, "deny");
  assert.deepEqual(decided_by, [{ clause: "rules" }]);
  assert.deepEqual(nearest, { rule: "others", missing: [{ clause: "resources" }, { clause: "when", attribute: "trust", is: false }] });
  assert.deepEqual(listed, [{ id: "others", effect: "allow", matched: false, when: null }]);
  assert.deepEqual(explain({ chain: [{ grant }], request }).decided_by, [{ link: 0, clause: "scopes" }]);
});

test("warnings are those of the vectors", () => {
  for (const { why, policy, grant, now, warnings } of vectors("lint").cases) {
    if (policy === undefined && now === undefined) continue;
    const given = policy === undefined ? lintGrant(grant, now) : lintPolicy(policy);
    assert.deepEqual(given.map(({ message, ...warning }) => warning), warnings, why);
    for (const { message } of given) assert.ok(message.length > 10);
  }
  const [warning] = lintGrant({ scopes: ["llm:*"] });
  assert.equal(warning.code, "any_action");
});

test("mistakes of the calling code name the argument", () => {
  const chain = [{ grant }];
  // What was meant to narrow must not mean "what the chain allows".
  for (const policy of [undefined, null, {}, { version: 1, rules: [] }, grant, rules({ id: "a", effect: "allow" }).bytes]) {
    assert.throws(() => decide({ chain, policy, request }), mistake("TypeError", "policy: "));
    assert.throws(() => explain({ chain, policy, request }), mistake("TypeError", "policy: "));
  }
  for (const policy of [undefined, null, 1, true]) assert.throws(() => compilePolicy(policy), mistake("TypeError", "policy: "));
  assert.throws(() => compilePolicy({ version: 1, rules: [] }), mistake("TypeError", "`rules`: "));
  assert.throws(() => rules({ id: "a", effect: "allow", subjects: undefined }), mistake("TypeError", "`rules[0].subjects`: "));
  assert.throws(() => loadPolicy("wdp"), mistake("TypeError", "bytes: "));
  for (const value of [undefined, null, 1]) {
    assert.throws(() => lintPolicy(value), mistake("TypeError", "policy: "));
    assert.throws(() => lintGrant(value), mistake("TypeError", "grant: "));
  }
});
