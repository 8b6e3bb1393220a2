// Schemathesis makes requests of the API's own description, valid and invalid ones, as every kind of caller.
// No answer is a 5xx, and none lies outside the description. Each kind has a server of its own, which must be whole at the end.
// EXAMPLES=200 makes more requests for each route, SEED=n others.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { assertOk } from "../e2e/answer.mjs";
import { folder, Server, warded } from "../e2e/harness.mjs";
import { run } from "../e2e/process.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const EXAMPLES = process.env.EXAMPLES ?? "3";
const SEED = process.env.SEED ?? "1";
/** Half a second for each example of each route, and what a busy machine takes on top. */
const DEADLINE = 240_000 + 20_000 * Number(EXAMPLES);

const KINDS = {
  nobody: () => null,
  admin: (server) => server.adminKey,
  editor: (server) => operator(server, "editor"),
  viewer: (server) => operator(server, "viewer"),
  auditor: (server) => operator(server, "auditor"),
  agent: async (server) => (await server.agent({ scopes: ["secrets:*:*", "namespaces:read", "agents:manage"] })).api_key,
  token: async (server) => (await server.token((await server.agent()).api_key, { scopes: ["secrets:*:*", "namespaces:read"] })).token,
};

async function operator(server, role) {
  const member = assertOk(await server.admin.post("/v1/members", { email: `${role}@example.com`, name: role, role }), 201);
  return assertOk(await server.admin.post(`/v1/members/${member.id}/keys`, { name: "key", approve: true }), 201).api_key;
}

const installed = existsSync(here(".venv/bin/st"));
if (!installed && process.env.CI === "true") throw new Error("schemathesis is not installed: run tests/http/setup");
const skip = installed ? false : "schemathesis is not installed: run tests/http/setup";

/** Arguments of schemathesis for a caller. */
function command(server, credential) {
  return [
    ...["--config-file", here("schemathesis.toml"), "run", `${server.origin}/openapi.json`],
    ...(credential ? ["--header", `Authorization: Bearer ${credential}`] : []),
    ...["--phases", "coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED],
    ...["--generation-database", "none", "--no-shrink", "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off"],
  ];
}

describe("schemathesis", { concurrency: Math.min(2, availableParallelism()), skip }, () => {
  for (const [kind, credential] of Object.entries(KINDS)) {
    test(`as ${kind}`, { timeout: DEADLINE + 60_000 }, async (t) => {
      const server = await Server.start(t, { env: { WARDED_LOG: "warn" } });
      assertOk(await server.admin.put("/v1/secrets/production/payments/KEY", { value: "v" }), 201);
      const token = await credential(server);
      const { code, stdout, stderr } = await run(here(".venv/bin/st"), command(server, token), { cwd: folder(), deadline: DEADLINE });
      assert.equal(code, 0, `${stdout.slice(-20_000)}\n${stderr}`);
      const cases = Number(/^ +([\d,]+) generated/m.exec(stdout)?.[1].replaceAll(",", ""));
      assert.ok(cases > 500, `cases: ${stdout.slice(-2_000)}`);
      console.log(`schemathesis as ${kind}: ${cases} cases`);
      assertOk(await server.api.get("/health/ready"));
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      assert.doesNotMatch(server.stderr, /panicked|"ERROR"| ERROR /, "the log of the server");
      const verified = await warded(["audit", "verify", "--data", server.data]);
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    });
  }
});
