// A worker in workerd, deployed as Cloudflare's own tool does it: bundled with the conditions of workers, its Wasm as modules of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { project, run } from "./project.mjs";

/** Bundles the entry, serves it, and returns its answer to the calls. */
export function inWorkerd(tools, calls) {
  return served(tools, { entry: "worker.mjs" }, async (url) => {
    const response = await fetch(url, { method: "POST", body: calls, signal: AbortSignal.timeout(120_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  });
}

/** Bundles an entry of the project, serves it with further settings of the worker, and gives its URL to `use`. */
export async function served({ workerd, esbuild }, { entry, settings = "" }, use) {
  const config = deploy(esbuild, entry, settings);
  const server = spawn(workerd.path, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  const stopped = once(server, "exit");
  try {
    const port = await Promise.race([listening(server.stdio[3]), stopped.then(([code]) => Promise.reject(new Error(`workerd ended with ${code}`)))]);
    return await use(`http://127.0.0.1:${port}/`);
  } finally {
    server.kill();
    await stopped;
  }
}

function deploy(esbuild, entry, settings) {
  const folder = `workerd-${entry.replace(".mjs", "")}`;
  const out = join(project, folder);
  run(esbuild.path, [entry, "--bundle", "--format=esm", "--conditions=workerd,worker,browser", "--loader:.wasm=copy", `--outdir=${out}`, "--out-extension:.js=.mjs", "--log-level=warning"]);
  const modules = readdirSync(out).map((name) => `(name = "${name}", ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed "${folder}/${name}")`);
  // The entry is the first module.
  modules.sort((a, b) => b.includes(`"${entry}"`) - a.includes(`"${entry}"`));
  const config = join(project, `${folder}.capnp`);
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (compatibilityDate = "2026-04-26", modules = [${modules.join(", ")}]${settings});
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
