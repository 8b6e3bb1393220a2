// People over real HTTP: what a change of role, a removal, an end or an allowlist means for keys that are in use.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server, warded } from "./harness.mjs";

const server = new Server();
before(() => server.start());
after(() => server.dispose());

let count = 0;

/** A member with a key: `{ id, key, keyId }`. */
async function member(role, options = {}) {
  const email = `person-${(count += 1)}@example.com`;
  const { id } = assertOk(await server.admin.post("/v1/members", { email, name: "Person", role }), 201);
  const made = assertOk(await server.admin.post(`/v1/members/${id}/keys`, { name: "first", ...options }), 201);
  return { id, email, key: made.api_key, keyId: made.id };
}

/** Keeps asking until `stop` is called; answers the statuses in their order. */
function keepAsking(key, path) {
  const statuses = [];
  let running = true;
  const asking = (async () => {
    while (running) statuses.push((await server.as(key).get(path)).status);
  })();
  return async () => {
    running = false;
    await asking;
    return statuses;
  };
}

describe("a key in use", () => {
  test("loses with the answer what its member's new role does not hold", async () => {
    const editor = await member("editor");
    assertOk(await server.as(editor.key).put("/v1/secrets/people/KEY", { value: "v" }), 201);
    const stop = keepAsking(editor.key, "/v1/secrets/people/KEY");
    for (let asked = 0; asked < 5; asked += 1) assertOk(await server.as(editor.key).get("/v1/secrets/people/KEY"));
    assertOk(await server.admin.send("PATCH", `/v1/members/${editor.id}`, { json: { role: "viewer" } }));
    for (let asked = 0; asked < 5; asked += 1) {
      const refused = await server.as(editor.key).get("/v1/secrets/people/KEY");
      assertError(refused, 403, "SCOPE_DENIED", { reasons: ["scope_missing"] });
    }
    const statuses = await stop();
    const first = statuses.indexOf(403);
    assert.ok(first > 0 && statuses.slice(0, first).every((status) => status === 200), `${statuses}`);
    assert.ok(statuses.slice(first).every((status) => status === 403), `${statuses}`);
    assertOk(await server.as(editor.key).get("/v1/secrets/people/KEY?view=metadata"));
  });

  test("ends with its member, and comes back with nobody", async () => {
    const gone = await member("admin");
    assertOk(await server.as(gone.key).get("/v1/members"));
    assertOk(await server.admin.delete(`/v1/members/${gone.id}`), 204);
    assertError(await server.as(gone.key).get("/v1/members"), 401, "UNAUTHORIZED", { reasons: ["revoked"] });
    const back = assertOk(await server.admin.post("/v1/members", { email: gone.email.toUpperCase(), name: "Back", role: "admin" }), 201);
    assert.equal(back.id, gone.id, "one person has one id");
    assertError(await server.as(gone.key).get("/v1/members"), 401, "UNAUTHORIZED", { reasons: ["revoked"] });
  });

  test("ends at its time", async () => {
    const brief = await member("viewer", { expires_at: new Date(Date.now() + 1_500).toISOString() });
    assertOk(await server.as(brief.key).get("/v1/me"));
    const deadline = Date.now() + 15_000;
    let answer;
    do answer = await server.as(brief.key).get("/v1/me");
    while (answer.status === 200 && Date.now() < deadline);
    assertError(answer, 401, "UNAUTHORIZED", { reasons: ["expired"] });
  });

  test("stays within its networks", async () => {
    const here = await member("viewer", { ip_allowlist: ["127.0.0.0/8"] });
    assertOk(await server.as(here.key).get("/v1/me"));
    const elsewhere = await member("viewer", { ip_allowlist: ["192.0.2.0/24"] });
    assertError(await server.as(elsewhere.key).get("/v1/me"), 403, "IP_NOT_ALLOWED", { reasons: ["ip_not_allowed"] });
  });

  test("is revoked by its own member", async () => {
    const viewer = await member("viewer");
    const keys = `/v1/members/${viewer.id}/keys`;
    const other = assertOk(await server.as(viewer.key).post(keys, { name: "other" }), 201);
    assertOk(await server.as(other.api_key).delete(`${keys}/${viewer.keyId}`), 204);
    assertError(await server.as(viewer.key).get("/v1/me"), 401, "UNAUTHORIZED", { reasons: ["revoked"] });
    const listed = assertOk(await server.as(other.api_key).get(keys)).items;
    assert.deepEqual(listed.map((key) => key.active), [false, true]);
    assert.ok(!JSON.stringify(listed).includes(other.api_key), "never the text");
  });
});

describe("admins", () => {
  test("who end each other at the same moment leave one", async (t) => {
    const own = await Server.start(t);
    const first = assertOk(await own.admin.get("/v1/me")).id;
    const { id } = assertOk(await own.admin.post("/v1/members", { email: "b@example.com", name: "B", role: "admin" }), 201);
    const key = assertOk(await own.admin.post(`/v1/members/${id}/keys`, { name: "b" }), 201).api_key;
    const answers = await Promise.all([own.admin.delete(`/v1/members/${id}`), own.as(key).delete(`/v1/members/${first}`)]);
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [204, 401], answers.map((answer) => answer.text).join());
    const left = answers[0].status === 204 ? own.admin : own.as(key);
    const me = assertOk(await left.get("/v1/me"));
    assertError(await left.delete(`/v1/members/${me.id}`), 409, "CONFLICT");
    assertError(await left.send("PATCH", `/v1/members/${me.id}`, { json: { role: "auditor" } }), 409, "CONFLICT");
    const [only] = assertOk(await left.get(`/v1/members/${me.id}/keys`)).items;
    assertError(await left.delete(`/v1/members/${me.id}/keys/${only.id}`), 409, "CONFLICT");
  });

  test("are made without a server, and are all there after a restart", async (t) => {
    const own = await Server.start(t);
    const { id } = assertOk(await own.admin.post("/v1/members", { email: "b@example.com", name: "B", role: "viewer" }), 201);
    await own.stop();
    const flags = ["--data", own.data, "--keys", own.keys];
    const taken = await warded(["member", "create", "--role", "admin", "--email", "B@Example.com", "--name", "B", ...flags]);
    assert.notEqual(taken.code, 0);
    assert.match(taken.stderr, /there is a member with this address/);
    const made = await warded(["member", "create", "--role", "admin", "--email", "c@example.com", "--name", "C", ...flags]);
    assert.equal(made.code, 0, made.stderr);
    const file = /^key: (.+)$/m.exec(made.stdout)[1];
    assert.ok(existsSync(file) && file.startsWith(join(own.root, "keys")));
    await own.start();
    const key = readFileSync(file, "utf8").trim();
    const listed = assertOk(await own.as(key).get("/v1/members")).items;
    assert.deepEqual(listed.map((one) => one.email), ["admin@localhost", "b@example.com", "c@example.com"]);
    assert.equal(listed[1].id, id);
    const [shown] = assertOk(await own.as(key).get(`/v1/members/${listed[2].id}/keys`)).items;
    assert.equal(shown.approve, true, "an admin's key from the server's own folders may approve");
  });
});

describe("an agent's key", () => {
  test("is replaced with an overlap, and narrowing reaches tokens in use", async () => {
    const agent = await server.agent({ namespaces: ["people"], scopes: ["secrets:*:people/*"] });
    assertOk(await server.as(agent.api_key).put("/v1/secrets/people/AGENT", { value: "v" }), 201);
    const token = await server.token(agent.api_key, { scopes: ["secrets:read:people/*"] });
    const path = `/v1/agents/${agent.id}`;
    const next = assertOk(await server.admin.post(`${path}/rotate-key`, { overlap: "1h" }));
    for (const key of [agent.api_key, next.api_key]) assertOk(await server.as(key).get("/v1/tokens"));
    const last = assertOk(await server.admin.post(`${path}/rotate-key`));
    assertError(await server.as(agent.api_key).get("/v1/tokens"), 401, "UNAUTHORIZED", { reasons: [] });
    assertError(await server.as(next.api_key).get("/v1/tokens"), 401, "UNAUTHORIZED", { reasons: ["expired"] });
    assertOk(await server.as(last.api_key).get("/v1/tokens"));
    const read = () => server.as(token.token).get("/v1/secrets/people/AGENT");
    assertOk(await read());
    assertOk(await server.admin.send("PATCH", path, { json: { allowed_scopes: ["secrets:read:people/other/*"] } }));
    assertError(await read(), 403, "SCOPE_DENIED", { reasons: ["scope_missing"] });
    assertOk(await server.admin.send("PATCH", path, { json: { allowed_scopes: ["secrets:*:people/*"], active: false } }));
    assertError(await read(), 401, "UNAUTHORIZED", { reasons: ["revoked"] });
    assertOk(await server.admin.send("PATCH", path, { json: { active: true } }));
    assertOk(await read());
  });
});
