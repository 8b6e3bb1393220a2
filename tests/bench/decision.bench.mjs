// One decision through the npm package, beside what people would use instead, in one run.

import assert from "node:assert/strict";

import { cells, compare, HEADS, nanoseconds, table } from "./measure.mjs";
import { warded } from "./package.mjs";
import { biscuitToken } from "./peers/biscuit.mjs";
import { casbin, casbinWithBlockList } from "./peers/casbin.mjs";
import { cedar } from "./peers/cedar.mjs";
import { inside, networks, OUTSIDE, PATH, places, SCOPES } from "./workload.mjs";

const QUOTA = { id: "rpm", unit: "requests", algorithm: { bucket: { capacity: 1_000_000_000, refill: 1_000_000_000, per: "second" } } };

/** Three scopes, networks, a time limit, a count of uses and one quota; with a policy of so many rules, if given. */
function ours(count, rules) {
  return deciding(SCOPES.map((scope) => `secrets:read:${scope}/*`), count, rules === undefined ? undefined : policy(rules));
}

const policy = (rules) =>
  warded.compilePolicy({
    version: 1,
    rules: places(rules).map((place, index) => ({
      id: `r${index}`,
      effect: "allow",
      actions: ["secrets:read"],
      resources: [`${place}/*`],
      when: { attribute: "trust", gte: 0 },
    })),
  });

function deciding(scopes, count, policy) {
  const grant = warded.compileGrant({
    scopes,
    ip_allowlist: networks(count),
    expires_at: Date.now() + 3_600_000,
    max_uses: 4_294_967_295,
    limits: [QUOTA],
  });
  const link = { grant };
  const request = { resource: "secrets", action: "read", path: PATH, ip: inside(count) };
  const options = { chain: [link], request, ...(policy === undefined ? {} : { policy }) };
  assert.equal(warded.decide(options).decision, "allow");
  assert.equal(warded.decide({ ...options, request: { ...request, action: "write" } }).decision, "deny");
  assert.equal(warded.decide({ ...options, request: { ...request, ip: OUTSIDE } }).decision, "deny");
  return (calls) => {
    for (let call = 0; call < calls; call += 1) {
      const answer = warded.decide(options);
      if (answer.decision !== "allow") throw new Error("denied");
      link.usage = answer.usages[0];
    }
  };
}

const manyScopes = (count) =>
  deciding([...Array.from({ length: count - 1 }, (_, index) => `secrets:read:team${index}/*`), "secrets:read:production/payments/*"], 10);

const NAMES = {
  ours: "warded: uses counted, one quota charged",
  blocklist: "casbin with Node's BlockList: no counters",
  casbin: "casbin with its ipMatch: no counters",
  cedar: "Cedar Wasm: no counters, networks one by one",
  biscuit: "Biscuit Wasm: no counters, no networks",
};

async function rows(what, candidates) {
  const times = await compare(candidates);
  return Object.entries(times).map(([key, time]) => [NAMES[key], what, ...cells(times.ours, time)]);
}

/** How much slower the larger one is. */
async function growth(few, many) {
  const times = await compare({ few, many });
  return [nanoseconds(times.few.median), nanoseconds(times.many.median), `${(times.many.median / times.few.median).toFixed(2)} ×`];
}

/** The section of the report. */
export async function decisions() {
  const beside = table(
    ["library", "work", ...HEADS],
    [
      ...(await rows("3 scopes, 10 networks", {
        ours: ours(10),
        blocklist: await casbinWithBlockList(10),
        casbin: await casbin(10),
        cedar: cedar(10),
        biscuit: biscuitToken(),
      })),
      ...(await rows("3 scopes, 1,000 networks", { ours: ours(1_000), blocklist: await casbinWithBlockList(1_000) })),
      ...(await rows("and a policy of 100 rules", {
        ours: ours(1_000, 100),
        blocklist: await casbinWithBlockList(1_000, 100),
        cedar: cedar(1, 100),
        biscuit: biscuitToken(100),
      })),
    ],
  );
  const larger = table(
    ["warded with", "time", "with", "time", "beside the smaller"],
    [
      ["10 networks", "100,000 networks", await growth(ours(10), ours(100_000))],
      ["3 scopes", "10,000 scopes", await growth(manyScopes(3), manyScopes(10_000))],
    ].map(([few, many, [one, other, times]]) => [few, one, many, other, times]),
  );
  return { title: "A decision through the npm package", text: `${beside}\n\n${larger}` };
}
