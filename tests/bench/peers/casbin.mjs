// casbin: scopes as policy lines, addresses by its own ipMatch or by Node's BlockList, the time compared in JavaScript. It has no counters.

import assert from "node:assert/strict";
import { BlockList } from "node:net";

import { newEnforcer, newModelFromString, StringAdapter, Util } from "casbin";

import { inside, networks, OUTSIDE, PATH, places, repeat, SCOPES } from "../workload.mjs";

const MODEL = `
[request_definition]
r = obj, act, ip
[policy_definition]
p = obj, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = keyMatch(r.obj, p.obj) && r.act == p.act && allowed(r.ip)
`;

async function enforced(prefixes, allowed, ip) {
  const policy = prefixes.map((prefix) => `p, ${prefix}/*, read`).join("\n");
  const enforcer = await newEnforcer(newModelFromString(MODEL), new StringAdapter(policy));
  await enforcer.addFunction("allowed", allowed);
  const ends = Date.now() + 3_600_000;
  assert.equal(enforcer.enforceSync(PATH, "read", ip), true);
  assert.equal(enforcer.enforceSync(PATH, "write", ip), false);
  assert.equal(enforcer.enforceSync(PATH, "read", OUTSIDE), false);
  return repeat(() => Date.now() < ends && enforcer.enforceSync(PATH, "read", ip));
}

/** With its own `ipMatch` for each network. */
export function casbin(count) {
  const list = networks(count);
  return enforced(SCOPES, (ip) => list.some((network) => Util.ipMatchFunc(ip, network)), inside(count));
}

/** With Node's own native list of networks in the place of `ipMatch`; with `rules` lines instead of the three scopes, if given. */
export function casbinWithBlockList(count, rules) {
  const list = new BlockList();
  for (const network of networks(count)) list.addSubnet(network.split("/")[0], 25);
  return enforced(rules === undefined ? SCOPES : places(rules), (ip) => list.check(ip), inside(count));
}
