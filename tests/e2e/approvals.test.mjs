// Approvals from the outside: the unmodified SDK, CLI and MCP server ask, people answer over HTTP, the same request passes.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk, assertTimestamp } from "./answer.mjs";
import { Server } from "./harness.mjs";
import { doors } from "./sdk.mjs";

/** A member of a role, with an API key that may approve if the role may: `{ id, api }`. */
async function member(server, role) {
  const email = `${role}-${(member.made = (member.made ?? 0) + 1)}@example.com`;
  const { id } = assertOk(await server.admin.post("/v1/members", { email, name: role, role }), 201);
  const key = assertOk(await server.admin.post(`/v1/members/${id}/keys`, { name: "first", approve: role === "editor" }), 201);
  return { id, api: server.as(key.api_key), key: key.api_key };
}

const secret = async (server, path, tier) =>
  assertOk(await server.admin.put(`/v1/secrets/${path}`, { value: `value of ${path}`, access_tier: tier }), 201);

const approve = (who, id) => who.api.post(`/v1/approvals/${id}/approve`);

describe("the whole cycle", () => {
  const server = new Server();
  let one, two;
  before(async () => {
    await server.start();
    [one, two] = [await member(server, "editor"), await member(server, "editor")];
  });
  after(() => server.dispose());

  for (const [door, sdk] of Object.entries(doors)) {
    test(`of the unmodified SDK by ${door}: ask, approve, ask again, read`, async () => {
      const path = `cycle-${door}/payments/STRIPE_KEY`;
      await secret(server, path, "critical");
      const agent = await server.agent();
      const client = new sdk.AgentVault({ agentKey: agent.api_key, baseUrl: server.origin, retries: 0, timeout: 10_000 });
      let waits;
      const asks = (id) => (error) => {
        assert.ok(error instanceof sdk.ApprovalRequiredError, String(error));
        assert.match(error.approvalId, /^apr_[0-9a-f]{32}$/);
        waits ??= error.approvalId;
        assert.equal(error.approvalId, id ?? waits, "a repetition waits for the same approval");
        return true;
      };
      await assert.rejects(client.getSecret(path), asks());
      await assert.rejects(client.getSecret(path), asks());
      const listed = assertOk(await one.api.get("/v1/approvals?status=pending")).items.find(({ id }) => id === waits);
      assert.equal(listed.agent_id, agent.id);
      assert.equal(listed.access_tier, "critical");
      assert.equal(listed.required_approvals, 2);
      assert.deepEqual(listed.requested_scopes, [`secrets:read:${path}`]);
      assertTimestamp(listed.expires_at, "expires_at");

      assert.equal(assertOk(await approve(one, waits)).status, "pending");
      await assert.rejects(client.getSecret(path), asks(waits));
      assert.equal(assertOk(await approve(two, waits)).status, "approved");
      const own = assertOk(await server.as(agent.api_key).get(`/v1/approvals/agent/${waits}`));
      assert.equal(own.status, "approved");
      assertTimestamp(own.approved_at, "approved_at");

      assert.equal(await client.getSecret(path), `value of ${path}`);
      assert.equal(await client.getSecret(path), `value of ${path}`, "by the token that it holds");
      assert.equal(assertOk(await one.api.get(`/v1/approvals/${waits}`)).status, "consumed");
      const { events } = assertOk(await server.admin.get(`/v1/audit?resource_type=approval&actor_id=${agent.id}`));
      assert.deepEqual(events.map(({ event_type: type }) => type).reverse(), ["approval.requested", "approval.consumed"]);
    });
  }

  test("a denial reaches the SDK by its code", async () => {
    await secret(server, "denied/KEY", "sensitive");
    const agent = await server.agent();
    const { AgentVault, ApprovalRequiredError } = doors.import;
    const client = new AgentVault({ agentKey: agent.api_key, baseUrl: server.origin, retries: 0 });
    let id;
    await assert.rejects(client.getSecret("denied/KEY"), (error) => {
      id = error.approvalId;
      return error instanceof ApprovalRequiredError;
    });
    // One published client sends no reason.
    assert.equal(assertOk(await one.api.post(`/v1/approvals/${id}/deny`, {})).status, "denied");
    await assert.rejects(client.getSecret("denied/KEY"), { code: "APPROVAL_DENIED", status: 403 });
    await assert.rejects(client.listSecrets("denied"), { code: "APPROVAL_DENIED", status: 403 });
  });

  test("who asks does not approve, and neither does the owner", async () => {
    await secret(server, "own/KEY", "sensitive");
    const agent = await server.agent();
    const { approval_id: id } = assertOk(await server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:own/*"] }), 202);
    assertError(await server.admin.post(`/v1/approvals/${id}/approve`), 403, "SCOPE_DENIED", { reasons: ["own_agent"] });
    assertError(await server.as(agent.api_key).post(`/v1/approvals/${id}/approve`), 403, "SCOPE_DENIED");
    const use = await one.api.get("/v1/secrets/own/KEY");
    assertError(use, 403, "APPROVAL_REQUIRED", { reasons: ["approval_required"] });
    const { approval_id: own } = use.json.error;
    assertError(await approve(one, own), 403, "SCOPE_DENIED", { reasons: ["own_request"] });
    assertOk(await approve(two, own));
    assert.equal(assertOk(await one.api.get("/v1/secrets/own/KEY")).value, "value of own/KEY");
    const again = await one.api.get("/v1/secrets/own/KEY");
    assertError(again, 403, "APPROVAL_REQUIRED");
    assert.notEqual(again.json.error.approval_id, own, "an approval passes once");
  });

  test("thirty-two repetitions at once leave one live token", async () => {
    await secret(server, "crowd/KEY", "sensitive");
    const agent = await server.agent();
    const asks = () => server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:crowd/*"] });
    const crowd = () => Promise.all(Array.from({ length: 32 }, asks));
    const ids = new Set((await crowd()).map((answer) => assertOk(answer, 202).approval_id));
    assert.equal(ids.size, 1);
    assertOk(await approve(one, [...ids][0]));
    const tokens = (await crowd()).map((answer) => assertOk(answer).token);
    const reads = await Promise.all(tokens.map((token) => server.as(token).get("/v1/secrets/crowd/KEY")));
    assert.equal(reads.filter(({ status }) => status === 200).length, 1);
    assert.ok(reads.every(({ status, json }) => status === 200 || json.error.reasons[0] === "revoked"));
  });

  test("many tokens are revoked at once, and have ended when that is answered", async () => {
    const agent = await server.agent();
    const tokens = [];
    for (const scopes of [["secrets:read:many/*"], ["secrets:read:many/KEY"], ["secrets:read:others/*"]])
      tokens.push((await server.token(agent.api_key, { scopes })).token);
    const revoke = (who, body) => who.post("/v1/tokens/revoke", body);
    const { api: viewer } = await member(server, "viewer");
    assertError(await revoke(viewer, { all: true }), 403, "SCOPE_DENIED");
    const stranger = await server.agent();
    assert.deepEqual(assertOk(await revoke(server.as(stranger.api_key), { all: true })), { revoked: 0 }, "its own only");
    assertError(await revoke(server.as(stranger.api_key), { agent_id: agent.id }), 404, "NOT_FOUND");
    for (const body of [{}, { all: false }, { all: true, scope: "secrets:read:a" }, { scope: "nonsense" }])
      assertError(await revoke(server.as(agent.api_key), body), 400, "VALIDATION_FAILED");
    assert.deepEqual(assertOk(await revoke(server.admin, { scope: "secrets:write:many/*" })), { revoked: 0 });
    assert.deepEqual(assertOk(await revoke(server.admin, { scope: "secrets:read:many/KEY" })), { revoked: 2 });
    for (const [index, status] of [401, 401, 200].entries())
      assert.equal((await server.as(tokens[index]).get("/v1/tokens/self")).status, status, `token ${index}`);
    assert.deepEqual(assertOk(await revoke(server.admin, { agent_id: agent.name })), { revoked: 1 });
    assert.deepEqual(assertOk(await revoke(server.admin, { agent_id: agent.id })), { revoked: 0 });
  });
});

test("what was approved before a restart is used after it", async (t) => {
  const server = await Server.start(t);
  const { key } = await member(server, "editor");
  await secret(server, "kept/KEY", "sensitive");
  const agent = await server.agent();
  const ask = () => server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:kept/*"], ttl: "10m" });
  const { approval_id: id } = assertOk(await ask(), 202);

  await server.restart();

  assert.equal(assertOk(await ask(), 202).approval_id, id);
  assert.equal(assertOk(await server.as(key).post(`/v1/approvals/${id}/approve`)).status, "approved");

  assert.deepEqual(await server.kill(), { code: null, signal: "SIGKILL" });
  await server.start();

  const { token } = assertOk(await ask());
  assert.equal(assertOk(await server.as(token).get("/v1/secrets/kept/KEY")).value, "value of kept/KEY");
  assertOk(await ask(), 202);
});

test("in production fewer people than the policy asks for are never enough", async (t) => {
  const server = await Server.start(t, { env: { WARDED_APPROVALS_STRICT: "true" } });
  await secret(server, "strict/KEY", "critical");
  const agent = await server.agent();
  const ask = () => server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:strict/*"] });
  assertError(await ask(), 403, "APPROVAL_REQUIRED", { reasons: ["too_few_approvers"] });
  await member(server, "editor");
  assertError(await ask(), 403, "APPROVAL_REQUIRED", { reasons: ["too_few_approvers"] });
  await member(server, "editor");
  assertOk(await ask(), 202);
});
