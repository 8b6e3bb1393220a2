// A worker in workerd, deployed as Cloudflare's own tool does it: bundled with the conditions of workers, its Wasm as modules of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { project, run } from "./project.mjs";

/** Bundles the entry, serves it, and returns its answer to the calls. */
export async function inWorkerd({ workerd, esbuild }, calls) {
  const config = deploy(esbuild);
  const server = spawn(workerd.path, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  const stopped = once(server, "exit");
  try {
    const port = await Promise.race([listening(server.stdio[3]), stopped.then(([code]) => Promise.reject(new Error(`workerd ended with ${code}`)))]);
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: calls, signal: AbortSignal.timeout(120_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  } finally {
    server.kill();
    await stopped;
  }
}

function deploy(esbuild) {
  const out = join(project, "workerd");
  run(esbuild.path, ["worker.mjs", "--bundle", "--format=esm", "--conditions=workerd,worker,browser", "--loader:.wasm=copy", `--outdir=${out}`, "--out-extension:.js=.mjs", "--log-level=warning"]);
  const modules = readdirSync(out).map((name) => `(name = "${name}", ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed "workerd/${name}")`);
  // The entry is the first module.
  modules.sort((a, b) => b.includes("worker.mjs") - a.includes("worker.mjs"));
  const config = join(project, "workerd.capnp");
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (compatibilityDate = "2026-04-26", modules = [${modules.join(", ")}]);
`);
  return config;
}

/** The port, which workerd says on its control descriptor. */
async function listening(control) {
  for await (const line of createInterface({ input: control })) {
    const { event, port } = JSON.parse(line);
    if (event === "listen") return port;
  }
  throw new Error("workerd does not listen");
}
