// The audit: what is asked of it over HTTP, and what `warded audit verify` makes of the data folder and of exports.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk, assertTimestamp } from "./answer.mjs";
import { until } from "./deadline.mjs";
import { folder, Server, warded } from "./harness.mjs";

const server = new Server();
let agent;
let token;

before(async () => {
  await server.start();
  agent = await server.agent({ name: "audited", namespaces: ["audit"], scopes: ["secrets:*:audit/*"] });
  for (const key of ["A", "B", "C"]) assertOk(await server.admin.put(`/v1/secrets/audit/${key}`, { value: key }), 201);
  token = await server.token(agent.api_key, { scopes: ["secrets:read:audit/*"] });
  const caller = server.as(token.token);
  for (const key of ["A", "B", "A"]) assertOk(await caller.get(`/v1/secrets/audit/${key}`));
  assertError(await caller.get("/v1/secrets/elsewhere/KEY"), 403, "SCOPE_DENIED");
  assertError(await caller.get("/v1/secrets/audit/ABSENT"), 404, "SECRET_NOT_FOUND");
  // A refusal is told before it is recorded.
  await until(5_000, "the records of the refusals", async () =>
    (await events(`actor_id=${agent.id}`)).some((event) => event.path === "audit/ABSENT"),
  );
});
after(() => server.dispose());

const page = async (query) => assertOk(await server.admin.get(`/v1/audit?${query}`));
const events = async (query) => (await page(`${query}&limit=1000`)).events;

describe("GET /v1/audit", () => {
  test("an event says who did what to what, from where and how it ended", async () => {
    const [event] = await events("event_type=secret.read&path=audit/B");
    assert.match(event.id, /^evt_/);
    assert.ok(Number.isInteger(event.seq));
    assert.equal(event.event_type, "secret.read");
    assert.equal(event.actor_id, agent.id);
    assert.equal(event.actor_type, "agent");
    assert.equal(event.resource_type, "secret");
    assert.match(event.resource_id, /^sec_[0-9a-f]{32}$/);
    assert.equal(event.outcome, "allow");
    assert.deepEqual(event.reasons, []);
    assert.equal(event.ip_address, "127.0.0.1");
    assert.equal(typeof event.request_id, "string");
    assert.equal(typeof event.metadata, "object");
    assertTimestamp(event.created_at, "created_at");
    assert.match(event.link, /^[0-9a-f]{64}$/);
    assert.ok(!JSON.stringify(event).includes(token.token));
  });

  test("a refusal is recorded under its own type with its reasons", async () => {
    const [denied] = await events(`event_type=secret.read&outcome=deny&actor_id=${agent.id}`);
    assert.equal(denied.outcome, "deny");
    assert.ok(denied.reasons.includes("scope_missing"), JSON.stringify(denied.reasons));
  });

  test("each filter keeps what matches, and only that", async () => {
    const all = await events("");
    const filters = {
      "event_type=secret.created": (event) => event.event_type === "secret.created",
      "resource_type=token": (event) => event.resource_type === "token",
      [`actor_id=${agent.id}`]: (event) => event.actor_id === agent.id,
      "outcome=deny": (event) => event.outcome === "deny",
      "ip=127.0.0.1": (event) => event.ip_address === "127.0.0.1",
      "event_type=secret.read&outcome=allow": (event) => event.event_type === "secret.read" && event.outcome === "allow",
    };
    for (const [query, keeps] of Object.entries(filters)) {
      const expected = all.filter(keeps).map((event) => event.seq);
      assert.ok(expected.length > 0, `${query}: the test has nothing to find`);
      const { events: found, total } = await page(`${query}&limit=1000`);
      assert.deepEqual(
        found.map((event) => event.seq),
        expected,
        query,
      );
      assert.equal(total, expected.length, query);
    }
    assert.equal((await events("path=audit/A")).filter((event) => event.event_type === "secret.read").length, 2);
    assert.deepEqual(await events("ip=192.0.2.1"), []);
    assert.deepEqual(await events("path=audit"), []);
  });

  test("start_time is included, end_time is not", async () => {
    const all = await events("");
    const at = all[Math.floor(all.length / 2)].created_at;
    const from = await events(`start_time=${encodeURIComponent(at)}`);
    const to = await events(`end_time=${encodeURIComponent(at)}`);
    assert.ok(from.every((event) => Date.parse(event.created_at) >= Date.parse(at)));
    assert.ok(to.every((event) => Date.parse(event.created_at) < Date.parse(at)));
    assert.equal(from.length + to.length, all.length);
  });

  test("pages cover everything once, newest first", async () => {
    const all = await events("");
    const seqs = all.map((event) => event.seq);
    assert.deepEqual(
      seqs,
      [...seqs].sort((one, other) => other - one),
    );
    const paged = [];
    for (let number = 1; paged.length < all.length; number += 1) {
      const one = await page(`page=${number}&limit=4`);
      assert.equal(one.page, number);
      assert.equal(one.limit, 4);
      assert.equal(one.total, all.length);
      assert.ok(one.events.length > 0, "no empty page before the end");
      paged.push(...one.events.map((event) => event.seq));
    }
    assert.deepEqual(paged, seqs);
  });

  test("is for those who may read it", async () => {
    for (const text of [agent.api_key, token.token]) assertError(await server.as(text).get("/v1/audit"), 403, "SCOPE_DENIED");
    assertError(await server.api.get("/v1/audit"), 401, "UNAUTHORIZED");
  });
});

describe("warded audit", () => {
  let lines;
  // Verification is offline: it may say no to a folder that a server has.
  before(() => server.stop());

  /** The export of this server's folder, once. */
  async function exported() {
    if (lines) return lines;
    const result = await warded(["audit", "export", "--data", server.data]);
    assert.equal(result.code, 0, result.stderr);
    lines = result.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(lines.some((line) => line.checkpoint));
    // Here the chain is on its own; what checkpoints add is tested elsewhere.
    lines = lines.filter((line) => !line.checkpoint);
    return lines;
  }

  const verify = (all) => {
    const file = join(folder(), "audit.ndjson");
    writeFileSync(file, all.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return warded(["audit", "verify", file]);
  };

  test("the data folder verifies, and what was not checked is said", async () => {
    const result = await warded(["audit", "verify", "--data", server.data]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /signature/i);
  });

  test("an export has a head and every record, and verifies", async () => {
    const [head, ...records] = await exported();
    assert.equal(head.format, "warded-audit/1");
    assert.equal(head.start_seq, 1);
    assert.equal(head.previous_link, "0".repeat(64));
    assert.match(head.tenant, /^[0-9a-f]{32}$/);
    assert.deepEqual(
      records.map((line) => line.seq),
      records.map((_, index) => index + 1),
    );
    for (const line of records) {
      assert.deepEqual(Object.keys(line).sort(), ["leaf", "link", "record", "salt", "seq"]);
      assert.equal(typeof line.record, "object");
    }
    assert.equal((await verify([head, ...records])).code, 0);
    assert.ok(
      !readFileSync(join(server.keys, "admin.key"), "utf8")
        .split("\n")
        .some((key) => key && JSON.stringify(records).includes(key)),
    );
  });

  const TAMPERING = {
    "a changed record": (line) => {
      line.record.outcome = "allow ";
    },
    "an added field": (line) => {
      line.record.note = "x";
    },
    "another salt": (line) => {
      line.salt = "00".repeat(16);
    },
    "another leaf": (line) => {
      line.leaf = "00".repeat(32);
    },
    "another link": (line) => {
      line.link = "00".repeat(32);
    },
  };
  for (const [what, tamper] of Object.entries(TAMPERING)) {
    test(`${what} is found at its seq`, async () => {
      const all = structuredClone(await exported());
      tamper(all[5]);
      const result = await verify(all);
      assert.equal(result.code, 1, result.stdout);
      assert.match(result.stdout + result.stderr, /\b5\b/);
    });
  }

  test("a missing, doubled or moved record is found at the first seq that is wrong", async () => {
    const all = await exported();
    const without = [...all.slice(0, 5), ...all.slice(6)];
    const doubled = [...all.slice(0, 6), ...all.slice(5)];
    const moved = [...all.slice(0, 5), all[6], all[5], ...all.slice(7)];
    for (const wrong of [without, doubled, moved]) {
      const result = await verify(wrong);
      assert.equal(result.code, 1, result.stdout);
      assert.match(result.stdout + result.stderr, /\b[56]\b/);
    }
  });

  test("a record left out keeps its leaf and link, and the rest verifies", async () => {
    const all = structuredClone(await exported());
    Object.assign(all[5], { record: null, salt: null });
    assert.equal((await verify(all)).code, 1, "nothing says why");
    all[0].filter = { outcome: "allow" };
    assert.equal((await verify(all)).code, 0);
  });

  test("what is no export is refused", async () => {
    const file = join(folder(), "not.ndjson");
    for (const text of ["", "hello\n", "{}\n", '{"format":"warded-audit/9"}\n']) {
      writeFileSync(file, text);
      const result = await warded(["audit", "verify", file]);
      assert.equal(result.code, 1, JSON.stringify(text));
      assert.notEqual(result.stderr + result.stdout, "");
    }
    assert.equal((await warded(["audit", "verify", join(folder(), "absent")])).code, 1);
    assert.equal((await warded(["audit", "verify", "--data", join(folder(), "absent")])).code, 1);
  });
});
