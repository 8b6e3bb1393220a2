// `max_uses` is exact: at most once, never twice, however many ask at once and whenever the server dies.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";

const PATH = "/v1/secrets/uses/KEY";
const together = (count, act) => Promise.all(Array.from({ length: count }, (_, index) => act(index)));

async function prepared(t, options) {
  const server = await Server.start(t, options);
  const agent = await server.agent();
  assertOk(await server.admin.put(PATH, { value: "counted" }), 201);
  const token = (max_uses, scopes = ["secrets:read:uses/*"]) => server.token(agent.api_key, { scopes, max_uses });
  return { server, agent, token };
}

/** Request ids of the allowed reads that the audit holds. */
async function audited(server) {
  const ids = [];
  for (let page = 1; ; page += 1) {
    const query = `/v1/audit?event_type=secret.read&outcome=allow&path=uses/KEY&limit=1000&page=${page}`;
    const { events } = assertOk(await server.admin.get(query));
    ids.push(...events.map((event) => event.request_id));
    if (events.length < 1000) return ids;
  }
}

const used = async (server, token) => assertOk(await server.as(token).get("/v1/tokens/self"));

test("64 readers of a token with 3 uses get 3 values", async (t) => {
  const { server, token } = await prepared(t);
  for (let round = 0; round < 5; round += 1) {
    const { token: text } = await token(3);
    const before = new Set(await audited(server));
    const answers = await together(64, () => server.as(text).get(PATH));
    const given = answers.filter((answer) => answer.status === 200);
    assert.equal(given.length, 3);
    assert.ok(given.every((answer) => answer.json.value === "counted"));
    for (const answer of answers.filter((one) => one.status !== 200)) {
      assertError(answer, 401, "UNAUTHORIZED", { reasons: ["uses_exhausted"] });
    }
    const records = (await audited(server)).filter((id) => !before.has(id));
    assert.deepEqual(records.sort(), given.map((answer) => answer.headers["x-request-id"]).sort());
  }
});

test("nothing is consumed by what gives nothing", async (t) => {
  const { server, token } = await prepared(t);
  assertOk(await server.admin.put("/v1/secrets/uses/guarded/KEY", { value: "v", access_tier: "sensitive" }), 201);
  const { token: text } = await token(1, ["secrets:read:uses/KEY", "secrets:read:uses/ABSENT", "secrets:write:uses/NEW"]);
  const caller = server.as(text);
  assertError(await caller.get("/v1/secrets/uses/ABSENT"), 404, "SECRET_NOT_FOUND");
  assertError(await caller.get(`${PATH}?version=9`), 404, "SECRET_NOT_FOUND");
  assertError(await caller.get("/v1/secrets/other/KEY"), 403, "SCOPE_DENIED", { reasons: ["scope_missing"] });
  assertError(await caller.get("/v1/secrets/uses/guarded/KEY"), 403, "SCOPE_DENIED");
  assertError(await caller.delete(PATH), 403, "SCOPE_DENIED");
  assertError(await caller.put("/v1/secrets/uses/NEW", { value: 1 }), 400, "VALIDATION_FAILED", { field: "value" });
  assertError(await caller.put("/v1/secrets/uses/NEW", { value: "v" }, { headers: { "if-match": "7" } }), 409, "CONFLICT");
  assertError(await caller.get("/v1/secrets/uses//KEY"), 400, "VALIDATION_FAILED");
  assert.equal((await caller.send("HEAD", PATH)).status, 405);
  for (const method of ["GET", "POST"]) assertOk(await caller.send(method, "/v1/tokens/self"));
  assert.equal((await used(server, text)).uses_remaining, 1);

  assert.equal(assertOk(await caller.get(PATH)).value, "counted");
  assert.equal((await used(server, text)).uses_remaining, 0);
  assertError(await caller.get(PATH), 401, "UNAUTHORIZED", { reasons: ["uses_exhausted"] });
});

test("every success on secrets and namespaces spends one use", async (t) => {
  const { server, token } = await prepared(t);
  const { token: text } = await token(7, ["secrets:*:uses/*", "namespaces:read"]);
  const caller = server.as(text);
  const steps = [
    () => caller.put("/v1/secrets/uses/more/KEY", { value: "v" }),
    () => caller.get("/v1/secrets/uses"),
    () => caller.get("/v1/secrets/uses/more/KEY?view=metadata"),
    () => caller.get("/v1/secrets/uses/more/KEY?view=versions"),
    () => caller.get("/v1/namespaces"),
    () => caller.delete("/v1/secrets/uses/more/KEY"),
    () => caller.post("/v1/secrets/import", { namespace: "uses/import", content: "A=1" }),
  ];
  for (const [index, step] of steps.entries()) {
    const answer = await step();
    assert.ok(answer.status < 300, `step ${index}: ${answer.status} ${answer.text}`);
    assert.equal((await used(server, text)).uses_remaining, steps.length - index - 1, `after step ${index}`);
  }
  assertError(await caller.get("/v1/secrets/uses"), 401, "UNAUTHORIZED", { reasons: ["uses_exhausted"] });
});

test("kill -9 under load gives no use twice", async (t) => {
  const { server, token } = await prepared(t);
  // 32 answers may be under way at each kill, so that two kills leave uses for the last stretch.
  const MAX = 200;
  for (let round = 0; round < 5; round += 1) {
    const { token: text } = await token(MAX);
    const before = new Set(await audited(server));
    const given = [];
    for (const stop of [MAX / 5, (2 * MAX) / 5, undefined]) {
      await readUntil(server, text, given, { stop, max: MAX });
      if (stop !== undefined) await server.start();
    }
    assert.ok(given.length <= MAX, `${given.length} values of a token with ${MAX} uses`);
    const records = new Set((await audited(server)).filter((id) => !before.has(id)));
    assert.ok(
      given.every((id) => records.has(id)),
      "each value given has its audit record",
    );
    assert.equal(records.size, MAX, "every use that was spent has its record, also those whose answer was lost");
  }
});

/** 32 readers at once, until the token is used up or, if `stop` says so, that many values were given and the server is killed. */
async function readUntil(server, token, given, { stop = Infinity, max }) {
  let over = false;
  let killed;
  await together(32, async () => {
    while (!over && given.length <= max) {
      const answer = await server
        .as(token)
        .get(PATH)
        .catch(() => undefined);
      if (answer === undefined) {
        assert.ok(killed, "only a killed server does not answer");
        return;
      }
      if (answer.status !== 200) {
        assertError(answer, 401, "UNAUTHORIZED", { reasons: ["uses_exhausted"] });
        return;
      }
      given.push(answer.headers["x-request-id"]);
      if (given.length >= stop && !over) {
        over = true;
        killed = server.kill();
      }
    }
  });
  await killed;
  if (stop !== Infinity) assert.ok(killed, "the server was to be killed before the token was used up");
}
