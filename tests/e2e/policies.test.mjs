// Policies of a running server: the guide as it stands, what decides after kill -9, and a shadow beside real traffic.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";
import { blocks, tour } from "./readme.mjs";

const DENYING = {
  version: 1,
  rules: [
    { id: "grants", effect: "allow" },
    { id: "shut", effect: "deny", actions: ["secrets:read"], resources: ["policy/shut/*"] },
  ],
};

async function create(server, document) {
  const made = await server.admin.post("/v1/policies", document);
  assert.equal(made.status, 201, made.text);
  return made.json.version;
}

const activate = (server, version, active) => server.admin.post(`/v1/policies/${version}/activate`, { active });

describe("policies", () => {
  test("the guide", async (t) => {
    const server = await Server.start(t);
    const guide = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
    const found = blocks(guide);
    assert.ok(found.length >= 8);
    await tour(found, { cwd: server.root, env: { WARDED_API_KEY: server.adminKey, WARDED_URL: server.origin } });
  });

  test("what was activated decides at once, and after kill -9", async (t) => {
    const server = await Server.start(t);
    assert.equal((await server.admin.put("/v1/secrets/policy/shut/KEY", { value: "x" })).status, 201);
    const agent = await server.agent();
    const { token } = await server.token(agent.api_key, { scopes: ["secrets:read:policy/*"] });
    const read = () => server.as(token).get("/v1/secrets/policy/shut/KEY?version=1");
    const version = await create(server, DENYING);
    assertOk(await read());
    assertOk(await activate(server, version, 0));
    assertError(await read(), 403, "SCOPE_DENIED", { reasons: ["policy_denied"] });
    await server.kill();
    await server.start();
    assertError(await read(), 403, "SCOPE_DENIED", { reasons: ["policy_denied"] });
    assertOk(await server.admin.post("/v1/policies/rollback", { active: version }));
    assertOk(await read());
  });

  test("of many who activate at the same time, one does", async (t) => {
    const server = await Server.start(t);
    for (let n = 0; n < 8; n += 1) await create(server, DENYING);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => activate(server, n + 1, 0)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)]);
    const { events } = assertOk(await server.admin.get("/v1/audit?event_type=policy.activated&outcome=allow"));
    assert.equal(events.length, 1);
  });

  test("a shadow under load changes no answer and counts them all", async (t) => {
    const server = await Server.start(t);
    for (const key of ["shut/KEY", "open/KEY"]) {
      assert.equal((await server.admin.put(`/v1/secrets/policy/${key}`, { value: key })).status, 201);
    }
    const agent = await server.agent();
    const { token } = await server.token(agent.api_key, { scopes: ["secrets:read:policy/*"], max_uses: 100 });
    const version = await create(server, DENYING);
    assertOk(await server.admin.post(`/v1/policies/${version}/shadow`, {}));
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, n) => server.as(token).get(`/v1/secrets/policy/${n % 2 ? "shut" : "open"}/KEY?version=1`)),
    );
    const count = (status) => answers.filter((answer) => answer.status === status).length;
    assert.deepEqual([count(200), count(401)], [100, 20], "each use is spent once");
    const report = assertOk(await server.admin.get("/v1/policies/shadow"));
    const shut = answers.filter(({ status }, n) => status === 200 && n % 2).length;
    assert.equal(report.counts.allow.deny, shut);
    assert.equal(report.differing, shut);
    assert.deepEqual(report.examples.map(({ on, count: seen }) => [on, seen]), [[["policy/shut/KEY"], shut]]);
    assert.ok(!JSON.stringify(report).includes("shut/KEY\",\"value"));
  });
});
