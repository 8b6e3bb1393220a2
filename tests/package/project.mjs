// An empty project with the packed package installed, as a user has it: nothing here reaches into the repository's own folders.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Where the package is installed, the folder that it lies in, and the tarball that it came in. */
export const project = mkdtempSync(join(tmpdir(), "warded-package-"));
process.on("exit", () => rmSync(project, { recursive: true, force: true }));

const npm = (args, cwd) => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

npm(["pack", "--silent", "--pack-destination", project], join(repository, "pkg"));
export const tarball = join(project, readdirSync(project).find((name) => name.endsWith(".tgz")));
writeFileSync(join(project, "package.json"), '{ "private": true }\n');
npm(["install", "--offline", "--no-audit", "--no-fund", "--silent", tarball], project);
export const installed = join(project, "node_modules/warded");

/** Writes a file into the project and returns its path. */
export function file(name, text) {
  const path = join(project, name);
  writeFileSync(path, text);
  return path;
}

/** Runs a program of the project and returns what it printed. */
export function run(name, text, args = []) {
  return execFileSync(process.execPath, [...args, file(name, text)], { cwd: project, encoding: "utf8" });
}

/** What a statement of the project exports. */
async function exported(name, text) {
  return import(pathToFileURL(file(name, text)));
}

/** The package and its hazmat, by `import`. */
export const warded = await exported("warded.mjs", 'export * from "warded";');
export const hazmat = await exported("hazmat.mjs", 'export * from "warded/hazmat";');
/** The same by `require`. */
export const required = (await exported("warded.cjs", 'module.exports = require("warded");')).default;
export const requiredHazmat = (await exported("hazmat.cjs", 'module.exports = require("warded/hazmat");')).default;
/** Its derivations. */
export const derive = await exported("derive.mjs", 'export * from "warded/derive";');
export const requiredDerive = (await exported("derive.cjs", 'module.exports = require("warded/derive");')).default;
export const edge = await exported("edge.mjs", 'export * from "warded/edge";');
export const requiredEdge = (await exported("edge.cjs", 'module.exports = require("warded/edge");')).default;
