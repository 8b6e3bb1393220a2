// One decision through the npm package, beside `casbin`: three scopes, an IP allowlist of 10 or 1,000 networks, a time limit.

import assert from "node:assert/strict";
import { BlockList } from "node:net";

import { newEnforcer, newModelFromString, StringAdapter, Util } from "casbin";

import { compare, nanoseconds, ratio, table } from "./measure.mjs";
import { warded } from "./package.mjs";

const SCOPES = ["production/payments", "staging/payments", "shared/certificates"];
const PATH = "production/payments/stripe/KEY";
/** Apart from each other, so that nothing merges them: /25 networks, one in each /24. */
const networks = (count) => Array.from({ length: count }, (_, index) => `${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.0/25`);
/** In the middle one, so that a list that is walked from either end walks half of it. */
const inside = (count) => networks(count)[count >> 1].replace("0/25", "7");

const MODEL = (matcher) => `
[request_definition]
r = obj, act, ip
[policy_definition]
p = obj, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = keyMatch(r.obj, p.obj) && r.act == p.act && ${matcher}
`;

async function casbin(matcher, functions = {}) {
  const policy = SCOPES.map((scope) => `p, ${scope}/*, read`).join("\n");
  const enforcer = await newEnforcer(newModelFromString(MODEL(matcher)), new StringAdapter(policy));
  for (const [name, one] of Object.entries(functions)) await enforcer.addFunction(name, one);
  return enforcer;
}

/** casbin's own `ipMatch` for each network, and the time compared in JavaScript. */
async function casbinAlone(count) {
  const list = networks(count);
  const enforcer = await casbin("allowed(r.ip)", { allowed: (ip) => list.some((network) => Util.ipMatchFunc(ip, network)) });
  return enforced(enforcer, inside(count));
}

/** casbin, with Node's own native list of networks in the place of its `ipMatch`. */
async function casbinWithBlockList(count) {
  const list = new BlockList();
  for (const network of networks(count)) list.addSubnet(network.split("/")[0], 25);
  const enforcer = await casbin("allowed(r.ip)", { allowed: (ip) => list.check(ip) });
  return enforced(enforcer, inside(count));
}

function enforced(enforcer, ip) {
  const ends = Date.now() + 3_600_000;
  const decide = () => Date.now() < ends && enforcer.enforceSync(PATH, "read", ip);
  assert.equal(decide(), true);
  assert.equal(enforcer.enforceSync(PATH, "write", ip), false);
  assert.equal(enforcer.enforceSync(PATH, "read", "192.0.2.1"), false);
  return (calls) => {
    for (let call = 0; call < calls; call += 1) if (!decide()) throw new Error("denied");
  };
}

function ours(count) {
  const grant = warded.compileGrant({
    scopes: SCOPES.map((scope) => `secrets:read:${scope}/*`),
    ip_allowlist: networks(count),
    expires_at: Date.now() + 3_600_000,
    max_uses: 4_294_967_295,
  });
  const link = { grant };
  const chain = [link];
  const request = { resource: "secrets", action: "read", path: PATH, ip: inside(count) };
  assert.equal(warded.decide({ chain, request }).decision, "allow");
  assert.equal(warded.decide({ chain, request: { ...request, action: "write" } }).decision, "deny");
  assert.equal(warded.decide({ chain, request: { ...request, ip: "192.0.2.1" } }).decision, "deny");
  return (calls) => {
    for (let call = 0; call < calls; call += 1) {
      const answer = warded.decide({ chain, request });
      if (answer.decision !== "allow") throw new Error("denied");
      link.usage = answer.usages[0];
    }
  };
}

/** The section of the report. */
export async function decisions() {
  const names = { ours: "warded, counting uses", blocklist: "casbin with Node's BlockList", alone: "casbin with its ipMatch" };
  const rows = [];
  for (const count of [10, 1_000]) {
    const candidates = { ours: ours(count), blocklist: await casbinWithBlockList(count) };
    if (count === 10) candidates.alone = await casbinAlone(count);
    const times = await compare(candidates);
    for (const [key, time] of Object.entries(times))
      rows.push([names[key], String(count), nanoseconds(time), key === "ours" ? "1" : ratio(times.ours, time)]);
  }
  const many = await compare({ few: ours(10), many: ours(100_000) });
  rows.push([names.ours, "100,000", nanoseconds(many.many), `${(many.many / many.few).toFixed(2)} × its own time with 10`]);
  return { title: "A decision through the npm package", text: table(["library", "networks", "time per decision", "beside warded"], rows) };
}
