// Medians of interleaved rounds: what disturbs the machine disturbs all candidates, and a ratio survives what a time does not.

/** The median of numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Nanoseconds per call of each candidate. A candidate is a function of how many calls to make, which may be asynchronous;
 * the loop is its own, so that nothing is added to a call of 200 ns.
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
      times[name].push((await timed(candidates[name], counts[name])) / counts[name]);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]));
}

/** How many calls take about as long as asked, found by doubling; this warms up too. */
async function calibrate(candidate, milliseconds) {
  for (let count = 8; ; count *= 2) {
    const time = await timed(candidate, count);
    if (time > milliseconds * 1e6) return Math.max(1, Math.round((count * milliseconds * 1e6) / time));
  }
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

/** A Markdown table. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
