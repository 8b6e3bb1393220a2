// Measures everything in one run and writes docs/benchmarks.md. Arguments name the sections to run; then only prints.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import os from "node:os";

const SECTIONS = {
  decision: async () => (await import("./decision.bench.mjs")).decisions(),
  seal: async () => (await import("./seal.bench.mjs")).seals(),
  hash: async () => (await import("./hash.bench.mjs")).hashes(),
  address: async () => (await import("./address.bench.mjs")).addresses(),
  cold: async () => (await import("./cold.bench.mjs")).cold(),
  engine: async () => (await import("./server.bench.mjs")).engine(),
  http: async () => (await import("./server.bench.mjs")).requests(),
  size: async () => (await import("./size.bench.mjs")).sizes(),
  start: async () => (await import("./server.bench.mjs")).starts(),
};
const REPORT = new URL("../../docs/benchmarks.md", import.meta.url);

function machine() {
  const model = /^model name\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown processor";
  const rust = execFileSync("rustc", ["--version"], { encoding: "utf8" }).split(" ")[1];
  return `${os.cpus().length} cores of ${model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, Node ${process.versions.node}, rustc ${rust}`;
}

const chosen = process.argv.slice(2);
const parts = [];
for (const [name, section] of Object.entries(SECTIONS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const { title, text } = await section();
  parts.push(`## ${title}\n\n${text}\n`);
  process.stdout.write(`${parts.at(-1)}\n`);
}
if (chosen.length === 0) {
  const head = [
    "# Benchmarks",
    "",
    "Written by `make bench`; do not edit.",
    "Times are medians and 99th percentiles of interleaved rounds of one run; compare the ratios, not the times, with another machine.",
    "",
    `Machine: ${machine()}.`,
    `Date: ${new Date().toISOString().slice(0, 10)}.`,
    "Command: `make bench`.",
    "",
  ];
  writeFileSync(REPORT, [head.join("\n"), ...parts].join("\n"));
}
