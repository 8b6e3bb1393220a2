// Credentials: what can be granted, who sees and ends which token, and what a credential of another kind is told.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";
import { forge, miscount } from "./token.mjs";

const server = new Server();
before(() => server.start());
after(() => server.dispose());

const issue = (key, body) => server.as(key).post("/v1/tokens", body);

describe("what is granted", () => {
  test("exactly what was asked for, or nothing", async () => {
    const agent = await server.agent({ namespaces: ["grant/a", "grant/b"], scopes: ["secrets:read:grant/*", "secrets:write:grant/a/*"] });
    const good = [
      ["secrets:read:grant/a/*"],
      ["secrets:read:grant/b/deep/KEY", "secrets:write:grant/a/+/KEY"],
      ["secrets:read:grant/a/x*"],
    ];
    for (const scopes of good) assert.deepEqual(assertOk(await issue(agent.api_key, { scopes })).scopes, scopes);
    const refused = {
      "another action": ["secrets:delete:grant/a/*"],
      "all actions": ["secrets:*:grant/a/*"],
      "another namespace": ["secrets:read:grant/c/*"],
      "all namespaces": ["secrets:read:grant/*"],
      "a namespace by its first letters": ["secrets:read:grant/a*"],
      "the namespace itself as path": ["secrets:read:grant/ab/KEY"],
      "one of two": ["secrets:read:grant/a/*", "secrets:write:grant/b/KEY"],
      "another resource": ["namespaces:read"],
      everything: ["secrets:read:*"],
    };
    for (const [what, scopes] of Object.entries(refused))
      assertError(await issue(agent.api_key, { scopes }), 403, "SCOPE_DENIED", {}, what);
  });

  test("an agent without scopes or namespaces is granted nothing", async () => {
    for (const empty of [{ scopes: [] }, { namespaces: [] }]) {
      const agent = await server.agent(empty);
      assertError(await issue(agent.api_key, { scopes: ["secrets:read:a/*"] }), 403, "SCOPE_DENIED");
      assertError(await server.as(agent.api_key).get("/v1/secrets/a/KEY"), 403, "SCOPE_DENIED");
    }
  });

  test("lifetimes up to the ceiling of the agent and of the server", async () => {
    const life = (reply) => Math.round((Date.parse(reply.expires_at) - Date.now()) / 1_000);
    const agent = await server.agent();
    for (const [ttl, seconds] of [
      [undefined, 3_600],
      ["90s", 90],
      [120, 120],
      ["24h", 86_400],
      ["1d", 86_400],
    ]) {
      const left = life(assertOk(await issue(agent.api_key, { scopes: ["secrets:read:a/*"], ttl }), 200, String(ttl)));
      assert.ok(left <= seconds && left > seconds - 30, `${ttl}: ${left} s`);
    }
    const short = await server.agent({ token_ceiling: { ttl: "10m" } });
    const over = await issue(short.api_key, { scopes: ["secrets:read:a/*"], ttl: "11m" });
    assertError(over, 400, "VALIDATION_FAILED", { field: "ttl" });
    assert.match(over.json.detail, /10m|600/, "the ceiling is named");
    assertOk(await issue(short.api_key, { scopes: ["secrets:read:a/*"], ttl: "10m" }));
  });

  test("equal requests give separate tokens", async () => {
    const agent = await server.agent();
    const replies = await Promise.all([1, 2, 3].map(() => issue(agent.api_key, { scopes: ["secrets:read:a/*"] })));
    assert.equal(new Set(replies.map((reply) => assertOk(reply).token)).size, 3);
  });

  test("an agent has as many live tokens as the setting says", async (t) => {
    const small = await Server.start(t, { env: { WARDED_TOKENS_PER_AGENT: "2" } });
    const agent = await small.agent();
    const body = { scopes: ["secrets:read:a/*"] };
    const first = await small.token(agent.api_key, body);
    await small.token(agent.api_key, body);
    const third = await small.as(agent.api_key).post("/v1/tokens", body);
    assertError(third, 409, "CONFLICT");
    assertOk(await small.as(agent.api_key).delete(`/v1/tokens/${first.token_id}`), 204);
    await small.token(agent.api_key, body);
  });
});

describe("one's own tokens", () => {
  test("are listed, shown and ended by the agent; those of others do not exist", async () => {
    const [mine, theirs] = [await server.agent(), await server.agent()];
    const token = await server.token(mine.api_key, { scopes: ["secrets:read:own/*"], max_uses: 9, reason: "to test" });
    const list = assertOk(await server.as(mine.api_key).get("/v1/tokens"));
    assert.equal(list.items.length, 1);
    assert.ok(!JSON.stringify(list).includes(token.token), "never the text");
    const shown = assertOk(await server.as(mine.api_key).get(`/v1/tokens/${token.token_id}`));
    assert.deepEqual(shown.scopes, ["secrets:read:own/*"]);
    assert.equal(shown.max_uses, 9);
    assert.deepEqual(assertOk(await server.as(theirs.api_key).get("/v1/tokens")).items, []);
    for (const method of ["GET", "DELETE"]) {
      assertError(await server.as(theirs.api_key).send(method, `/v1/tokens/${token.token_id}`), 404, "NOT_FOUND");
      assertError(await server.as(theirs.api_key).send(method, `/v1/tokens/tok_${"0".repeat(32)}`), 404, "NOT_FOUND");
    }
    assertOk(await server.as(mine.api_key).delete(`/v1/tokens/${token.token_id}`), 204);
    const refused = await server.as(token.token).get("/v1/secrets/own/KEY");
    assertError(refused, 401, "UNAUTHORIZED", { reasons: ["revoked"] });
  });

  test("all of them are an admin's to see and end", async () => {
    const agent = await server.agent();
    const token = await server.token(agent.api_key, { scopes: ["secrets:read:own/*"] });
    const ids = assertOk(await server.admin.get("/v1/tokens")).items.map((item) => item.token_id);
    assert.ok(ids.includes(token.token_id));
    assertOk(await server.admin.delete(`/v1/tokens/${token.token_id}`), 204);
    assertError(await server.as(token.token).get("/v1/tokens/self"), 401, "UNAUTHORIZED");
  });

  test("a token says what it is", async () => {
    const agent = await server.agent();
    const scopes = ["secrets:read:own/*", "namespaces:read"];
    const token = await server.token(agent.api_key, { scopes, max_uses: 2, ip_allowlist: ["127.0.0.1"] });
    const self = assertOk(await server.as(token.token).get("/v1/tokens/self"));
    assert.deepEqual(self.scopes, scopes);
    assert.equal(self.agent_id, agent.id);
    assert.equal(self.expires_at, token.expires_at);
    assert.equal(self.uses_remaining, 2);
  });

  test("a revoked agent's tokens are dead at once", async () => {
    const agent = await server.agent();
    const token = await server.token(agent.api_key, { scopes: ["secrets:read:own/*"] });
    await server.admin.delete(`/v1/agents/${agent.id}`);
    assertError(await server.as(token.token).get("/v1/secrets/own/KEY"), 401, "UNAUTHORIZED", { reasons: ["revoked"] });
    assertError(await server.as(agent.api_key).get("/v1/tokens"), 401, "UNAUTHORIZED", { reasons: ["revoked"] });
  });
});

describe("agents", () => {
  test("are found by id and by name, and a name is never used again", async () => {
    const made = await server.agent({ name: "named-once" });
    for (const one of [made.id, "named-once"]) assert.equal(assertOk(await server.admin.get(`/v1/agents/${one}`)).id, made.id);
    const again = { name: "named-once", allowed_namespaces: ["a"], allowed_scopes: ["secrets:read:a/*"] };
    assertError(await server.admin.post("/v1/agents", again), 409, "CONFLICT");
    await server.admin.delete("/v1/agents/named-once");
    assertError(await server.admin.post("/v1/agents", again), 409, "CONFLICT");
    assertError(await server.admin.get("/v1/agents/never-made"), 404, "NOT_FOUND");
  });

  test("do not manage agents, read the audit or pass for people", async () => {
    const agent = await server.agent();
    const token = await server.token(agent.api_key, { scopes: ["secrets:read:a/*"] });
    for (const text of [agent.api_key, token.token]) {
      for (const path of ["/v1/agents", "/v1/audit", "/v1/me"]) assertError(await server.as(text).get(path), 403, "SCOPE_DENIED", {}, path);
      const made = await server
        .as(text)
        .post("/v1/agents", { name: "made-by-agent", allowed_namespaces: ["a"], allowed_scopes: ["secrets:read:a/*"] });
      assertError(made, 403, "SCOPE_DENIED");
    }
    assert.deepEqual(assertOk(await server.as(agent.api_key).get("/v1/approvals")).items, [], "its own approvals");
    assertError(await server.as(token.token).get("/v1/approvals"), 403, "SCOPE_DENIED");
  });
});

describe("a credential", () => {
  const GUARDED = [
    ["GET", "/v1/me"],
    ["GET", "/v1/agents"],
    ["GET", "/v1/tokens"],
    ["GET", "/v1/tokens/self"],
    ["GET", "/v1/secrets/a/KEY"],
    ["GET", "/v1/secrets"],
    ["GET", "/v1/namespaces"],
    ["GET", "/v1/approvals"],
    ["GET", "/v1/audit"],
    ["POST", "/v1/tokens"],
    ["POST", "/v1/agents"],
    ["PUT", "/v1/secrets/a/KEY"],
    ["DELETE", "/v1/secrets/a/KEY"],
    ["POST", "/v1/secrets/import"],
  ];

  test("missing, malformed or unknown: the same bare 401 everywhere", async () => {
    const headers = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      "Basic YTpi",
      `Token ${server.adminKey}`,
      server.adminKey,
      "Bearer nonsense",
      ...["a", "s", "k", "p", "r", "d", "n", "x"].map((kind) => `Bearer ${forge(kind)}`),
      `Bearer ${miscount(server.adminKey)}`,
      `Bearer ${server.adminKey}x`,
      `Bearer ${server.adminKey} x`,
    ];
    for (const [method, path] of GUARDED) {
      const bodies = new Set();
      for (const authorization of headers) {
        const answer = await server.api.send(method, path, { headers: authorization === undefined ? {} : { authorization } });
        assertError(answer, 401, "UNAUTHORIZED", { reasons: [] }, `${method} ${path} ${authorization}`);
        bodies.add(answer.text.replace(answer.json.request_id, ""));
      }
      assert.equal(bodies.size, 1, `${method} ${path}: ${[...bodies]}`);
    }
  });

  test("of a kind that the route does not take is refused as such", async () => {
    const agent = await server.agent();
    const token = await server.token(agent.api_key, { scopes: ["secrets:*:kind/*"] });
    const wrong = [
      [token.token, "POST", "/v1/tokens"],
      [server.adminKey, "POST", "/v1/tokens"],
      [server.adminKey, "GET", "/v1/tokens/self"],
      [agent.api_key, "GET", "/v1/tokens/self"],
    ];
    for (const [text, method, path] of wrong) {
      const answer = await server
        .as(text)
        .send(method, path, { json: method === "POST" ? { scopes: ["secrets:read:kind/*"] } : undefined });
      assertError(answer, 403, "SCOPE_DENIED", {}, `${text.slice(0, 3)} ${method} ${path}`);
    }
  });
});
