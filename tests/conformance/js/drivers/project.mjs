// The entries in a project that has the packed package installed.

import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { project } from "../../../package/project.mjs";

cpSync(fileURLToPath(new URL("../entries", import.meta.url)), project, { recursive: true });
for (const name of ["operations.mjs", "primitives.mjs", "hex.mjs"]) cpSync(fileURLToPath(new URL(`../${name}`, import.meta.url)), `${project}/${name}`);

/** Runs a program in the project and returns what it printed; what it said on standard error is part of the error. */
export function run(command, args, input = "") {
  return execFileSync(command, args, {
    cwd: project, encoding: "utf8", input, maxBuffer: 2 ** 28, timeout: 120_000, stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
  });
}

export { project };
