// The examples, each in the runtime or framework that it is for.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";

import { served } from "../conformance/js/drivers/workerd.mjs";
import { areThere, program } from "../conformance/js/toolchain.mjs";
import { project } from "../package/project.mjs";
import { example, guarding, hazmat, hex, PATH, warded } from "./setting.mjs";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

/** The statuses of so many requests at once, sorted. */
async function statuses(url, token, count, headers = {}) {
  const one = async () => (await fetch(url, { headers: { authorization: `Bearer ${token}`, ...headers } })).status;
  return (await Promise.all(Array.from({ length: count }, one))).sort();
}

/** What the worker is deployed with: a bundle with one grant of three uses, and a sealed value. */
function deployment() {
  const [bundleKey, valueKey] = [warded.Keyring.generate(), warded.Keyring.generate()];
  const { token, hash } = warded.mintToken("s");
  const grant = warded.compileGrant({ scopes: ["secrets:read:production/*"], ip_allowlist: ["10.0.0.0/8"], max_uses: 3 });
  const bundle = hazmat.makeBundle(
    { tenant: "0".repeat(32), audience: "config-worker", serial: 1, not_before: Date.now() - 1_000, grants: [{ id: "tok_1", token_hash: hash, grant }] },
    bundleKey,
  );
  const sealed = new warded.Keyring([valueKey]).seal(new TextEncoder().encode('{"debug":false}'), { purpose: "config", path: PATH });
  const texts = { BUNDLE_KEY: hex(bundleKey), VALUE_KEY: hex(valueKey), BUNDLE: base64(bundle), CONFIG: base64(sealed) };
  const bindings = Object.entries(texts).map(([name, text]) => `(name = "${name}", text = "${text}")`);
  bindings.push('(name = "USAGE", durableObjectNamespace = "UsageObject")');
  const settings = `,
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [(className = "UsageObject", uniqueKey = "usage")],
  durableObjectStorage = (inMemory = void)`;
  return { token, settings };
}

test("a Worker guards a route, counts in a Durable Object, and opens a sealed value", async (t) => {
  const tools = { workerd: program("workerd"), esbuild: program("esbuild") };
  if (!areThere(t, tools)) return;
  const { token, settings } = deployment();
  const from = { "CF-Connecting-IP": "10.1.2.3" };
  await served(tools, { entry: "cloudflare.mjs", settings }, async (url) => {
    const route = `${url}config`;
    assert.equal((await fetch(url)).status, 404);
    assert.equal((await fetch(route)).status, 401);
    assert.equal((await fetch(route, bearer(token))).status, 403, "without the platform's address");
    const first = await fetch(route, { headers: { authorization: `Bearer ${token}`, ...from } });
    assert.equal(await first.text(), '{"debug":false}');
    const rest = await statuses(route, token, 64, from);
    assert.deepEqual(rest.filter((status) => status === 200).length, 2, "three uses in all");
    assert.deepEqual(rest.filter((status) => status === 401).length, 62);
  });
});

test("Node's http by the adapter", async () => {
  const { server } = await example("node.mjs");
  const { token } = warded.mintToken("s");
  const listening = server(token).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const url = `http://127.0.0.1:${listening.address().port}/`;
  try {
    const refused = await fetch(url);
    assert.equal(refused.status, 401);
    assert.equal((await refused.json()).error.code, "UNAUTHORIZED");
    const answered = await fetch(url, bearer(token));
    assert.equal(await answered.text(), `hello ${token.slice(0, 12)}`);
    assert.deepEqual(await statuses(url, token, 8), [200, 200, 401, 401, 401, 401, 401, 401]);
  } finally {
    listening.close();
    listening.closeAllConnections();
  }
});

test("Node's example answers a neighbour's address with a zone, and what goes wrong", async () => {
  const { server } = await example("node.mjs");
  const { token } = warded.mintToken("s");
  const listening = server(token);
  const answered = async (socket) => {
    const outgoing = { writeHead: (status) => void (outgoing.status = status) };
    const ended = new Promise((resolve) => (outgoing.end = resolve));
    listening.emit("request", { headers: { authorization: `Bearer ${token}` }, get socket() { return socket(); } }, outgoing);
    await ended;
    return outgoing.status;
  };
  assert.equal(await answered(() => ({ remoteAddress: "fe80::1%eth0" })), 403);
  assert.equal(await answered(() => { throw new Error("gone"); }), 500);
});

test("Hono's middleware", async () => {
  const { app } = await example("hono.mjs");
  const { guarded, token } = guarding({ scopes: ["secrets:read:production/one"] });
  const routes = app(guarded);
  const allowed = await routes.request("/config/one", bearer(token));
  assert.equal(await allowed.text(), `hello ${token.slice(0, 12)}`);
  const refused = await routes.request("/config/two", bearer(token));
  assert.equal(refused.status, 403);
  assert.deepEqual((await refused.json()).error.reasons, ["scope_missing"]);
});

test("Deno", async (t) => {
  const tools = { deno: program("deno") };
  if (!areThere(t, tools)) return;
  const { token } = warded.mintToken("s");
  const child = spawn(tools.deno.path, ["run", "--allow-net", "--allow-env", "--node-modules-dir=manual", "deno.mjs"], {
    cwd: project,
    env: { ...process.env, TOKEN: token, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [port] = await Promise.race([once(child.stdout, "data"), once(child, "exit").then(([code]) => Promise.reject(new Error(`deno ended with ${code}`)))]);
    const url = `http://127.0.0.1:${Number(port)}/`;
    assert.equal((await fetch(url)).status, 401);
    assert.deepEqual(await statuses(url, token, 6), [200, 200, 200, 401, 401, 401]);
  } finally {
    child.kill();
    await once(child, "exit");
  }
});
