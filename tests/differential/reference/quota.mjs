// Limits: what a request takes, what is left, and what is given back. All in BigInt, a bucket in parts of a unit, a debt as a negative balance.

import { more } from "./counter.mjs";

const LENGTHS = { second: 1_000n, minute: 60_000n, hour: 3_600_000n, day: 86_400_000n };
const MOST = 2n ** 53n - 1n;

const least = (a, b) => (a < b ? a : b);
const ceil = (a, b) => (a <= 0n ? 0n : (a + b - 1n) / b);
const cost = (limit, amounts) => BigInt(amounts[limit.unit] ?? 0);

/** One limit at a time, with everything that has flowed in since its state. */
function meter(limit, stored, now) {
  const { bucket: isBucket } = limit.algorithm;
  // What a limit of the other kind has left behind counts as nothing.
  const state = stored && "level" in stored === (isBucket !== undefined) ? stored : undefined;
  return limit.algorithm.bucket ? bucket(limit.algorithm.bucket, state, now) : calendar(limit.algorithm.window, state, now);
}

function bucket({ capacity, refill, per }, state, now) {
  const [parts, size, flow] = [LENGTHS[per], BigInt(capacity), BigInt(refill)];
  const at = state ? (BigInt(state.at) > now ? BigInt(state.at) : now) : now;
  const full = size * parts;
  let balance = full;
  if (state) {
    // Less than a unit, whatever the period was when it was written.
    const fraction = least(BigInt(state.fraction ?? 0), parts - 1n);
    const held = (BigInt(state.level) - BigInt(state.debt ?? 0)) * parts + fraction;
    balance = least(full, held + (at - BigInt(state.at)) * flow);
  }
  return {
    size,
    remaining: () => (balance < 0n ? 0n : balance / parts),
    take: (amount) => {
      balance -= amount * parts;
    },
    giveBack: (amount) => {
      balance = least(full, balance + amount * parts);
    },
    when: (amount) => at + ceil(amount * parts - balance, flow),
    isSame: () => true,
    state: () => {
      const debt = ceil(-balance, parts);
      const rest = balance + debt * parts;
      const fraction = rest % parts;
      return written({ level: rest / parts, at, fraction, debt });
    },
  };
}

function calendar({ limit, per }, state, now) {
  const size = BigInt(limit);
  const known = state ? BigInt(state.start) : begin(per, now, 0);
  let start = begin(per, now, 0);
  let [used, debt] = [0n, 0n];
  if (state && known >= start) [start, used, debt] = [begin(per, known, 0), BigInt(state.used), BigInt(state.debt ?? 0)];
  else if (state) {
    debt = BigInt(state.debt ?? 0);
    // Each window that has passed since then has repaid what it could, this one too.
    for (let at = begin(per, known, 1); at <= start && debt + used > 0n; at = begin(per, at, 1)) {
      used = least(debt, size);
      debt -= used;
    }
  }
  return {
    size,
    remaining: () => (debt > 0n || used >= size ? 0n : size - used),
    take: (amount) => {
      const there = least(amount, used >= size ? 0n : size - used);
      used += there;
      debt += amount - there;
    },
    giveBack: (amount) => {
      const repaid = least(amount, debt);
      debt -= repaid;
      used = used > amount - repaid ? used - (amount - repaid) : 0n;
    },
    when: (amount) => {
      const windows = ceil(debt + amount, size);
      return begin(per, start, Number(windows > 1n ? windows : 1n));
    },
    isSame: (time) => begin(per, time, 0) === start,
    state: () => written({ used, start, debt }),
  };
}

/** When the window begins that lies `later` windows after the one of a time. */
function begin(per, time, later) {
  if (per !== "month") return (time / LENGTHS[per] + BigInt(later)) * LENGTHS[per];
  const date = new Date(Number(time));
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1);
  return Number.isNaN(first) ? MOST + 1n : BigInt(first);
}

/** Numbers as a document has them; `fraction` and `debt` are left out where they are nothing. */
function written(amounts) {
  const kept = Object.entries(amounts).filter(([name, amount]) => amount > 0n || !["fraction", "debt"].includes(name));
  return Object.fromEntries(kept.map(([name, amount]) => [name, Number(least(amount, MOST))]));
}

const has = (meter, amount) => amount === 0n || amount <= meter.remaining();

/** When so much is there; `null` if never, or after all time. */
function whenThere(meter, amount) {
  if (amount > meter.size) return null;
  const at = meter.when(amount);
  return at > MOST ? null : Number(at);
}

/** How each limit stands with the request's cost taken and without, whether each had enough, and the states after taking. */
export function charge(limits, usage, request) {
  const now = BigInt(Math.max(request.now, usage.last ?? 0));
  const amounts = request.cost ?? { requests: 1 };
  const standing = (limit, takes) => {
    const one = meter(limit, usage.limits?.[limit.id], now);
    const amount = cost(limit, amounts);
    const enough = has(one, amount);
    const retry = enough ? null : whenThere(one, amount);
    if (takes) one.take(amount);
    const reset = whenThere(one, one.size) ?? Number(MOST);
    return { enough, state: one.state(), answer: { id: limit.id, remaining: Number(one.remaining()), reset, retry_after: retry } };
  };
  return {
    fits: limits.every((limit) => standing(limit, false).enough),
    answers: (takes) => limits.map((limit) => standing(limit, takes).answer),
    next: limits.length > 0 ? Object.fromEntries(limits.map((limit) => [limit.id, standing(limit, true).state])) : undefined,
  };
}

/** The usage after work whose cost has become known. */
export function settle({ grant, usage = {}, reserved, actual, reserved_at: reservedAt, now: clock }) {
  const now = BigInt(Math.max(clock, usage.last ?? 0));
  const limits = (grant.limits ?? []).map((limit) => {
    const state = usage.limits?.[limit.id];
    const one = meter(limit, state, now);
    const before = cost(limit, reserved);
    const after = limit.unit in actual ? cost(limit, actual) : before;
    if (after > before) one.take(after - before);
    if (after < before && one.isSame(BigInt(reservedAt ?? state?.start ?? now))) one.giveBack(before - after);
    return [limit.id, one.state()];
  });
  const next = { revision: more(usage.revision), uses: usage.uses ?? 0, last: Number(now) };
  return grant.limits ? { ...next, limits: Object.fromEntries(limits) } : next;
}
