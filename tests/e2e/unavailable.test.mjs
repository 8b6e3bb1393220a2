// The audit cannot be written: whoever asks is told within two seconds, nothing is disclosed or changed, and service goes on by itself.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { until } from "./deadline.mjs";
import { folder, Server, warded } from "./harness.mjs";
import { Child } from "./process.mjs";

/** From the request to its answer, on a machine that does other things too: two seconds, and what the test's own process loses. */
const MOST = 2_500;
const SECRET = "value-that-nobody-may-see";

/** A server with a secret and an agent's token. */
async function prepare(t, options) {
  const server = await Server.start(t, options);
  assertOk(await server.admin.put("/v1/secrets/a/KEY", { value: SECRET }), 201);
  const agent = await server.agent();
  const token = await server.token(agent.api_key, { scopes: ["secrets:*:a/*"], max_uses: 5 });
  return { server, agent, caller: server.as(token.token), token };
}

/** Everything that has an effect, asked while nothing can be recorded. */
const effects = ({ server, agent, caller }) => ({
  "a read": () => caller.get("/v1/secrets/a/KEY"),
  "a write": () => caller.put("/v1/secrets/a/KEY", { value: "other" }),
  "a listing": () => caller.get("/v1/secrets/a"),
  "a deletion": () => caller.delete("/v1/secrets/a/KEY"),
  "a new token": () => server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:a/*"] }),
  "a new agent": () => server.admin.post("/v1/agents", { name: "late", allowed_namespaces: ["*"], allowed_scopes: [] }),
  "an export": () => server.admin.get("/v1/audit/export"),
  "an erasure": () => server.admin.post("/v1/audit/erase", { path: "a/KEY" }),
});

async function assertUnavailable(what, ask) {
  const start = performance.now();
  const answer = await ask();
  const ms = performance.now() - start;
  assertError(answer, 503, "AUDIT_UNAVAILABLE", {}, what);
  assert.ok(!answer.text.includes(SECRET), what);
  assert.ok(ms < MOST, `${what}: ${Math.round(ms)} ms`);
  return ms;
}

/** What happened before and after, and nothing in between: one record for each effect, one use for each read. */
async function assertNothingHappened({ server, agent, caller, token }) {
  const read = await until(10_000, "service again", async () => {
    const answer = await caller.get("/v1/secrets/a/KEY");
    if (answer.status === 200) return answer.json;
    assertError(answer, 503, "AUDIT_UNAVAILABLE");
    return undefined;
  });
  assert.deepEqual([read.value, read.version], [SECRET, 1]);
  const shown = assertOk(await server.admin.get(`/v1/tokens/${token.token_id}`));
  assert.equal(shown.uses, 1, "what was refused spent nothing");
  const { total } = assertOk(await server.admin.get(`/v1/audit?event_type=secret.read&actor_id=${agent.id}`));
  assert.equal(total, 1);
  const { items } = assertOk(await server.admin.get("/v1/agents"));
  assert.ok(!items.some(({ name }) => name === "late"));
  assertOk(await caller.put("/v1/secrets/a/KEY", { value: "next" }), 200);
  assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.stderr);
  const verified = await warded(["audit", "verify", "--data", server.data]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
}

/** A file system of a few MiB, gone with the test; or why there is none. */
function smallFileSystem(t) {
  const root = folder();
  const path = join(root, "small");
  mkdirSync(path, { mode: 0o700 });
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", path], { encoding: "utf8" });
  if (mounted.status !== 0) {
    return { why: `a small file system cannot be mounted here: ${(mounted.stderr ?? String(mounted.error)).trim()}` };
  }
  t.after(() => spawnSync("umount", ["-l", path]));
  return { path };
}

/** Fills a file system to its last byte, and frees it again. */
function fill(path) {
  const file = join(path, "filler");
  const handle = openSync(file, "w");
  try {
    for (let size = 65_536; size >= 1; ) {
      try {
        if (writeSync(handle, Buffer.alloc(size)) < size) size >>= 1;
      } catch (error) {
        assert.equal(error.code, "ENOSPC");
        size >>= 1;
      }
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return () => rmSync(file);
}

describe("a full disk", () => {
  test("stops every effect at once, and nothing else; space brings it back", async (t) => {
    const { path, why } = smallFileSystem(t);
    // Root mounts; a machine of continuous integration has it or says so in its own settings.
    if (why) return t.skip(why);
    const prepared = await prepare(t, { root: path });
    const free = fill(path);
    const times = [];
    // The log keeps the room that it had: it is used up when not even the smallest record finds any, again and again.
    let refused = 0;
    await until(30_000, "the disk to be full for the smallest record", async () => {
      const answer = await prepared.server.admin.get("/v1/secrets/a/KEY");
      refused = answer.status === 503 ? refused + 1 : 0;
      return refused === 20;
    });
    for (const [what, ask] of Object.entries(effects(prepared))) times.push(await assertUnavailable(what, ask));
    t.diagnostic(`answered within ${Math.round(Math.max(...times))} ms`);
    assertOk(await prepared.server.api.get("/v1/health"));
    assertError(await prepared.server.api.get("/v1/me"), 401, "UNAUTHORIZED", {}, "a stranger hears what strangers hear");
    assert.equal((await prepared.server.api.get("/health/ready")).status, 200, "it reads");
    free();
    await assertNothingHappened(prepared);
  });
});

const HOLDER = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
database.execute("ROLLBACK")
`;

/** A process that holds the database's lock until it is told to let go; or why there is none. */
async function hold(t, database) {
  const python = spawnSync("python3", ["-c", "import sqlite3"], { encoding: "utf8" });
  if (python.status !== 0) return { why: "no python3 with sqlite3 to lock the database from another process" };
  const child = new Child("python3", ["-c", HOLDER, database]);
  t.after(() => child.signal("SIGKILL"));
  await child.printed(5_000, "the lock", ({ stdout }) => stdout.includes("held"));
  return {
    letGo: async () => {
      child.process.stdin.end();
      assert.equal((await child.exit()).code, 0, child.stderr);
    },
  };
}

describe("a database that another process has locked", () => {
  test("stops every effect within two seconds each, and its release brings them back", async (t) => {
    const prepared = await prepare(t);
    const { letGo, why } = await hold(t, join(prepared.server.data, "warded.db"));
    if (why) return t.skip(why);
    const times = [];
    for (const [what, ask] of Object.entries(effects(prepared))) times.push(await assertUnavailable(what, ask));
    t.diagnostic(`answered within ${Math.round(Math.max(...times))} ms`);
    await letGo();
    await assertNothingHappened(prepared);
  });

  test("does not make many callers wait for each other", async (t) => {
    const prepared = await prepare(t);
    const { letGo, why } = await hold(t, join(prepared.server.data, "warded.db"));
    if (why) return t.skip(why);
    const asks = Array.from({ length: 32 }, () => assertUnavailable("one of many", effects(prepared)["a read"]));
    await Promise.all(asks);
    await letGo();
    await assertNothingHappened(prepared);
  });
});
