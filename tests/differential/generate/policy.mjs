// Policies around a request: rules that often match it, conditions that often hold.
import { DECLARED, HOSTS, KINDS, METHODS, MODELS, networks, path, patternNear, SUBJECTS } from "./request.mjs";

const TIERS = ["standard", "sensitive", "critical"];
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const clock = (random) => `${String(random.below(24)).padStart(2, "0")}:${random.pick(["00", "30"])}`;
const offset = (random) => (random.chance(50) ? {} : { offset: random.pick(["+02:00", "-05:30", "+00:00", "+14:00"]) });

export function policy(random, asked, near) {
  const made = { version: 1, rules: random.list(1, 5, () => undefined).map((_, index) => rule(random, asked, near, index)) };
  if (random.chance(30)) made.approvals = Object.fromEntries(random.some(TIERS, 1, 3).map((tier) => [tier, random.below(3)]));
  if (made.rules.some(({ when }) => when && names(when).some((name) => name in DECLARED))) made.attributes = DECLARED;
  return made;
}

const names = (test) => (test.all ?? test.any ?? (test.not ? [test.not] : [])).flatMap(names).concat(test.attribute ?? []);

function rule(random, asked, near, index) {
  const effect = random.pick(["allow", "allow", "allow", "allow", "deny", "require_approval", "require_approval"]);
  const made = { id: `r${index}`, effect };
  if (random.chance(15)) return { id: made.id, effect: "allow" };
  const [resource, actions] = random.chance(85) ? [asked.resource, [asked.action]] : random.pick(KINDS);
  const action = `${resource}:${random.pick(actions)}`;
  if (random.chance(12)) made.subjects = random.some(SUBJECTS, 1, 3);
  if (random.chance(60)) made.actions = random.chance(20) ? [`${resource}:*`] : [action];
  // A lone star is refused there: it is said by leaving the field out.
  const pattern = () => patternNear(random, near ?? path(random)).replace(/^\*$/, "a*");
  if (random.chance(50)) made.resources = random.list(1, 2, pattern);
  if (random.chance(55)) made.when = condition(random, { effect, resource, action, actions: made.actions }, 0);
  return made;
}

function condition(random, rule, depth) {
  const kind = depth > 2 ? 0 : random.below(100);
  if (kind < 60) return leaf(random, rule);
  const inner = () => condition(random, rule, depth + 1);
  if (kind < 75) return { any: random.list(1, 3, inner) };
  if (kind < 90) return { not: inner() };
  return { all: random.list(1, 3, inner) };
}

/** A test of an attribute that exists for the actions of the rule. */
function leaf(random, rule) {
  const tests = [ip, time, weekday, trust];
  if (rule.actions) {
    tests.push(...({ secrets: [tier, tier], llm: [model, model, model], egress: [host, method, port] }[rule.resource] ?? []));
    for (const [name, { actions, type }] of Object.entries(DECLARED)) {
      const isInside = rule.actions.every((one) => actions.includes(one) || actions.includes(`${rule.resource}:*`));
      if (isInside && !(rule.effect === "allow" && name.startsWith("claimed."))) tests.push(() => declared(random, name, type));
    }
  }
  return random.pick(tests)(random);
}

/** A comparison with one of the values, lowest first; below the lowest and above the highest there is nothing, which is a load error. */
function order(random, attribute, values) {
  const operator = random.pick(["lt", "lte", "gt", "gte"]);
  const [from, to] = [operator === "lt" ? 1 : 0, operator === "gt" ? values.length - 1 : values.length];
  return { attribute, [operator]: random.pick(values.slice(from, to)) };
}

const exists = (random, attribute) => ({ attribute, exists: random.chance(50) });
const ip = (random) => (random.chance(20) ? exists(random, "ip") : { attribute: "ip", cidr: networks(random, 3) });
const weekday = (random) => ({ attribute: "weekday", in: random.some(DAYS, 1, 6), ...offset(random) });

function time(random) {
  const from = clock(random);
  let to = clock(random);
  while (to === from) to = clock(random);
  return { attribute: "time", from, to, ...offset(random) };
}

function trust(random) {
  return random.chance(50) ? order(random, "trust", [0, 1, 2, 3]) : { attribute: "trust", in: random.some([0, 1, 2, 3], 1, 3) };
}

function tier(random) {
  return random.chance(50) ? order(random, "tier", TIERS) : { attribute: "tier", eq: random.pick(TIERS) };
}

function text(random, attribute, values) {
  return random.pick([
    () => ({ attribute, eq: random.pick(values) }),
    () => ({ attribute, in: random.some(values, 1, 2) }),
    () => exists(random, attribute),
  ])();
}

function model(random) {
  return random.chance(30) ? { attribute: "model", prefix: random.pick(["gpt-", "gpt-5-", "c"]) } : text(random, "model", MODELS);
}

const method = (random) => text(random, "method", METHODS);
const port = (random) => (random.chance(50) ? { attribute: "port", eq: 443 } : order(random, "port", [80, 443, 8080]));

function host(random) {
  return random.pick([
    () => ({ attribute: "host", host: random.some([...HOSTS.slice(0, 4), "*.example.com", "*.com"], 1, 2) }),
    () => ({ attribute: "host", cidr: networks(random, 2) }),
    () => exists(random, "host"),
  ])();
}

function declared(random, attribute, type) {
  if (random.chance(15)) return exists(random, attribute);
  if (type === "integer") return random.chance(50) ? { attribute, eq: random.below(5) } : order(random, attribute, [0, 1, 2, 3, 4]);
  if (type === "boolean") return { attribute, eq: random.chance(50) };
  if (type === "address") return { attribute, cidr: networks(random, 2) };
  return text(random, attribute, attribute === "branch" ? ["main", "dev"] : ["deploy", "debug"]);
}
