// Requests, in a world small enough that they often meet what grants and rules name.

export const NOW = 1_780_000_000_000;
const DAY = 86_400_000;
export const KINDS = [
  ["secrets", ["read", "write", "delete"]],
  ["llm", ["request"]],
  ["egress", ["call"]],
  ["namespaces", ["read"]],
];
const SEGMENTS = ["a", "ab", "b", "prod", "prod-old", "KEY", "x+1", "~@=.", "a.b"];
export const SUBJECTS = ["agt_1", "agt_2", "Agt_1", "é"];
const ADDRESSES = ["10.0.0.1", "10.1.2.3", "192.168.1.5", "::ffff:10.0.0.1", "::ffff:a01:203", "2001:db8::1", "::1", "fe80::", "255.255.255.255", "::"];
const NETWORKS = ["10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "10.1.2.3", "10.1.2.2/31", "192.168.0.0/16", "0.0.0.0/0", "::/0", "::1/128", "2001:db8::/32", "2001:db8::/33", "::ffff:10.0.0.0/104", "::ffff:0:0/96", "128.0.0.0/1", "0.0.0.0/1"];
export const MODELS = ["gpt-5", "gpt-5-mini", "claude-4", "gemini"];
export const HOSTS = ["api.example.com", "example.com", "a.b.example.com", "notexample.com", "10.1.2.3", "2001:db8::1"];
export const METHODS = ["GET", "POST"];
export const DECLARED = {
  branch: { type: "text", actions: ["secrets:read", "secrets:write"], source: "host" },
  build: { type: "integer", actions: ["secrets:*", "llm:request"], source: "host" },
  signed: { type: "boolean", actions: ["secrets:read"], source: "host" },
  peer: { type: "address", actions: ["secrets:*"], source: "host" },
  "claimed.purpose": { type: "text", actions: ["secrets:*"], source: "caller" },
};

export const networks = (random, most) => random.list(1, most, () => random.pick(NETWORKS));
export const path = (random) => random.list(1, 4, () => random.pick(SEGMENTS)).join("/");
export const tier = (random) => random.pick(["standard", "standard", "sensitive", "critical"]);

/** A pattern that is near a path: some segments become `+`, the end a star, or it is the path itself. */
export function patternNear(random, near) {
  const segments = near.split("/");
  for (let index = 0; index < segments.length; index++) {
    if (random.chance(15)) segments[index] = "+";
    else if (random.chance(8)) segments[index] = random.pick(SEGMENTS);
  }
  if (random.chance(40)) return segments.join("/");
  if (random.chance(10)) return "*";
  const kept = segments.slice(0, random.between(1, segments.length));
  const last = kept.at(-1);
  if (random.chance(50) || last === "+") return `${kept.join("/")}/*`;
  kept[kept.length - 1] = last.slice(0, random.between(0, last.length));
  return `${kept.join("/")}*`;
}

function attributes(random, resource) {
  const given = {};
  const set = (name, value) => {
    if (random.chance(75)) given[name] = random.chance(8) ? random.pick([7, "seven", true]) : value;
  };
  if (resource === "llm") set("model", random.pick(MODELS));
  if (resource === "egress") {
    set("host", random.pick(HOSTS));
    set("method", random.pick(METHODS));
    set("port", random.pick([443, 80, 8443]));
  }
  set("branch", random.pick(["main", "dev"]));
  set("build", random.below(5));
  set("signed", random.chance(50));
  set("peer", random.pick(ADDRESSES));
  set("claimed.purpose", random.pick(["deploy", "debug"]));
  return given;
}

export function scopeNear(random, resource, action, near) {
  const [anyResource, actions] = random.pick(KINDS);
  const mine = random.chance(88);
  const name = mine ? `${resource}:${random.chance(15) ? "*" : action}` : `${anyResource}:${random.pick(actions)}`;
  if (near === undefined) return random.chance(90) ? name : `${name}:*`;
  return random.chance(4) ? name : `${name}:${patternNear(random, near)}`;
}

function target(random, resource, action) {
  const near = path(random);
  const kind = random.below(100);
  if (kind < 65) return { near, fields: { path: near } };
  if (kind < 75) return { near, fields: { listing: patternNear(random, near) } };
  if (kind < 80) return { near: undefined, fields: {} };
  const issue = { scopes: random.list(1, 3, () => scopeNear(random, resource, action, near)), ttl_ms: random.between(1, 5) * 60_000 };
  if (random.chance(30)) issue.max_uses = random.between(1, 9);
  if (random.chance(30)) issue.ip_allowlist = networks(random, 4);
  return { near, fields: { issue } };
}

/** A request, and the path that grants and rules should be near to. */
export function request(random) {
  const [resource, actions] = random.chance(70) ? KINDS[0] : random.pick(KINDS);
  const action = random.pick(actions);
  const { near, fields } = target(random, resource, action);
  const made = { resource, action, ...fields, now: NOW + random.between(-DAY, DAY) };
  if (random.chance(80)) made.subject = { kind: "agent", id: random.pick(SUBJECTS) };
  if (random.chance(45)) made.tier = tier(random);
  if (random.chance(80)) made.ip = random.pick(ADDRESSES);
  if (random.chance(50)) made.trust = random.below(4);
  if (random.chance(60)) made.cost = Object.fromEntries(random.some(["requests", "tokens", "micros"], 1, 3).map((unit) => [unit, random.below(12)]));
  if (random.chance(60)) made.attributes = attributes(random, resource);
  return { request: made, near };
}
