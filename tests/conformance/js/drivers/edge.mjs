// Vercel's edge runtime, as it is deployed: bundled with its conditions, Wasm given as compiled modules, and no code made of text or bytes.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { project, run } from "./project.mjs";

/** Bundles the entry, and returns its answer to the calls. */
export async function inEdgeRuntime({ esbuild }, calls) {
  const out = join(project, "edge");
  run(esbuild.path, ["listener.mjs", "--bundle", "--format=cjs", "--conditions=edge-light,worker,browser", "--loader:.wasm=copy", `--outdir=${out}`, "--log-level=warning"]);
  const { EdgeRuntime } = await import("edge-runtime");
  const compiled = (path) => new WebAssembly.Module(readFileSync(join(out, path.replace("?module", ""))));
  const runtime = new EdgeRuntime({
    initialCode: readFileSync(join(out, "listener.js"), "utf8"),
    codeGeneration: { strings: false, wasm: false },
    extend: (context) => Object.assign(context, { require: compiled }),
  });
  const response = await runtime.dispatchFetch("http://edge.test/", { method: "POST", body: calls });
  return response.text();
}
