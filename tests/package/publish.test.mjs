// The tarball as registries, compilers, bundlers and reviewers read it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { installed, project, repository, tarball } from "./project.mjs";

const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
const FOLDERS = ["esm", "cjs", "precompiled"];

/** Runs a tool, which must succeed, and returns what it printed. */
function tool(path, args) {
  const { status, stdout, stderr, error } = spawnSync(join(repository, path), args, { cwd: project, encoding: "utf8" });
  assert.equal(error, undefined);
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

test("publint has nothing to say", () => {
  assert.match(tool("tests/package/node_modules/.bin/publint", ["run", "--strict", tarball]), /All good!/);
});

test("every entry has the types that it is, for every way of resolving", () => {
  const { analysis, problems } = JSON.parse(tool("tests/package/node_modules/.bin/attw", ["--format", "json", tarball]));
  assert.equal(analysis.types.kind, "included");
  assert.deepEqual(Object.keys(problems), []);
  assert.deepEqual(Object.keys(analysis.entrypoints).sort(), Object.keys(manifest.exports).sort());
});

test("there is no dependency and no script, and importing has no effect", () => {
  for (const name of ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies", "scripts", "bin", "gypfile"]) {
    assert.equal(manifest[name], undefined, name);
  }
  assert.equal(manifest.sideEffects, false);
});

test("types come first in every condition, and what takes only compiled modules before all others", () => {
  const conditions = (entry) => (typeof entry === "string" ? [] : [entry, ...Object.values(entry).flatMap(conditions)]);
  for (const entry of conditions(manifest.exports)) {
    const names = Object.keys(entry);
    if (names.includes("types")) assert.equal(names[0], "types");
    if (names.includes("workerd")) assert.deepEqual(names, ["workerd", "edge-light", "import", "require"]);
  }
});

for (const folder of FOLDERS) {
  test(`the code in ${folder} has no eval, no network and no await at its top`, () => {
    const code = join(installed, "dist", folder);
    const names = readdirSync(code).filter((name) => name.endsWith(".js"));
    const out = join(project, "scanned", folder);
    // A CommonJS module has no await at its top: esbuild refuses to make one of it. And what it writes is without comments.
    tool("js/node_modules/.bin/esbuild", [...names.map((name) => join(code, name)), "--format=cjs", "--minify-whitespace", "--log-level=error", `--outdir=${out}`]);
    assert.ok(names.length >= 3);
    for (const name of names) {
      const whole = readFileSync(join(out, name), "utf8").replace(/"AGFzbQ[^"]*"/, '""');
      // A Durable Object is spoken to, and speaks, by a method of that name, through a binding and not over the network.
      const text = name === "edge.js" ? whole.replace(/\bobject\.fetch\(|\basync fetch\(request\)/g, "") : whole;
      for (const word of [/\beval\b/, /\bFunction\b/, /\bfetch\b/, /\bXMLHttpRequest\b/, /\bWebSocket\b/, /\bimport\(/, /\bimportScripts\b/, /\bimport_meta\b/, /\bsendBeacon\b/]) {
        assert.doesNotMatch(text, word, name);
      }
    }
  });
}
