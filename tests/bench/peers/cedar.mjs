// Cedar in Wasm: scopes as policies with `like`, addresses with `isInRange`, the policy set parsed before. It has no counters and no lists of networks
// that are searched: each network is a term.

import assert from "node:assert/strict";

import { preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";

import { inside, networks, OUTSIDE, PATH, places, repeat, SCOPES } from "../workload.mjs";

const uid = (type, id) => ({ type, id });

/** One policy for each place, and the condition on address and time in each. */
function policies(prefixes, count) {
  const addresses = networks(count).map((network) => `context.ip.isInRange(ip("${network}"))`);
  const ends = Date.now() + 3_600_000;
  return prefixes
    .map(
      (prefix) =>
        `permit(principal, action == Action::"read", resource) when { resource.path like "${prefix}/*" && context.now < ${ends} && (${addresses.join(" || ")}) };`,
    )
    .join("\n");
}

export function cedar(count, rules) {
  const name = `policies ${count} ${rules}`;
  const prefixes = rules === undefined ? SCOPES : places(rules);
  assert.equal(preparsePolicySet(name, { staticPolicies: policies(prefixes, count) }).type, "success");
  const ask = (action, ip) => {
    const answer = statefulIsAuthorized({
      principal: uid("Agent", "one"),
      action: uid("Action", action),
      resource: uid("Secret", "one"),
      context: { ip: { __extn: { fn: "ip", arg: ip } }, now: Date.now() },
      preparsedPolicySetId: name,
      entities: [{ uid: uid("Secret", "one"), attrs: { path: PATH }, parents: [] }],
    });
    return answer.type === "success" && answer.response.decision === "allow";
  };
  assert.equal(ask("read", inside(count)), true);
  assert.equal(ask("write", inside(count)), false);
  assert.equal(ask("read", OUTSIDE), false);
  const ip = inside(count);
  return repeat(() => ask("read", ip));
}
