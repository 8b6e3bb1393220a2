// The page, built by each bundler as its documentation begins: no plugin, and no setting that is not a place or a mode.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { project, run } from "./project.mjs";

/** Each takes the tools and returns the folder that is to be served. */
export const builds = {
  vite({ vite }) {
    const out = join(project, "vite");
    run(vite.path, ["build", "--outDir", out, "--logLevel", "warn"]);
    return out;
  },
  async webpack() {
    const out = join(project, "webpack");
    const { default: webpack } = await import("webpack");
    // The one hint that is silenced is that the page is large: it uses all of the package.
    const compiler = webpack({ mode: "production", context: project, entry: "./page.mjs", output: { path: out }, performance: { hints: false } });
    const stats = await new Promise((resolve, reject) => compiler.run((error, stats) => (error ? reject(error) : resolve(stats))));
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString("errors-warnings"));
    return page(out, "main.js");
  },
  esbuild({ esbuild }) {
    const out = join(project, "esbuild");
    run(esbuild.path, ["page.mjs", "--bundle", "--minify", "--format=esm", "--log-level=warning", `--outdir=${out}`]);
    return page(out, "page.js");
  },
};

/** Puts the page beside the one script that a bundler wrote. */
function page(out, script) {
  writeFileSync(join(out, "index.html"), readFileSync(join(project, "index.html"), "utf8").replace("page.mjs", script));
  return out;
}
