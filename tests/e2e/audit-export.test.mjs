// The audit taken away: exports over HTTP, the checkpoints that cover them, their verification elsewhere, and erasure.

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { until } from "./deadline.mjs";
import { folder, Server, warded } from "./harness.mjs";

const root = folder();
const witness = join(root, "witness.ndjson");
const server = new Server({ root, env: { WARDED_CHECKPOINT_FILE: witness, WARDED_CHECKPOINT_INTERVAL: "1s" } });
let key;

before(async () => {
  await server.start();
  for (const path of ["audit/A", "audit/B", "=cmd/@K"]) assertOk(await server.admin.put(`/v1/secrets/${path}`, { value: "v" }), 201);
  for (let count = 0; count < 5; count += 1) assertOk(await server.admin.get("/v1/secrets/audit/A"));
  const printed = await warded(["audit", "public-key", "--data", server.data, "--keys", server.keys]);
  assert.equal(printed.code, 0, printed.stderr);
  key = printed.stdout.trim();
  assert.match(key, /^[0-9a-f]{64}$/);
});
after(() => server.dispose());

/** The text of an export. */
async function exported(query = "", accept = "application/x-ndjson") {
  const answer = await server.admin.get(`/v1/audit/export${query}`, { headers: { accept } });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers["content-type"], accept);
  assert.equal(answer.headers["cache-control"], "no-store");
  return answer.text;
}

/** What `warded audit verify` makes of a text: `{ code, outcome }`. */
async function verify(text, ...args) {
  const file = join(folder(), "export");
  writeFileSync(file, text);
  const result = await warded(["audit", "verify", file, "--json", ...args]);
  return { code: result.code, outcome: result.stdout ? JSON.parse(result.stdout) : result.stderr };
}

/** Checkpoints as the witness has them. */
const witnessed = () =>
  existsSync(witness)
    ? readFileSync(witness, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [];

describe("GET /v1/audit/export", () => {
  for (const accept of ["application/x-ndjson", "text/csv"]) {
    test(`${accept} verifies with the public key, signed to its last record`, async () => {
      const { code, outcome } = await verify(await exported("", accept), "--public-key", key);
      assert.equal(code, 0, JSON.stringify(outcome));
      assert.equal(outcome.signed_through, outcome.checked);
      assert.deepEqual([outcome.without_record, outcome.filtered, outcome.signatures_checked], [0, false, true]);
    });

    test(`${accept} of a filter verifies too, and says nothing of the rest`, async () => {
      const text = await exported("?path=audit/B", accept);
      const { code, outcome } = await verify(text, "--public-key", key);
      assert.equal(code, 0, JSON.stringify(outcome));
      assert.deepEqual([outcome.without_record, outcome.filtered], [outcome.checked - 1, true]);
      const records = accept === "text/csv" ? [...text.matchAll(/"([A-Za-z0-9+/=]{60,})"/g)].map(([, base64]) => Buffer.from(base64, "base64").toString()) : [text];
      assert.ok(records.join("").includes("audit/B") && !records.join("").includes("audit/A"));
    });

    test(`${accept} that was cut off is missed by a checkpoint that was kept`, async () => {
      const whole = await exported("", accept);
      const kept = await until(5_000, "a checkpoint of the export's end", () => witnessed().at(-1));
      const lines = whole.split("\n");
      const short = `${lines.slice(0, 4).join("\n")}\n`;
      assert.equal((await verify(short, "--public-key", key)).code, 0, "nobody can tell without one");
      const { code, outcome } = await verify(short, "--public-key", key, "--checkpoint", JSON.stringify(kept));
      assert.equal(code, 1);
      assert.equal(outcome.reason, "truncated");
      assert.equal((await verify(short, "--public-key", key, "--checkpoints", witness)).outcome.reason, "truncated");
    });
  }

  test("another key is not believed", async () => {
    const { code, outcome } = await verify(await exported(), "--public-key", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert.deepEqual([code, outcome.reason], [1, "key_unknown"]);
  });

  test("a change of any cell that people read is found", async () => {
    const text = await exported("", "text/csv");
    for (const [from, to] of [
      ["secret.created", "secret.read"],
      ['"allow"', '"deny"'],
      ["audit/A", "audit/Z"],
    ]) {
      const { code, outcome } = await verify(text.replace(from, to));
      assert.deepEqual([code, outcome.reason], [1, "column_mismatch"], from);
    }
  });

  test("a spreadsheet finds no formula", async () => {
    const text = await exported("", "text/csv");
    assert.ok(text.includes(`"'=cmd/@K"`));
    assert.doesNotMatch(text, /(^|,)"?[=+@\t\r-]/m);
  });

  test("who took it is recorded, and who may not is refused", async () => {
    await exported("?outcome=deny");
    const { events } = assertOk(await server.admin.get("/v1/audit?event_type=audit.exported&limit=1"));
    assert.equal(events[0].metadata.filter, '{"outcome":"deny"}');
    const agent = await server.agent();
    assertError(await server.as(agent.api_key).get("/v1/audit/export"), 403, "SCOPE_DENIED");
    assertError(await server.admin.get("/v1/audit/export", { headers: { accept: "application/json" } }), 400, "VALIDATION_FAILED", { field: "Accept" });
    assertError(await server.admin.send("PURGE", "/v1/audit/export"), 405, "METHOD_NOT_ALLOWED");
  });
});

describe("checkpoints", () => {
  test("are made while there is something new, for the witness and over HTTP", async () => {
    assertOk(await server.admin.get("/v1/secrets/audit/A"));
    const { events } = assertOk(await server.admin.get("/v1/audit?limit=1"));
    const kept = await until(10_000, "a checkpoint of the newest record", () => witnessed().find(({ seq }) => seq >= events[0].seq));
    assert.equal(statSync(witness).mode & 0o777, 0o600);
    const listed = assertOk(await server.admin.get("/v1/audit/checkpoints?limit=1000"));
    assert.equal(listed.public_key, key);
    assert.deepEqual(listed.items.find(({ seq }) => seq === kept.seq).checkpoint, kept);
    const data = await warded(["audit", "verify", "--data", server.data, "--json", "--public-key", key, "--checkpoints", witness]);
    assert.equal(data.code, 0, data.stdout + data.stderr);
    assert.ok(JSON.parse(data.stdout).signed_through >= kept.seq);
  });

  test("cover the last record of a server that has stopped, and the key outlives it", async () => {
    await server.restart();
    const listed = assertOk(await server.admin.get("/v1/audit/checkpoints"));
    assert.equal(listed.public_key, key);
    const { events } = assertOk(await server.admin.get("/v1/audit?event_type=system.stopped&limit=1"));
    assert.ok(witnessed().some(({ seq }) => seq === events[0].seq));
  });

  test("a witness that cannot be written is said at start", async () => {
    const other = new Server({ env: { WARDED_CHECKPOINT_FILE: "/nowhere/witness" } });
    await assert.rejects(other.start(), /checkpoint_file/);
    await other.dispose();
  });
});

describe("POST /v1/audit/erase", () => {
  test("takes the text of a subject's records, and the chain still holds and says so", async () => {
    const agent = await server.agent({ name: "forgotten" });
    for (let count = 0; count < 3; count += 1) assertOk(await server.as(agent.api_key).get("/v1/namespaces"));
    const of = () => server.admin.get(`/v1/audit?actor_id=${agent.id}`).then((answer) => assertOk(answer).total);
    const before = await of();
    assert.ok(before >= 3);
    assert.deepEqual(assertOk(await server.admin.post("/v1/audit/erase", { actor_id: agent.id, reason: "as they asked" })), { erased: before });
    assert.equal(await of(), 0);
    for (const accept of ["application/x-ndjson", "text/csv"]) {
      const { code, outcome } = await verify(await exported("", accept), "--public-key", key);
      assert.deepEqual([code, outcome.without_record], [0, before], JSON.stringify(outcome));
    }
    const result = await warded(["audit", "verify", "--data", server.data]);
    assert.match(result.stdout, new RegExp(`${before} of them known by their leaf only: erased, as later records say`));
    const { events } = assertOk(await server.admin.get("/v1/audit?event_type=audit.erased&limit=1"));
    assert.deepEqual([events[0].metadata.count, events[0].metadata.reason], [before, "as they asked"]);
  });

  test("a record that was taken in another way is found", async () => {
    const lines = (await exported()).trimEnd().split("\n");
    const [head, first, second, ...rest] = lines;
    const taken = { ...JSON.parse(second), record: null, salt: null };
    const { code, outcome } = await verify(`${[head, first, JSON.stringify(taken), ...rest].join("\n")}\n`);
    assert.deepEqual([code, outcome.reason], [1, "withheld"], JSON.stringify(outcome));
  });

  test("audit_retention does it by itself", async (t) => {
    const other = await Server.start(t, { env: { WARDED_AUDIT_RETENTION: "1s" } });
    assertOk(await other.admin.put("/v1/secrets/a/K", { value: "v" }), 201);
    await until(10_000, "a second to pass since the records", async () => {
      const { events } = assertOk(await other.admin.get("/v1/audit?limit=1"));
      return Date.now() - Date.parse(events[0].created_at) > 1_500;
    });
    // The sweep comes with the start.
    await other.restart();
    await until(10_000, "the sweep", async () => assertOk(await other.admin.get("/v1/audit?event_type=audit.erased")).total > 0);
    assert.equal(assertOk(await other.admin.get("/v1/audit?path=a/K")).total, 0);
    const result = await warded(["audit", "verify", "--data", other.data]);
    assert.equal(result.code, 0, result.stdout + result.stderr);
  });
});
