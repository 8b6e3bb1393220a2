// Quotas: limits in decisions, and settling what was reserved.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hazmat, warded } from "./project.mjs";
import { vectors } from "./vectors.mjs";

const { compileGrant, decide, settle, WardedError } = warded;
const NOW = 1_780_000_000_000;
const REQUEST = { resource: "secrets", action: "read", path: "a/KEY", now: NOW };
const bucket = (capacity, refill, per, unit = "requests") => ({ id: "b", unit, algorithm: { bucket: { capacity, refill, per } } });
const window = (limit, per, unit = "requests") => ({ id: "w", unit, algorithm: { window: { limit, per } } });
const granted = (...limits) => compileGrant({ scopes: ["secrets:read:a/*"], limits });
const grant = granted(bucket(2, 1, "second"), window(1_000, "day", "tokens"));

const refused = (code, field) => (error) => error instanceof WardedError && error.code === code && error.field === field;
const named = (text) => (error) => error instanceof TypeError && error.message.includes(text);

test("every decision of the vectors, whole, on the fast way and on the slow one", () => {
  for (const { why, chain, request, answer } of vectors("quota").decisions) {
    const links = chain.map(({ grant, ...rest }) => ({ grant: compileGrant(grant), ...rest }));
    assert.deepEqual(decide({ chain: links, request }), answer, why);
    const longer = { ...request, subject: { kind: "agent", id: "x".repeat(100) } };
    assert.deepEqual(decide({ chain: links, request: longer }), answer, why);
    const loaded = links.map((link) => ({ ...link, grant: hazmat.loadGrant(link.grant.bytes) }));
    assert.deepEqual(decide({ chain: loaded, request }), answer, why);
  }
});

test("every settlement of the vectors, whole", () => {
  for (const { why, grant, usage, reserved, actual, reserved_at, now, answer } of vectors("quota").settlements) {
    const options = { grant: compileGrant(grant), usage, reserved, actual, now };
    const when = reserved_at === undefined ? {} : { reservedAt: reserved_at };
    assert.deepEqual(settle({ ...options, ...when }), answer.usage, why);
  }
});

test("every refusal of the vectors, with its code and field", () => {
  for (const { why, chain, request, code, field } of vectors("quota").errors) {
    const links = () => chain.map(({ grant, ...rest }) => ({ grant: compileGrant(grant), ...rest }));
    assert.throws(() => decide({ chain: links(), request }), (error) => {
      assert.deepEqual([error.code, error.field], [code, field.replace("chain[0].grant.", "")], why);
      return true;
    });
  }
});

test("a caller that stores what it is told is held to its limits", () => {
  let usage;
  const outcomes = [];
  for (let step = 0; step < 8; step++) {
    const answer = decide({ chain: [{ grant, usage }], request: { ...REQUEST, now: NOW + 250 * step, cost: { requests: 1, tokens: 10 } } });
    if (answer.decision === "allow") usage = answer.usages[0];
    outcomes.push(answer.decision === "allow" ? 1 : 0);
  }
  assert.deepEqual(outcomes, [1, 1, 0, 0, 1, 0, 0, 0]);
  assert.equal(usage.limits.w.used, 30);
});

test("a grant that has left the engine's cache keeps its limits", () => {
  const { usages: [usage] } = decide({ chain: [{ grant }], request: REQUEST });
  for (let index = 0; index < 300; index++) {
    const other = granted({ ...bucket(index + 1, 1, "day"), id: `l${index}` });
    assert.equal(decide({ chain: [{ grant: other }], request: REQUEST }).limits[0].id, `l${index}`);
  }
  const { decision, limits } = decide({ chain: [{ grant, usage }], request: REQUEST });
  assert.deepEqual([decision, limits[0].remaining], ["allow", 0]);
});

test("a usage comes back from JSON as it went, whatever its limits are called", () => {
  const odd = granted({ ...bucket(2, 1, "second"), id: "__proto__" }, { ...window(2, "day"), id: "constructor" }, { ...window(2, "day"), id: "0" });
  const first = decide({ chain: [{ grant: odd }], request: REQUEST }).usages[0];
  assert.deepEqual(Object.keys(first.limits).sort(), ["0", "__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(first.limits), Object.prototype);
  const usage = JSON.parse(JSON.stringify(first));
  assert.deepEqual(usage, first);
  const second = decide({ chain: [{ grant: odd, usage }], request: REQUEST });
  assert.deepEqual(second.limits.map(({ remaining }) => remaining), [0, 0, 0]);
});

test("a usage whose limits are malformed is refused with code and field", () => {
  const wrong = [
    [[], "wrong_type", ""],
    ["", "wrong_type", ""],
    [7, "wrong_type", ""],
    [{ b: 1 }, "wrong_type", ".b"],
    [{ b: [] }, "wrong_type", ".b"],
    [{ b: {} }, "missing_field", ".b.used"],
    [{ b: { level: 1 } }, "missing_field", ".b.at"],
    [{ b: { level: 1, at: 1, start: 1 } }, "unknown_field", ".b.start"],
    [{ b: { used: 1, start: 1, fraction: 1 } }, "unknown_field", ".b.fraction"],
    [{ b: { level: 1, at: 1, fraction: 86_400_000 } }, "out_of_range", ".b.fraction"],
    [{ b: { level: 0.5, at: 1 } }, "out_of_range", ".b.level"],
    [{ b: { level: "1", at: 1 } }, "wrong_type", ".b.level"],
    [{ gone: { level: 1, at: 2 ** 53 } }, "out_of_range", ".gone.at"],
  ];
  for (const [limits, code, field] of wrong) {
    const usage = { uses: 1, last: 1, revision: 1, limits };
    assert.throws(() => decide({ chain: [{ grant, usage }], request: REQUEST }), refused(code, `chain[0].usage.limits${field}`), field);
    assert.throws(() => settle({ grant, usage, reserved: {}, actual: {}, now: NOW }), refused(code, `usage.limits${field}`), field);
  }
  for (const limits of [undefined, null, { b: undefined }, { b: null }, { b: { level: 1, at: undefined } }, { b: { level: 1, at: 1, debt: null } }, new Map()]) {
    assert.throws(() => decide({ chain: [{ grant, usage: { limits } }], request: REQUEST }), named("chain[0].usage.limits"));
  }
});

test("a cost that is malformed is refused with code and field", () => {
  const wrong = [
    [{ tokens: 0.5 }, "out_of_range", ".tokens"],
    [{ tokens: -1 }, "out_of_range", ".tokens"],
    [{ tokens: "1" }, "wrong_type", ".tokens"],
    [{ Tokens: 1 }, "unknown_field", ".Tokens"],
    [[1], "wrong_type", ""],
    [5, "wrong_type", ""],
  ];
  for (const [cost, code, field] of wrong) {
    assert.throws(() => decide({ chain: [{ grant }], request: { ...REQUEST, cost } }), refused(code, `request.cost${field}`), field);
    assert.throws(() => settle({ grant, reserved: cost, actual: {}, now: NOW }), refused(code, `reserved${field}`), field);
    assert.throws(() => settle({ grant, reserved: {}, actual: cost, now: NOW }), refused(code, `actual${field}`), field);
  }
  assert.throws(() => decide({ chain: [{ grant }], request: { ...REQUEST, cost: { tokens: undefined } } }), named("request.cost.tokens"));
});

test("limits that were meant to narrow must not mean anything", () => {
  for (const limits of [undefined, null, []]) assert.throws(() => compileGrant({ scopes: ["a:b"], limits }), named("limits"));
  assert.throws(() => granted({ ...window(1, "day"), unit: undefined }), named("limits[0].unit"));
  assert.throws(() => granted(bucket(1, 1, "month")), (error) => refused("invalid_text", "limits[0].algorithm.bucket.per")(error) && error.message.includes("a month has no fixed length"));
});

test("settling takes the time from the clock unless it is given", () => {
  const before = Date.now();
  const { last } = settle({ grant, reserved: { tokens: 5 }, actual: { tokens: 1 } });
  assert.ok(last >= before && last <= Date.now());
});

test("mistakes of the code that settles are type errors that name the argument", () => {
  const options = { grant, usage: undefined, reserved: { tokens: 5 }, actual: { tokens: 1 }, reservedAt: NOW, now: NOW };
  assert.equal(settle(options).revision, 1);
  assert.throws(() => settle(), named("options"));
  for (const [name, value] of [["grant", undefined], ["grant", grant.document], ["usage", null], ["usage", 5], ["reserved", undefined], ["reserved", null], ["actual", undefined], ["actual", null], ["now", undefined], ["now", null], ["reservedAt", undefined], ["reservedAt", null], ["reservedAt", "1"], ["reserved_at", 1], ["cost", {}]]) {
    assert.throws(() => settle({ ...options, [name]: value }), named(name), `${name}: ${value}`);
  }
  for (const name of ["grant", "reserved", "actual"]) {
    const { [name]: _, ...rest } = options;
    assert.throws(() => settle(rest), named(name));
  }
  for (const reservedAt of [-1, 0.5, 2 ** 53, NaN]) {
    assert.throws(() => settle({ ...options, reservedAt }), (error) => error instanceof RangeError && error.message.includes("reservedAt"));
  }
  assert.throws(() => settle({ ...options, now: -1 }), refused("out_of_range", "now"));
});

test("each property is read once", () => {
  const reads = {};
  const watched = (object, place) => new Proxy(object, {
    get(target, name) {
      if (typeof name === "string") reads[`${place}.${name}`] = (reads[`${place}.${name}`] ?? 0) + 1;
      return target[name];
    },
  });
  const state = watched({ level: 1, at: 5 }, "state");
  const usage = () => watched({ uses: 1, last: 5, revision: 7, limits: watched({ b: state }, "limits") }, "usage");
  const check = (work) => {
    for (const name of Object.keys(reads)) delete reads[name];
    work();
    assert.ok(reads["state.level"] === 1 && reads["cost.tokens"] === 1);
    assert.deepEqual(Object.entries(reads).filter(([, count]) => count !== 1), []);
  };
  const cost = watched({ tokens: 5 }, "cost");
  check(() => decide({ chain: [{ grant, usage: usage() }], request: watched({ ...REQUEST, cost }, "request") }));
  check(() => decide({ chain: [{ grant, usage: usage() }], request: watched({ ...REQUEST, cost, attributes: { a: 1 } }, "request") }));
  check(() => settle(watched({ grant, usage: usage(), reserved: cost, actual: {}, now: NOW }, "options")));
});
