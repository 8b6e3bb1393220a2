// The life of a secret over HTTP: rolled back, deleted, restored, rotated, destroyed; cut short by kill -9; and never seen where it must not be.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Canaries, files } from "./canary.mjs";
import { until } from "./deadline.mjs";
import { Server, warded } from "./harness.mjs";

const at = (path, act) => `/v1/secrets/${path}${act ? `/${act}` : ""}`;

describe("a life", () => {
  const server = new Server();
  let admin;
  before(async () => {
    await server.start();
    admin = server.admin;
  });
  after(() => server.dispose());

  test("rolls back, is deleted and restored, and is destroyed", async () => {
    const { id } = assertOk(await admin.put(at("life/a/KEY"), { value: "one" }), 201);
    assertOk(await admin.put(at("life/a/KEY"), { value: "two" }));
    assert.equal(assertOk(await admin.post(at("life/a/KEY", "rollback"), { version: 1 })).version, 3);
    assert.equal(assertOk(await admin.get(at("life/a/KEY"))).value, "one");
    assertOk(await admin.delete(at("life/a/KEY")), 204);
    assertError(await admin.get(at("life/a/KEY?version=1")), 404, "SECRET_NOT_FOUND");
    // An empty body with a JSON content type, as clients send it.
    const headers = { "content-type": "application/json" };
    const restored = assertOk(await admin.send("POST", at("life/a/KEY", "restore"), { headers }));
    assert.deepEqual([restored.id, restored.version], [id, 3]);
    assert.equal(assertOk(await admin.get(at("life/a/KEY?version=2"))).value, "two");
    assertError(await admin.post(at("life/a/KEY", "destroy")), 409, "CONFLICT");
    assertOk(await admin.delete(at("life/a/KEY")), 204);
    assert.deepEqual(assertOk(await admin.post(at("life/a/KEY", "destroy"))), { destroyed: [id], versions: 3 });
    assertError(await admin.post(at("life/a/KEY", "restore")), 404, "SECRET_NOT_FOUND");
    assertOk(await admin.put(at("life/a/KEY/below"), { value: "v" }), 201);
  });

  test("an encoded namespace means the same to what is done with a secret", async () => {
    assertOk(await admin.put(at("life/b/c/KEY"), { value: "one" }), 201);
    assert.equal(assertOk(await admin.post("/v1/secrets/life%2Fb%2Fc/KEY/rotate", { new_value: "two" })).version, 2);
    assertError(await admin.post("/v1/secrets/life%2Fb%2Fc%2FKEY/rotate"), 400, "VALIDATION_FAILED", { field: "path" });
    assertOk(await admin.put(at("life/b/c/rotate"), { value: "a key of that name" }), 201);
    assert.equal(assertOk(await admin.get(at("life/b/c/rotate"))).value, "a key of that name");
    assertError(await admin.post("/v1/secrets/life/b/c%2Frotate"), 405, "METHOD_NOT_ALLOWED");
  });

  test("a rotation ends the tokens that reach the path, the caller's too", async () => {
    assertOk(await admin.put(at("life/r/KEY"), { value: "old" }), 201);
    const agent = await server.agent();
    const token = async (scopes) => server.as((await server.token(agent.api_key, { scopes })).token);
    const reader = await token(["secrets:read:life/r/*"]);
    const other = await token(["secrets:read:life/x/*"]);
    const rotator = await token(["secrets:rotate:life/r/KEY", "secrets:write:life/r/KEY"]);
    const rotated = assertOk(await rotator.post(at("life/r/KEY", "rotate")));
    assert.match(rotated.value, /^[0-9A-Za-z]{43}$/);
    assert.deepEqual([rotated.version, rotated.revoked_tokens], [2, 2]);
    for (const ended of [reader, rotator]) assertError(await ended.get(at("life/r/KEY")), 401, "UNAUTHORIZED", { reasons: ["revoked"] });
    assertOk(await other.get("/v1/tokens/self"));
    assert.equal(assertOk(await admin.get(at("life/r/KEY"))).value, rotated.value);
    const { events } = assertOk(await admin.get("/v1/audit?event_type=secret.rotated&path=life/r/KEY"));
    assert.equal(events[0].metadata.revoked_tokens, 2);
  });

  test("what is due is listed, and a rotation takes it off the list", async () => {
    assertOk(await admin.put(at("production/due/KEY"), { value: "v", secret_type: "db_credential" }), 201);
    const due = async (days) => {
      const before = new Date(Date.now() + days * 86_400_000).toISOString();
      const { items } = assertOk(await admin.get(`/v1/rotations?due_before=${encodeURIComponent(before)}`));
      return items.filter(({ key, namespace }) => key === "KEY" && namespace === "production/due");
    };
    assert.deepEqual(await due(29), []);
    const [item] = await due(31);
    assert.deepEqual([item.environment, item.rule], ["production", "type=db_credential environment=production 30d"]);
    assert.equal(item.value, undefined);
  });

  test("an editor does not lower a tier alone, and no write does", async () => {
    assertOk(await admin.put(at("life/t/KEY"), { value: "v", access_tier: "critical" }), 201);
    assertError(await admin.send("PATCH", at("life/t/KEY"), { json: { access_tier: "standard" } }), 403, "APPROVAL_REQUIRED");
    const agent = await server.agent();
    const low = server.as(agent.api_key);
    for (const [method, path, json] of [
      ["PUT", at("life/t/KEY"), { value: "w", access_tier: "standard" }],
      ["POST", "/v1/secrets/import", { namespace: "life/t", content: "KEY=w" }],
      ["POST", at("life/t/KEY", "rollback"), { version: 1 }],
      ["POST", at("life/t/KEY", "rotate"), { new_value: "w" }],
      ["DELETE", at("life/t/KEY"), undefined],
      ["GET", at("life/t/KEY?version=1"), undefined],
    ]) {
      assertError(await low.send(method, path, { json }), 403, "APPROVAL_REQUIRED", {}, `${method} ${path}`);
    }
    assert.equal(assertOk(await admin.get(at("life/t/KEY?view=metadata"))).access_tier, "critical");
  });
});

test("what nobody restores is destroyed after the retention, on record", async (t) => {
  const server = await Server.start(t, { env: { WARDED_DELETED_RETENTION: "1s" } });
  const { id } = assertOk(await server.admin.put(at("gone/KEY"), { value: "v" }), 201);
  assertOk(await server.admin.delete(at("gone/KEY")), 204);
  const event = await until(15_000, "the record of the destruction", async () => {
    const { events } = assertOk(await server.admin.get("/v1/audit?event_type=secret.destroyed"));
    return events[0];
  });
  assert.deepEqual([event.resource_id, event.actor_type, event.metadata.versions], [id, "system", 1]);
  assertError(await server.admin.post(at("gone/KEY", "restore")), 404, "SECRET_NOT_FOUND");
});

test("kill -9 leaves no rotation and no destruction half done", { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t);
  const agent = await server.agent();
  const secrets = Array.from({ length: 4 }, (_, index) => ({ path: `cut/s${index}/KEY`, value: "0", version: 1 }));
  for (const { path } of secrets) assertOk(await server.admin.put(at(path), { value: "0" }), 201);
  for (let round = 1; round <= 12; round += 1) {
    for (const secret of secrets) {
      const [namespace] = secret.path.split("/KEY");
      secret.token = (await server.token(agent.api_key, { scopes: [`secrets:read:${namespace}/*`] })).token;
    }
    await Promise.all([kill(server, round), ...secrets.map((secret) => rotateUntilCut(server, secret, round))]);
    await server.start();
    for (const secret of secrets) await assertWhole(server, secret, round);
    await assertDestroyedWhole(server, round);
    const verified = await warded(["audit", "verify", "--data", server.data]);
    assert.equal(verified.code, 0, `round ${round}: ${verified.stdout}${verified.stderr}`);
  }
});

/** Kills the server once the round's requests are on their way. */
async function kill(server, round) {
  await server.admin.put(at("cut/clock/KEY"), { value: String(round) }).catch(() => undefined);
  for (let index = 0; index < round % 4; index += 1) await server.admin.get("/v1/me").catch(() => undefined);
  await server.kill();
}

/** Rotates, and deletes and destroys another secret, until the server is gone. */
async function rotateUntilCut(server, secret, round) {
  const { admin } = server;
  for (let number = 1; ; number += 1) {
    secret.unanswered = `${round}.${number}`;
    const rotated = await admin.post(at(secret.path, "rotate"), { new_value: secret.unanswered }).catch(() => undefined);
    if (rotated === undefined) return;
    Object.assign(secret, { value: secret.unanswered, version: assertOk(rotated).version, unanswered: undefined });
    const spare = secret.path.replace("/KEY", "/SPARE");
    for (const send of [
      () => admin.put(at(spare), { value: "spare" }),
      () => admin.put(at(spare), { value: "spare" }),
      () => admin.delete(at(spare)),
      () => admin.post(at(spare, "destroy")),
    ]) {
      if ((await send().catch(() => undefined)) === undefined) return;
    }
  }
}

/** The value is the one acknowledged or the one after it, and the token lives exactly if nothing was rotated since. */
async function assertWhole(server, secret, round) {
  const what = `round ${round}: ${secret.path}`;
  const { value, version } = assertOk(await server.admin.get(at(secret.path)), 200, what);
  if (version === secret.version) assert.equal(value, secret.value, what);
  else assert.deepEqual([value, version], [secret.unanswered, secret.version + 1], what);
  const changed = secret.since !== version;
  Object.assign(secret, { value, version, since: version });
  const seen = await server.as(secret.token).get(at(secret.path));
  if (version === 1 || !changed) assert.equal(seen.status, 200, what);
  else assertError(seen, 401, "UNAUTHORIZED", { reasons: ["revoked"] }, what);
}

/** A spare secret is there with all its versions, or deleted with all of them, or gone. */
async function assertDestroyedWhole(server, round) {
  for (let index = 0; index < 4; index += 1) {
    const path = `cut/s${index}/SPARE`;
    const live = await server.admin.get(at(path));
    if (live.status === 200) {
      assert.equal(live.json.value, "spare");
      continue;
    }
    const restored = await server.admin.post(at(path, "restore"));
    if (restored.status === 404) continue;
    const { version } = assertOk(restored, 200, `round ${round}: ${path}`);
    for (let number = 1; number <= version; number += 1) {
      assert.equal(assertOk(await server.admin.get(at(`${path}?version=${number}`))).value, "spare");
    }
    assertOk(await server.admin.delete(at(path)), 204);
    assertOk(await server.admin.post(at(path, "destroy")));
  }
}

test("no value is seen in logs, audit or files after a rotation", { timeout: 60_000 }, async (t) => {
  const server = await Server.start(t, { env: { WARDED_LOG: "trace" } });
  const canaries = new Canaries();
  const given = () => canaries.plant("given value", `Canary${randomBytes(18).toString("hex")}`);
  const { admin } = server;
  assertOk(await admin.put(at("canary/KEY"), { value: given() }), 201);
  const made = assertOk(await admin.post(at("canary/KEY", "rotate")));
  canaries.plant("made value", made.value);
  const answers = [
    await admin.post(at("canary/KEY", "rotate"), { new_value: given() }),
    await admin.post(at("canary/KEY", "rotate"), { new_value: [given()] }),
    await admin.post(at("canary/KEY", "rotate"), { new_value: given(), surprise: given() }),
    await admin.post(at("canary/KEY", "rollback"), { version: 1 }),
    await admin.post(at("canary/KEY", "rollback"), { version: given() }),
    await admin.send("PATCH", at("canary/KEY"), { json: { metadata: [given()] } }),
    await admin.delete(at("canary/KEY")),
    await admin.post(at("canary/KEY", "restore"), { id: given() }),
    await admin.post(at("canary/KEY", "destroy")),
    await admin.get("/v1/audit?limit=1000"),
    await admin.get("/v1/rotations?due_before=2100-01-01T00:00:00Z"),
  ];
  for (const { text, status } of answers) assert.deepEqual(canaries.found(text), [], `${status} ${text}`);
  await server.stop();
  assert.ok(server.stderr.length > 1_000, "the log has something in it");
  assert.deepEqual(canaries.found(server.stderr + server.stdout), []);
  for (const { path, bytes } of files(server.data)) assert.deepEqual(canaries.found(bytes), [], path);
});
