// What the SDK has stored, and what has been used, survives a restart; and a limited client is told so.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";
import { doors } from "./sdk.mjs";

const { AgentVault, AuthError, RateLimitError } = doors.import;

test("values, versions, tokens and use counts survive a restart", async (t) => {
  const server = await Server.start(t);
  const agent = await server.agent();
  const vault = () => new AgentVault({ agentKey: agent.api_key, baseUrl: server.origin, retries: 0 });
  await vault().setSecret("kept/KEY", "first", { secretType: "api_key", metadata: { n: 1 } });
  await vault().setSecret("kept/KEY", "second");
  const { token } = await server.token(agent.api_key, { scopes: ["secrets:read:kept/*"], max_uses: 3 });
  assertOk(await server.as(token).get("/v1/secrets/kept/KEY"));

  await server.restart();

  assert.equal(await vault().getSecret("kept/KEY"), "second");
  const newest = assertOk(await server.as(token).get("/v1/secrets/kept/KEY"));
  assert.equal(newest.version, 2);
  assert.equal(newest.secret_type, "api_key");
  assert.deepEqual(newest.metadata, { n: 1 });

  await server.restart();

  const first = assertOk(await server.as(token).get("/v1/secrets/kept/KEY?version=1"));
  assert.equal(first.value, "first");
  const spent = await server.as(token).get("/v1/secrets/kept/KEY");
  assert.equal(spent.status, 401);
  assert.deepEqual(spent.json.error.reasons, ["uses_exhausted"]);
  await server.admin.delete(`/v1/agents/${agent.id}`);

  await server.restart();

  await assert.rejects(vault().requestToken({ scopes: ["secrets:read:kept/*"] }), AuthError);
});

test("RateLimitError says when to come back", async (t) => {
  const server = await Server.start(t, { env: { WARDED_RATE_LIMITS: "on", WARDED_RATE_LIMIT_TOKENS: "3" } });
  const agent = await server.agent();
  const client = new AgentVault({ agentKey: agent.api_key, baseUrl: server.origin, retries: 0 });
  const scopes = ["secrets:read:limited/*"];
  for (let call = 0; call < 3; call += 1) assert.ok((await client.requestToken({ scopes })).token);
  await assert.rejects(client.requestToken({ scopes }), (error) => {
    assert.ok(error instanceof RateLimitError, String(error));
    assert.ok(Number.isInteger(error.retryAfter) && error.retryAfter > 0 && error.retryAfter <= 60, `retryAfter ${error.retryAfter}`);
    return true;
  });
});
