// What the sections about the server share: the load generator, folders on a real disk, and what a process uses.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Child } from "../e2e/process.mjs";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
export const TARGET = process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, "target");
const LOAD = join(TARGET, "release/warded-load");
export const SECONDS = Number(process.env.WARDED_BENCH_SECONDS ?? 5);

/** A folder on the disk that the build uses: `/tmp` may be memory, which syncs nothing. */
export function scratch() {
  const parent = join(TARGET, "bench");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "run-"));
}

export async function load(args) {
  const child = new Child(LOAD, args);
  const { code } = await child.exit((SECONDS * 2 + 30) * 1_000);
  if (code !== 0) throw new Error(`load: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

/** Processor seconds, the program's own and the kernel's for it, as a `stat` file of Linux counts them in hundredths. */
function used(file) {
  const fields = readFileSync(file, "utf8").split(") ").pop().split(" ");
  return [Number(fields[11]) / 100, Number(fields[12]) / 100];
}

/** What the server's threads are for, by the 15 bytes that Linux keeps of a name; the others serve HTTP. */
const THREADS = { "store-writer": "writer", "store-checkpoin": "checkpoints" };

/** `{ writer, checkpoints, http }`, each processor seconds `[own, kernel's]` of the server's threads. */
export function threads(pid) {
  const sums = { writer: [0, 0], checkpoints: [0, 0], http: [0, 0] };
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${task}`;
    const sum = sums[THREADS[readFileSync(`${folder}/comm`, "utf8").trim()] ?? "http"];
    used(`${folder}/stat`).forEach((seconds, index) => (sum[index] += seconds));
  }
  return sums;
}

/** Resident memory in MiB. */
export function memory(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1_024;
}

/** Runs cargo on the workspace, and returns what it prints. */
export function cargo(args) {
  const { status, stdout } = spawnSync("cargo", args, { cwd: REPOSITORY, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error(`cargo ${args.join(" ")}: exit ${status}`);
  return stdout;
}
