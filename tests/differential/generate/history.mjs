// One chain and policy through a few requests: usages move on as a store would move them, approvals are given, work is settled.
import { link } from "./grant.mjs";
import { policy } from "./policy.mjs";
import { Random } from "./random.mjs";
import { request } from "./request.mjs";

/** How many calls one history has. */
export const STEPS = 5;

/**
 * The calls of the history with a number, each made from the answers before it: `answer` gives what the reference says.
 * The next call is what a caller would send next, or would send by mistake.
 */
export function* history(seed, number, answer) {
  const random = new Random(seed, number);
  const first = request(random);
  let asked = first.request;
  let chain = random.list(1, random.chance(30) ? 4 : 2, () => undefined).map((_, index) => link(random, asked, first.near, index));
  const rules = random.chance(65) ? policy(random, asked, first.near) : undefined;
  for (let step = 0; step < STEPS; step++) {
    const call = { op: "decide", chain, request: asked, ...(rules ? { policy: rules } : {}) };
    const given = answer(call);
    yield { call, expected: given };
    if (given.decision === "allow") chain = chain.map((one, index) => ({ ...one, usage: given.usages[index] }));
    const settled = given.decision === "allow" && asked.cost && random.chance(70) ? settlement(random, chain, asked) : undefined;
    if (settled) {
      const after = answer(settled.call);
      yield { call: settled.call, expected: after };
      chain = chain.map((one, index) => (index === settled.index ? { ...one, usage: after.usage } : one));
      step++;
    }
    asked = next(random, asked, given);
  }
}

function settlement(random, chain, asked) {
  const index = random.below(chain.length);
  const { grant, usage } = chain[index];
  if (!grant.limits) return undefined;
  const actual = Object.fromEntries(Object.entries(asked.cost).map(([unit, cost]) => [unit, random.below(cost + 4)]));
  const now = asked.now + random.pick([0, 1, 500, 61_000, -10]);
  return { index, call: { op: "settle", grant, usage, reserved: asked.cost, actual, now } };
}

/** The request that follows: later, sometimes earlier, and with the approval that was asked for, or nearly. */
function next(random, asked, { approval }) {
  const { approval: _, ...same } = asked;
  const later = { ...same, now: Math.max(0, asked.now + random.pick([0, 1, 10, 999, 60_000, 3_600_000, 86_400_000, -5])) };
  if (approval && random.chance(80)) {
    const digest = random.chance(85) ? approval.digest : approval.digest.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    later.approval = { digest, approvers: Math.max(1, approval.approvers + random.pick([0, 0, 0, 1, -1])) };
  }
  return later;
}
