// Medians and 99th percentiles of interleaved rounds: what disturbs the machine disturbs all candidates, and a ratio survives what a time does not.

/** The median of numbers. */
export const median = (numbers) => percentile(numbers, 50);

/** The value that `percent` of a hundred numbers do not exceed. */
export function percentile(numbers, percent) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const at = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
}

/** A sample is at least this long, in nanoseconds: the clock itself takes 100. */
const SAMPLE = 50_000;

/**
 * `{ median, p99 }` in nanoseconds per call of each candidate. A candidate is a function of how many calls to make, which may be
 * asynchronous; the loop is its own, so that nothing is added to a call of 200 ns. The 99th percentile is one of samples of some dozen calls.
 */
export async function compare(candidates, { rounds = 21, milliseconds = 40 } = {}) {
  const names = Object.keys(candidates);
  const counts = {};
  for (const name of names) counts[name] = await calibrate(candidates[name], milliseconds);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another candidate, so that none always follows the same one.
    for (let index = 0; index < names.length; index += 1) {
      const name = names[(index + round) % names.length];
      times[name].push(...(await sampled(candidates[name], counts[name])));
    }
  }
  return Object.fromEntries(names.map((name) => [name, { median: median(times[name]), p99: percentile(times[name], 99) }]));
}

/** How many calls make a sample, and how many samples a round; found by doubling, which warms up too. */
async function calibrate(candidate, milliseconds) {
  for (let count = 8; ; count *= 2) {
    const time = await timed(candidate, count);
    if (time < milliseconds * 1e6) continue;
    const calls = Math.max(1, Math.round((count * SAMPLE) / time));
    return { calls, samples: Math.max(1, Math.round((milliseconds * 1e6 * count) / (time * calls))) };
  }
}

async function sampled(candidate, { calls, samples }) {
  const times = [];
  for (let sample = 0; sample < samples; sample += 1) times.push((await timed(candidate, calls)) / calls);
  return times;
}

async function timed(candidate, count) {
  const start = process.hrtime.bigint();
  const pending = candidate(count);
  if (pending !== undefined) await pending;
  return Number(process.hrtime.bigint() - start);
}

/** Nanoseconds for people. */
export function nanoseconds(value) {
  if (value < 1_000) return `${value.toFixed(0)} ns`;
  if (value < 1_000_000) return `${(value / 1_000).toFixed(2)} µs`;
  return `${(value / 1_000_000).toFixed(2)} ms`;
}

/** How many times slower `other` is than `ours`. */
export const ratio = (ours, other) => `${(other / ours).toFixed(other / ours < 10 ? 1 : 0)} ×`;

/** The cells of a candidate: median, 99th percentile, and each as a ratio to ours. */
export function cells(ours, { median, p99 }) {
  const same = ours.median === median && ours.p99 === p99;
  return [nanoseconds(median), nanoseconds(p99), same ? "1" : ratio(ours.median, median), same ? "1" : ratio(ours.p99, p99)];
}

/** The heads of {@link cells}. */
export const HEADS = ["median", "p99", "median beside warded", "p99 beside warded"];

/** A Markdown table. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
