// The runtimes and bundlers, installed into this project's own folder, and the browser, which is the system's.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../node_modules/", import.meta.url));
const NPM = "run `npm ci` in tests/conformance, whose packages come with the binaries";

/** A program that an npm package brings. */
export function program(name) {
  const path = `${folder}.bin/${name}`;
  return { path, version: versionOf(path), remedy: NPM };
}

/** A package that is imported. */
export function library(name) {
  const manifest = `${folder}${name}/package.json`;
  return { version: existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : undefined, remedy: NPM };
}

/** Chromium, under the names that systems give it. */
export function chromium() {
  const names = [process.env.WARDED_CHROMIUM, "chromium", "chromium-browser", "google-chrome"].filter(Boolean);
  const remedy = "install it (Debian: `apt-get install chromium`), or say where it is in WARDED_CHROMIUM";
  const places = names.flatMap((name) => (name.includes("/") ? [name] : process.env.PATH.split(delimiter).map((folder) => join(folder, name))));
  for (const path of places) {
    const version = versionOf(path);
    if (version) return { path, version, remedy };
  }
  return { version: undefined, remedy };
}

/** The version that a program says it has, `undefined` where it does not run. */
function versionOf(path) {
  if (!existsSync(path)) return undefined;
  try {
    const printed = execFileSync(path, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 60_000 });
    return /\d[\w.-]+/.exec(printed)?.[0];
  } catch {
    return undefined;
  }
}

/** Whether all tools are there. One that is not is named with what to do: the test is skipped, and in CI it fails. */
export function areThere(t, tools) {
  const missing = Object.entries(tools).filter(([, { version }]) => version === undefined);
  if (missing.length === 0) return true;
  const message = missing.map(([name, { remedy }]) => `${name} is missing: ${remedy}`).join("; ");
  if (process.env.CI === "true") throw new Error(message);
  t.skip(message);
  return false;
}
