// From import to the first decision in a fresh Node process: the time that Node itself takes to start is not in it, and is shown beside it.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { median, percentile, table } from "./measure.mjs";
import { entry } from "./package.mjs";

const RUNS = 41;
const program = (name) => fileURLToPath(new URL(`cold/${name}.mjs`, import.meta.url));

/** Milliseconds from before the import to after the first decision, as each fresh process measures them, and how long the process took in all. */
function run(name) {
  const start = process.hrtime.bigint();
  const args = ["--no-warnings", "--experimental-wasm-modules", program(name), String(entry("."))];
  const inside = Number(execFileSync(process.execPath, args, { encoding: "utf8" }).trim().split("\n").at(-1));
  return { inside, whole: Number(process.hrtime.bigint() - start) / 1e6 };
}

const NAMES = { nothing: "Node alone", warded: "warded", cedar: "Cedar Wasm", biscuit: "Biscuit Wasm" };

/** The section of the report. */
export async function cold() {
  const runs = Object.fromEntries(Object.keys(NAMES).map((name) => [name, []]));
  for (let round = 0; round < RUNS; round += 1) for (const name of Object.keys(NAMES)) runs[name].push(run(name));
  const alone = median(runs.nothing.map(({ whole }) => whole));
  const ms = (value) => `${value.toFixed(2)} ms`;
  const rows = Object.entries(runs).map(([name, all]) => {
    const inside = all.map((one) => one.inside);
    const added = median(all.map(({ whole }) => whole)) - alone;
    return [NAMES[name], ms(median(inside)), ms(percentile(inside, 99)), name === "nothing" ? ms(alone) : `+ ${ms(added)}`];
  });
  const text = table(["library", "import to first decision, median", "p99", "whole process"], rows);
  return { title: "Cold start", text: `${text}\n\nMedians of ${RUNS} fresh processes each, in turn; the whole process ends after the first decision.` };
}
