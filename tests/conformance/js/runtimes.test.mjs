// The packed package answers every case in every runtime as everyone does.

import { test } from "node:test";

import { inEdgeRuntime } from "./drivers/edge.mjs";
import { run } from "./drivers/project.mjs";
import { inWorkerd } from "./drivers/workerd.mjs";
import { calls, check } from "./suite.mjs";
import { areThere, library, program } from "./toolchain.mjs";

const node = { path: process.execPath, version: process.versions.node };

const RUNTIMES = [
  ["Node, by import", { node }, () => run(node.path, ["lines.mjs"], calls)],
  ["Node, by require", { node }, () => run(node.path, ["lines.cjs"], calls)],
  ["Bun", { bun: program("bun") }, ({ bun }) => run(bun.path, ["run", "lines.mjs"], calls)],
  // Without a permission, and without its own registry.
  ["Deno", { deno: program("deno") }, ({ deno }) => run(deno.path, ["run", "--no-remote", "--no-prompt", "lines.mjs"], calls)],
  ["workerd", { workerd: program("workerd"), esbuild: program("esbuild") }, (tools) => inWorkerd(tools, calls)],
  ["Vercel's edge runtime", { "edge-runtime": library("edge-runtime"), esbuild: program("esbuild") }, (tools) => inEdgeRuntime(tools, calls)],
];

for (const [name, tools, answers] of RUNTIMES) {
  test(`${name} answers every case as expected`, { timeout: 180_000 }, async (t) => {
    if (!areThere(t, tools)) return;
    const ran = check(await answers(tools));
    t.diagnostic(`${name} (${Object.values(tools)[0].version}): ${ran} cases`);
  });
}
