// A secret's tier goes down only once those have agreed who let others in: over HTTP, by commands, and through kill -9.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Commands, fields } from "./commands.mjs";
import { Server } from "./harness.mjs";

const server = new Server();
let one, two, three;
before(async () => {
  await server.start();
  [one, two, three] = [await editor("one"), await editor("two"), await editor("three")];
});
after(() => server.dispose());

/** An editor whose key may approve: `{ id, api, key }`. */
async function editor(name) {
  const { id } = assertOk(await server.admin.post("/v1/members", { email: `${name}@example.com`, name, role: "editor" }), 201);
  const { api_key: key } = assertOk(await server.admin.post(`/v1/members/${id}/keys`, { name: "first", approve: true }), 201);
  return { id, api: server.as(key), key };
}

const store = async (path, tier) => assertOk(await server.admin.put(`/v1/secrets/${path}`, { value: `value of ${path}`, access_tier: tier }), 201);
const lower = (who, path, tier) => who.api.send("PATCH", `/v1/secrets/${path}`, { json: { access_tier: tier } });
const approve = (who, id) => who.api.post(`/v1/approvals/${id}/approve`);
const tierOf = async (path) => assertOk(await server.admin.get(`/v1/secrets/${path}?view=metadata`)).access_tier;

/** The approval that a request waits for. */
function waits(answer) {
  assertError(answer, 403, "APPROVAL_REQUIRED", { reasons: ["approval_required"] });
  return answer.json.error.approval_id;
}

describe("lowering a tier", () => {
  test("waits for the people of the tier that is left, and then happens once", async () => {
    await store("tiers/app/KEY", "critical");
    const agent = await server.agent();
    const id = waits(await lower(one, "tiers/app/KEY", "standard"));
    const shown = assertOk(await two.api.get(`/v1/approvals/${id}`));
    assert.deepEqual(
      [shown.kind, shown.asker_type, shown.agent_id, shown.access_tier, shown.required_approvals, shown.requested_scopes],
      ["use", "operator", one.id, "critical", 2, ["secrets:lower-to-standard:tiers/app/KEY"]],
    );
    assertError(await approve(one, id), 403, "SCOPE_DENIED", { reasons: ["own_request"] });
    assertError(await server.as(agent.api_key).post(`/v1/approvals/${id}/approve`), 403, "SCOPE_DENIED");
    assert.equal(assertOk(await approve(two, id)).status, "pending");
    assert.equal(assertOk(await approve(two, id)).status, "pending", "nobody counts twice");
    assert.equal(waits(await lower(one, "tiers/app/KEY", "standard")), id);
    assert.equal(assertOk(await approve(three, id)).status, "approved");
    assert.equal(await tierOf("tiers/app/KEY"), "critical", "saying yes lowers nothing");
    assert.notEqual(waits(await lower(two, "tiers/app/KEY", "standard")), id, "it is the asker's");

    const token = () => server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:tiers/app/KEY"] });
    assert.equal(assertOk(await token(), 202).requires_approval, true);
    assert.equal(assertOk(await lower(one, "tiers/app/KEY", "standard")).access_tier, "standard");
    assert.equal(assertOk(await two.api.get(`/v1/approvals/${id}`)).status, "consumed");
    const read = server.as(assertOk(await token()).token);
    assert.equal(assertOk(await read.get("/v1/secrets/tiers/app/KEY")).value, "value of tiers/app/KEY");

    const { events } = assertOk(await server.admin.get("/v1/audit?path=tiers/app/KEY&event_type=secret.tier_lowered&outcome=allow"));
    assert.deepEqual(
      events.map(({ actor_id: actor, metadata }) => [actor, metadata.from, metadata.to, metadata.second_operator]),
      [[one.id, "critical", "standard", two.id]],
    );
    assertOk(await server.admin.put("/v1/secrets/tiers/app/KEY", { value: "v", access_tier: "critical" }));
    assert.notEqual(waits(await lower(one, "tiers/app/KEY", "standard")), id, "an approval passes once");
  });

  test("does not happen by the approval of anything else", async () => {
    for (const path of ["tiers/bound/ONE", "tiers/bound/TWO"]) await store(path, "critical");
    const id = waits(await lower(one, "tiers/bound/ONE", "sensitive"));
    for (const who of [two, three]) assertOk(await approve(who, id));
    for (const [who, path, tier] of [
      [one, "tiers/bound/ONE", "standard"],
      [one, "tiers/bound/TWO", "sensitive"],
      [two, "tiers/bound/ONE", "sensitive"],
    ])
      assert.notEqual(waits(await lower(who, path, tier)), id, `${path} to ${tier}`);
    assertError(await one.api.send("PATCH", "/v1/secrets/tiers/bound/ONE", { json: { access_tier: "sensitive", approval_id: id } }), 400, "VALIDATION_FAILED", { field: "approval_id" });
    assert.equal(await tierOf("tiers/bound/ONE"), "critical");
    assert.equal(assertOk(await one.api.get(`/v1/approvals/${id}`)).status, "approved", "none of it has spent the approval");
    // What does not lower anything needs nobody.
    assertOk(await one.api.send("PATCH", "/v1/secrets/tiers/bound/ONE", { json: { access_tier: "critical", metadata: { n: 1 } } }));
    assert.equal(assertOk(await lower(one, "tiers/bound/ONE", "sensitive")).access_tier, "sensitive");
  });

  test("does not happen after a denial, nor in another way", async () => {
    await store("tiers/denied/KEY", "sensitive");
    const id = waits(await lower(one, "tiers/denied/KEY", "standard"));
    assertOk(await two.api.post(`/v1/approvals/${id}/deny`, { reason: "it opens the bank" }));
    assertError(await lower(one, "tiers/denied/KEY", "standard"), 403, "APPROVAL_DENIED", { reasons: ["approval_denied"] });
    assertError(await approve(three, id), 409, "CONFLICT");
    const agent = await server.agent();
    const { token } = await server.token(agent.api_key, { scopes: ["secrets:*:tiers/open/*"] });
    for (const who of [{ api: server.as(agent.api_key) }, { api: server.as(token) }])
      assertError(await lower(who, "tiers/denied/KEY", "standard"), 403, "SCOPE_DENIED", { reasons: ["scope_missing"] });
    // Writing, and deleting to write anew, keep the tier; both ask people first.
    waits(await one.api.put("/v1/secrets/tiers/denied/KEY", { value: "v", access_tier: "standard" }));
    const gone = waits(await one.api.delete("/v1/secrets/tiers/denied/KEY"));
    assertOk(await approve(two, gone));
    assertOk(await one.api.delete("/v1/secrets/tiers/denied/KEY"), 204);
    assert.equal(assertOk(await one.api.put("/v1/secrets/tiers/denied/KEY", { value: "v", access_tier: "standard" }), 201).access_tier, "sensitive");
  });

  test("happens once, however many ask at once", async () => {
    await store("tiers/crowd/KEY", "sensitive");
    const crowd = () => Promise.all(Array.from({ length: 16 }, () => lower(one, "tiers/crowd/KEY", "standard")));
    const ids = new Set((await crowd()).map(waits));
    assert.equal(ids.size, 1);
    assertOk(await approve(two, [...ids][0]));
    for (const answer of await crowd()) assertOk(answer);
    const { events } = assertOk(await server.admin.get("/v1/audit?path=tiers/crowd/KEY&event_type=secret.tier_lowered&outcome=allow"));
    assert.equal(events.length, 1);
  });

  test("is asked for and approved by commands, and approved through kill -9", async () => {
    await store("tiers/cli/KEY", "sensitive");
    const id = waits(await lower(one, "tiers/cli/KEY", "standard"));
    const commands = new Commands(server.origin, two.key);
    const shown = fields(await commands.done(["approval", "show", id]));
    assert.equal(shown["requested scopes"], "secrets:lower-to-standard:tiers/cli/KEY");
    await new Commands(server.origin, one.key).fails(["approval", "approve", id, "--yes"], 1, /own_request/);
    assert.equal(fields(await commands.done(["approval", "approve", id, "--yes"])).status, "approved");
    await server.kill();
    await server.start();
    one.api = server.as(one.key);
    assert.equal(assertOk(await lower(one, "tiers/cli/KEY", "standard")).access_tier, "standard");
  });
});
