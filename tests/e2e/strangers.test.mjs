// Garbage from strangers is counted, not recorded one by one: it cannot fill the disk, and the audit of known callers goes on beside it.

import assert from "node:assert/strict";
import http from "node:http";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server, warded } from "./harness.mjs";
import { forge } from "./token.mjs";

/** Strangers at the same time, and how many requests they send in all. */
const STRANGERS = 16;
const REQUESTS = 8_000;
/** How many times longer a known caller may wait while they do; the machine of the test does their work too. */
const MOST_SLOWED = 60;

/** Reads so many times, one after the other: the median in ms. */
async function median(caller, times) {
  const took = [];
  for (let count = 0; count < times; count += 1) {
    const start = performance.now();
    assertOk(await caller.get("/v1/secrets/a/KEY"));
    took.push(performance.now() - start);
  }
  return took.sort((one, other) => one - other)[Math.floor(times / 2)];
}

const bytes = (path) => readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
const records = async (server) => assertOk(await server.admin.get("/v1/audit?limit=1")).events[0].seq;

test("strangers neither fill the disk nor keep known callers from being recorded", async (t) => {
  const server = await Server.start(t, { env: { WARDED_CONNECTIONS_PER_ADDRESS: "1000", WARDED_LOG: "error" } });
  assertOk(await server.admin.put("/v1/secrets/a/KEY", { value: "v" }), 201);
  const agent = await server.agent();
  const { token } = await server.token(agent.api_key, { scopes: ["secrets:read:a/*"] });
  const known = server.as(token);
  await median(known, 50);
  const alone = await median(known, 100);

  const [before, size] = [await records(server), bytes(server.data)];
  const pool = new http.Agent({ keepAlive: true, maxSockets: STRANGERS });
  t.after(() => pool.destroy());
  const stranger = server.api.as(null);
  stranger.agent = pool;
  // No credential, no form, an unknown one, no route, and paths as long as they may be.
  const garbage = [
    () => stranger.get("/v1/secrets/a/KEY"),
    () => stranger.as("nonsense").get("/v1/me"),
    () => stranger.as(forge("s")).get("/v1/secrets/a/KEY"),
    () => stranger.as(forge("a")).post("/v1/tokens", { scopes: ["secrets:read:*"] }),
    () => stranger.get(`/v1/${"x".repeat(3_000)}`),
  ];
  let [sent, done] = [0, false];
  const refused = {};
  const flood = Promise.all(
    Array.from({ length: STRANGERS }, async () => {
      while (sent < REQUESTS) {
        const answer = await garbage[sent++ % garbage.length]();
        assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
        refused[answer.json.error.code] = (refused[answer.json.error.code] ?? 0) + 1;
      }
    }),
  ).finally(() => {
    done = true;
  });
  const during = [];
  while (!done) during.push(await median(known, 5));
  await flood;
  const slowed = during.sort((one, other) => one - other)[Math.floor(during.length / 2)] / alone;
  const reads = 5 * during.length;

  const written = (await records(server)) - before - reads;
  const grown = bytes(server.data) - size;
  t.diagnostic(`${REQUESTS} refused; ${written} records of them; known callers waited × ${slowed.toFixed(1)} (${alone.toFixed(2)} ms alone)`);
  // One a minute, and a test on a slow machine may see a few minutes begin.
  assert.ok(written >= 0 && written <= 5, `${written} records of strangers`);
  assert.ok(grown < 4 * 1024 * reads + 8 * 1024 * 1024, `${grown} bytes for ${reads} reads`);
  assert.ok(slowed < MOST_SLOWED, `known callers waited × ${slowed.toFixed(1)}`);
  assertError(await stranger.get("/v1/me"), 401, "UNAUTHORIZED");

  // What was counted and not yet recorded is recorded at the end.
  await server.restart();
  const { events } = assertOk(await server.admin.get("/v1/audit?event_type=request.refused&actor_id=system&limit=100"));
  const counted = events.reduce((sum, event) => sum + event.metadata.total, 0);
  assert.ok(counted >= REQUESTS, `${counted} of ${REQUESTS} counted`);
  for (const event of events) {
    assert.ok(event.metadata.counts.length <= 64);
    assert.ok(event.metadata.counts.every((line) => / 127\.0\.0\.0\/24 \d+$/.test(line)), event.metadata.counts.join());
  }
  assert.deepEqual([...new Set(events.flatMap((event) => event.reasons))].sort(), Object.keys(refused).sort());
  const verified = await warded(["audit", "verify", "--data", server.data]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});
