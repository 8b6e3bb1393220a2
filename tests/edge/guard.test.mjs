import assert from "node:assert/strict";
import test from "node:test";

import { edge, guarding, hex, NEED, PATH, request, told, warded } from "./setting.mjs";

test("a token is let in, counted, and then refused", async () => {
  const { ask } = guarding({ max_uses: 2 });
  assert.equal((await ask()).ok, true);
  assert.equal((await ask()).ok, true);
  assert.deepEqual(await told(await ask()), [401, "UNAUTHORIZED", ["uses_exhausted"]]);
});

test("64 requests at once on three uses: three answers", async () => {
  const { ask } = guarding({ max_uses: 3 });
  const results = await Promise.all(Array.from({ length: 64 }, () => ask()));
  assert.equal(results.filter(({ ok }) => ok).length, 3);
});

test("no token, a broken one, two schemes and an unknown one get the same bare answer", async () => {
  const { guarded, token } = guarding({});
  const stranger = warded.mintToken("s").token;
  const broken = `${token.slice(0, -1)}${token.endsWith("x") ? "y" : "x"}`;
  const headers = ["", "Basic abc", `Bearer ${broken}`, `Bearer ${token}, Bearer ${token}`, `Bearer ${stranger}`, token];
  for (const header of headers) {
    const result = await guarded(request("", header), NEED);
    assert.deepEqual(await told(result), [401, "UNAUTHORIZED", undefined], header);
    assert.equal(result.response.headers.get("www-authenticate"), "Bearer");
  }
});

test("refusals have the server's form", async () => {
  const { ask } = guarding({ ip_allowlist: ["192.0.2.0/24"], expires_at: 1 });
  const { response } = await ask();
  assert.equal(response.status, 403);
  const body = await response.json();
  assert.deepEqual(Object.keys(body), ["error", "detail", "request_id"]);
  assert.deepEqual(body.error.reasons, ["ip_not_allowed"], "the address first and alone");
  assert.equal(body.detail, body.error.message);
  assert.equal(response.headers.get("x-request-id"), body.request_id);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("vary"), "Authorization");
});

test("an unknown address does not pass an allowlist", async () => {
  const { ask } = guarding({ ip_allowlist: ["10.0.0.0/8"] }, { guard: { clientIp: () => undefined } });
  assert.deepEqual(await told(await ask()), [403, "IP_NOT_ALLOWED", ["ip_unknown"]]);
});

test("a header that is missing is an unknown address", async () => {
  const clientIp = (asked) => asked.headers.get("CF-Connecting-IP");
  const fenced = guarding({ ip_allowlist: ["10.0.0.0/8"] }, { guard: { clientIp } });
  assert.deepEqual(await told(await fenced.ask()), [403, "IP_NOT_ALLOWED", ["ip_unknown"]]);
  assert.equal((await guarding({}, { guard: { clientIp } }).ask()).ok, true);
});

test("an address that is none is refused, whether there is an allowlist or not, and uses nothing", async () => {
  for (const ip of ["fe80::1%eth0", "", "unknown", "10.1.2.3:80", "10.1.2.03", "10.1.2.3, 10.1.2.4", "10.1.2.\ud800"]) {
    for (const document of [{}, { ip_allowlist: ["10.0.0.0/8", "fe80::/10"] }]) {
      let given = ip;
      const { ask } = guarding({ ...document, max_uses: 1 }, { guard: { clientIp: () => given } });
      assert.deepEqual(await told(await ask()), [403, "IP_NOT_ALLOWED", ["ip_unknown"]], ip);
      given = "10.1.2.3";
      assert.equal((await ask()).ok, true);
    }
  }
  await assert.rejects(guarding({}, { guard: { clientIp: () => 5 } }).ask(), { code: "wrong_type", field: "request.ip" });
});

test("scope and tier are refused as the server does", async () => {
  const { ask } = guarding({});
  assert.deepEqual(await told(await ask({ ...NEED, action: "write" })), [403, "SCOPE_DENIED", ["scope_missing"]]);
  assert.deepEqual(await told(await ask({ ...NEED, tier: "critical" })), [403, "APPROVAL_REQUIRED", ["tier_exceeds_grant"]]);
});

test("a used-up limit is 429 and says when to come back", async () => {
  const limits = [{ id: "rpm", unit: "requests", algorithm: { bucket: { capacity: 1, refill: 1, per: "minute" } } }];
  let now = 1_780_000_000_000;
  const { ask } = guarding({ limits }, { guard: { now: () => now } });
  assert.equal((await ask()).ok, true);
  now += 30_500;
  const refused = await ask();
  assert.deepEqual(await told(refused), [429, "RATE_LIMITED", ["quota_exhausted"]]);
  assert.equal(refused.response.headers.get("retry-after"), "30", "29.5 s, rounded up");
  now += 29_500;
  assert.equal((await ask()).ok, true);
});

test("of limits that refuse together, those that waiting helps say until when", async () => {
  const limits = [
    { id: "rpm", unit: "requests", algorithm: { bucket: { capacity: 1, refill: 1, per: "minute" } } },
    { id: "tpd", unit: "tokens", algorithm: { window: { limit: 10, per: "day" } } },
  ];
  let now = 1_780_000_000_000;
  const { ask } = guarding({ limits }, { guard: { now: () => now } });
  const large = { ...NEED, cost: { requests: 1, tokens: 11 } };
  const waits = async (need) => (await ask(need)).response.headers.get("retry-after");
  assert.equal((await ask()).ok, true);
  assert.equal(await waits(large), "60");
  now += 60_000;
  assert.equal(await waits(large), null, "the cost is above the size of what is left in the way");
});

test("work that cost less is given back, once", async () => {
  const limits = [{ id: "tpd", unit: "tokens", algorithm: { window: { limit: 100, per: "day" } } }];
  const { ask } = guarding({ limits });
  const need = { ...NEED, cost: { requests: 1, tokens: 90 } };
  const first = await ask(need);
  assert.equal((await ask(need)).ok, false);
  await first.settle({ requests: 1, tokens: 5 });
  assert.equal((await ask(need)).ok, true);
  await assert.rejects(first.settle({ tokens: 0 }), /is settled/);
});

test("what comes back goes to the window that it came from, not to the next", async () => {
  const limits = [{ id: "tpm", unit: "tokens", algorithm: { window: { limit: 1_000, per: "minute" } } }];
  const minute = 1_780_000_020_000;
  let now = minute - 1_000;
  const { ask } = guarding({ limits }, { guard: { now: () => now } });
  const need = { ...NEED, cost: { tokens: 900 } };
  const early = await ask(need);
  now = minute + 1_000;
  const late = await ask(need);
  await early.settle({ tokens: 5 });
  assert.deepEqual(await told(await ask(need)), [429, "RATE_LIMITED", ["quota_exhausted"]], "895 of the minute before are gone");
  await late.settle({ tokens: 5 });
  assert.equal((await ask(need)).ok, true);
});

test("every link counts, or none", async () => {
  const usage = edge.memoryUsage();
  const agent = warded.compileGrant({ scopes: ["secrets:read:*"], max_uses: 1 });
  const token = warded.compileGrant({ scopes: ["secrets:read:production/*"], max_uses: 5 });
  const chain = [{ id: "agt_1", grant: agent }, { id: "tok_1", grant: token }];
  const { ask } = guarding({}, { found: { chain }, guard: { usage } });
  assert.equal((await ask()).ok, true);
  assert.deepEqual(await told(await ask()), [401, "UNAUTHORIZED", ["uses_exhausted"]]);
  assert.deepEqual((await usage.read(["agt_1", "tok_1"])).map(({ uses }) => uses), [1, 1]);
});

test("a policy speaks too", async () => {
  const policy = warded.compilePolicy({ version: 1, rules: [{ id: "never", effect: "deny" }] });
  const { ask } = guarding({}, { guard: { policy } });
  assert.deepEqual(await told(await ask()), [403, "SCOPE_DENIED", ["policy_denied", "no_rule_allows"]]);
});

test("a store that fails lets nobody in", async () => {
  const broken = { read: async () => [undefined], swap: () => Promise.reject(new Error("down")) };
  const { ask } = guarding({}, { guard: { usage: broken } });
  assert.deepEqual(await told(await ask()), [503, "UNAVAILABLE", undefined]);
});

test("a store may fail in any way, also as a programmer's mistake would", async () => {
  const fine = edge.memoryUsage();
  const rejecting = [new TypeError("fetch failed"), new RangeError("Invalid array length"), new warded.WardedError("not_json", ""), undefined];
  const ways = [...rejecting.map((error) => () => Promise.reject(error)), () => { throw new TypeError("the socket is closed"); }];
  for (const way of ways) {
    for (const broken of [{ ...fine, read: way }, { ...fine, swap: way }]) {
      const { ask } = guarding({}, { guard: { usage: broken } });
      assert.deepEqual(await told(await ask()), [503, "UNAVAILABLE", undefined]);
    }
  }
});

test("what is no store is refused by name, before any request", () => {
  for (const usage of [undefined, null, {}, new Map()]) {
    assert.throws(() => guarding({}, { guard: { usage } }), { name: "TypeError", message: /^usage: expected a store/ });
  }
});

test("a store that never settles on a revision ends in a refusal", async () => {
  const restless = { read: async () => [undefined], swap: async () => [undefined] };
  const { ask } = guarding({}, { guard: { usage: restless } });
  assert.deepEqual(await told(await ask()), [503, "UNAVAILABLE", undefined]);
});

test("what cannot be recorded is not done, and its use is spent", async () => {
  const receipts = [];
  const record = async (receipt) => {
    receipts.push(receipt);
    if (receipts.length === 1) throw new Error("disk full");
  };
  const { ask, token } = guarding({ max_uses: 2 }, { guard: { record } });
  assert.deepEqual(await told(await ask()), [503, "AUDIT_UNAVAILABLE", undefined]);
  assert.equal((await ask()).ok, true);
  assert.deepEqual(await told(await ask()), [401, "UNAUTHORIZED", ["uses_exhausted"]]);
  assert.deepEqual(receipts[1].chain, ["tok_1"]);
  assert.equal(receipts[1].ip, "10.1.2.3");
  assert.equal(JSON.stringify(receipts).includes(token), false);
});

test("a sealed value opens for whoever is allowed", async () => {
  const keyring = new warded.Keyring([warded.Keyring.generate()]);
  const sealed = keyring.seal(new TextEncoder().encode("value"), { path: PATH });
  const { ask } = guarding({}, { guard: { keyring } });
  const result = await ask();
  assert.equal(new TextDecoder().decode(result.open(sealed, { path: PATH })), "value");
  assert.throws(() => result.open(sealed, { path: "production/other" }), { code: "seal_rejected" });
  const keyless = await guarding({}).ask();
  assert.throws(() => keyless.open(sealed, { path: PATH }), /has no `keyring`/);
});

test("a mistake of the program is not taken for a refusal", async () => {
  const { ask } = guarding({});
  await assert.rejects(ask({ resource: "secrets", action: "read", path: undefined }), TypeError);
  await assert.rejects(ask({ resource: "secrets", action: "read", path: "a//b" }), { code: "invalid_path" });
});

test("usages in memory are bounded, and none that still counts is dropped", async () => {
  const usage = edge.memoryUsage({ most: 1 });
  const change = (id, forget) => ({ id, expected: 0, next: { revision: 1, uses: 1, last: 1 }, forget });
  assert.equal(await usage.swap([change("a", 1)]), undefined);
  assert.equal(await usage.swap([change("b", Date.now() + 60_000)]), undefined, "a is past its time");
  await assert.rejects(usage.swap([change("c")]), /1 usages are kept/);
  assert.equal((await usage.read(["b"]))[0].uses, 1);
  assert.throws(() => edge.memoryUsage({ most: 0 }), RangeError);
});

test("findGrant gets the hash and what may be shown, never the token", async () => {
  const seen = [];
  const { ask, token, hash } = guarding({}, { guard: { findGrant: (...given) => void seen.push(given) } });
  await ask();
  assert.deepEqual(seen, [[hash, { kind: "s", display: token.slice(0, 12) }]]);
  assert.equal(hash, hex(warded.hashToken(token)));
});
