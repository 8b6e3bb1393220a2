// Grants and usages around a request: most clauses hold, and now and then one does not.
import { networks, NOW, path, scopeNear, tier } from "./request.mjs";

const DAY = 86_400_000;

export function link(random, asked, near, index) {
  const limits = random.chance(35) ? random.list(1, 3, () => undefined).map((_, at) => limit(random, `l${at}`)) : undefined;
  const made = { grant: grant(random, asked, near, index, limits) };
  if (random.chance(70)) made.usage = usage(random, asked, limits ?? []);
  return made;
}

function grant(random, { resource, action, issue, now }, near, index, limits) {
  const scopes = issue ? issue.scopes.filter(() => random.chance(85)) : [];
  scopes.push(...random.list(0, 3, () => scopeNear(random, resource, action, near)));
  if (random.chance(75)) scopes.push(near === undefined ? `${resource}:${action}` : `${resource}:*:*`);
  const made = { scopes };
  if (random.chance(50)) made.id = `tok_${index}`;
  if (random.chance(8)) made.namespaces = random.list(0, 2, () => (random.chance(20) ? "*" : namespace(random, near)));
  if (random.chance(20)) made.ip_allowlist = [...networks(random, 4), ...(random.chance(60) ? ["0.0.0.0/0", "::/0"] : [])];
  if (random.chance(30)) made.not_before = now + random.between(-30, 1);
  if (random.chance(50)) made.expires_at = Math.max(now + random.between(-1_000, 60_000), (made.not_before ?? 0) + 1);
  if (random.chance(40)) made.max_uses = random.between(1, 12);
  if (random.chance(85)) made.tier_ceiling = random.chance(80) ? "critical" : tier(random);
  if (random.chance(10)) made.trust_floor = random.below(4);
  if (limits) made.limits = limits;
  return made;
}

function namespace(random, near) {
  const segments = (near ?? path(random)).split("/");
  return segments.slice(0, random.between(1, segments.length)).join("/");
}

function limit(random, id) {
  const unit = random.pick(["requests", "requests", "tokens", "micros"]);
  const size = () => random.pick([1, 2, 3, 5, 10, 60, 1000, Number.MAX_SAFE_INTEGER]);
  const algorithm = random.chance(50)
    ? { bucket: { capacity: size(), refill: size(), per: random.pick(["second", "minute", "hour", "day"]) } }
    : { window: { limit: size(), per: random.pick(["second", "minute", "hour", "day", "month"]) } };
  return { id, unit, algorithm };
}

/** Counters as a store could hold them; the states of limits come from decisions that were taken before (see history.mjs). */
function usage(random, { now }) {
  const last = random.chance(97) ? Math.max(0, now - random.below(3000)) : now + random.pick([1, 500, DAY, DAY + 1]);
  return { revision: random.below(9), uses: random.below(6), last: random.chance(10) ? 0 : Math.min(last, NOW + 3 * DAY) };
}
