// What the tests of the guard share: the packed package with the examples beside it, tokens, and requests.

import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { installed, project } from "../package/project.mjs";

const EXAMPLES = fileURLToPath(new URL("../../js/examples", import.meta.url));
cpSync(EXAMPLES, project, { recursive: true });
mkdirSync(join(project, "node_modules"), { recursive: true });
symlinkSync(fileURLToPath(new URL("node_modules/hono", import.meta.url)), join(project, "node_modules/hono"));

/** A module of the project, as a user's program has it. */
export const example = (name) => import(pathToFileURL(join(project, name)));

const entry = (name) => import(pathToFileURL(join(installed, `dist/esm/${name}.js`)));
export const warded = await entry("index");
export const edge = await entry("edge");
export const hazmat = await entry("hazmat");

export const hex = (bytes) => Buffer.from(bytes).toString("hex");
export const PATH = "production/app/config";
export const NEED = { resource: "secrets", action: "read", path: PATH };

/** A guard over one token's grant, and a function that asks it. */
export function guarding(document, options = {}) {
  const { token, hash } = warded.mintToken("s");
  const grant = warded.compileGrant({ scopes: ["secrets:read:production/*"], ...document });
  const found = { chain: [{ id: "tok_1", grant }] };
  const guarded = edge.guard({
    findGrant: (asked) => (asked === hex(hash) ? { ...found, ...options.found } : undefined),
    usage: edge.memoryUsage(),
    clientIp: () => "10.1.2.3",
    ...options.guard,
  });
  const ask = (need = NEED, given = token) => guarded(request(given), need);
  return { ask, guarded, token, grant, hash: hex(hash) };
}

/** A request with a bearer token. */
export const request = (token, header = `Bearer ${token}`) => new Request("https://example.com/", { headers: { authorization: header } });

/** Status, error code and reasons of a refusal. */
export async function told({ response }) {
  const { error } = await response.clone().json();
  return [response.status, error.code, error.reasons];
}
