// Usages in a real Redis server, through both clients that Node's users have.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";

import Redis from "ioredis";
import { createClient } from "redis";

import { areThere } from "../conformance/js/toolchain.mjs";
import { edge, guarding } from "./setting.mjs";

const REMEDY = "install Redis (Debian: `apt-get install redis-server`) or Valkey";

function server() {
  for (const name of ["redis-server", "valkey-server"]) {
    const found = process.env.PATH.split(delimiter).map((folder) => join(folder, name)).find((path) => existsSync(path));
    if (found) return { path: found, version: name, remedy: REMEDY };
  }
  return { version: undefined, remedy: REMEDY };
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** A server of its own for the tests, and a client of each kind. */
async function withRedis(redis, use) {
  const folder = mkdtempSync(join(tmpdir(), "warded-redis-"));
  const port = await freePort();
  const child = spawn(redis.path, ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]);
  const ended = once(child, "exit");
  try {
    for await (const line of createInterface({ input: child.stdout })) if (/ready to accept connections/i.test(line)) break;
    const node = await createClient({ url: `redis://127.0.0.1:${port}` }).connect();
    const io = new Redis(port, "127.0.0.1");
    try {
      await use({ node, io });
    } finally {
      node.destroy();
      io.disconnect();
    }
  } finally {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

test("usages in Redis", async (t) => {
  const redis = server();
  if (!areThere(t, { redis })) return;
  await withRedis(redis, async ({ node, io }) => {
    const clients = { "node-redis": node, ioredis: io, "a function": (command) => node.sendCommand(command) };
    for (const [name, client] of Object.entries(clients)) {
      await t.test(`${name}: 64 requests at once on three uses`, async () => {
        const usage = edge.redisUsage(client, { prefix: `${name}:` });
        const { ask } = guarding({ max_uses: 3 }, { guard: { usage } });
        const results = await Promise.all(Array.from({ length: 64 }, () => ask()));
        assert.equal(results.filter(({ ok }) => ok).length, 3);
        const [stored] = await usage.read(["tok_1"]);
        assert.deepEqual([stored.uses, stored.revision], [3, 3]);
      });
    }
    await t.test("two usages are swapped together or not at all", async () => {
      const usage = edge.redisUsage(node, { prefix: "both:" });
      const next = (revision) => ({ revision, uses: revision, last: 1 });
      assert.equal(await usage.swap([{ id: "a", expected: 0, next: next(1) }, { id: "b", expected: 0, next: next(1) }]), undefined);
      const stored = await usage.swap([{ id: "a", expected: 1, next: next(2) }, { id: "b", expected: 0, next: next(2) }]);
      assert.deepEqual(stored.map(({ revision }) => revision), [1, 1]);
      assert.deepEqual((await usage.read(["a", "b", "c"].slice(0, 2))).map(({ revision }) => revision), [1, 1]);
    });
    await t.test("a usage is forgotten only after the time that was given", async () => {
      const usage = edge.redisUsage(node, { prefix: "time:" });
      const forget = Date.now() + 3_600_000;
      await usage.swap([{ id: "a", expected: 0, next: { revision: 1, uses: 1, last: 1 }, forget }]);
      const [key] = await node.keys("time:*");
      assert.equal(Number(await node.sendCommand(["PEXPIRETIME", key])), forget);
    });
    await t.test("keys of one partition share a slot, whatever their ids hold", async () => {
      const usage = edge.redisUsage(node, { prefix: "slot:" });
      await usage.swap([{ id: "a}{b", expected: 0, next: { revision: 1, uses: 1, last: 1 } }, { id: "c", expected: 0, next: { revision: 1, uses: 1, last: 1 } }]);
      const slots = await Promise.all((await node.keys("slot:*")).map((key) => node.sendCommand(["CLUSTER", "KEYSLOT", key]).catch(() => tag(key))));
      assert.equal(new Set(slots).size, 1);
    });
  });
});

/** What the slot of a key is computed from (Redis cluster specification, "Hash tags"). */
const tag = (key) => /\{(.+?)\}/.exec(key)[1];

test("what is no client is refused by name", () => {
  assert.throws(() => edge.redisUsage({}), /client: expected/);
});
