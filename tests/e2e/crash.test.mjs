// kill -9 between acknowledged writes, again and again on one data folder: nothing acknowledged is lost, and the chain verifies each time.
// `make torture` does it a thousand times.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertOk } from "./answer.mjs";
import { Server, warded } from "./harness.mjs";
import { generator } from "./random.mjs";

const ROUNDS = Number(process.env.WARDED_CRASH_ROUNDS ?? 50);
const SEED = Number(process.env.WARDED_CRASH_SEED ?? Date.now() % 1_000_000);
const WRITERS = 6;

test(`kill -9, ${ROUNDS} rounds`, { timeout: 20_000 + ROUNDS * 2_000 }, async (t) => {
  t.diagnostic(`seed ${SEED} (repeat with WARDED_CRASH_SEED=${SEED})`);
  const random = generator(SEED);
  const server = new Server();
  t.after(() => server.dispose());
  await server.start();
  const agent = await server.agent();
  const writers = Array.from({ length: WRITERS }, (_, index) => ({ path: `crash/w${index}/KEY`, version: 0, value: undefined }));
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { token } = await server.token(agent.api_key, { scopes: ["secrets:*:crash/*"] });
    acknowledged += await writeUntilKilled(server, token, writers, 1 + Math.floor(random() * 24), random);
    await assertChain(server, round);
    await server.start();
    for (const writer of writers) await assertKept(server, token, writer, round);
  }
  await assertRecorded(server, writers);
  await server.stop();
  await assertChain(server, "the end");
  t.diagnostic(`${acknowledged} writes acknowledged in ${ROUNDS} rounds`);
});

/** All writers write until `target` writes have been acknowledged in this round; then the server is killed at once. */
async function writeUntilKilled(server, token, writers, target, random) {
  let count = 0;
  let killed;
  await Promise.all(
    writers.map(async (writer) => {
      while (!killed) {
        const value = `${writer.path} ${Math.floor(random() * 2 ** 32)}`;
        // What may have been stored although nobody was told: the one write whose answer is lost.
        writer.unanswered = value;
        const answer = await server
          .as(token)
          .put(`/v1/secrets/${writer.path}`, { value })
          .catch(() => undefined);
        if (answer === undefined) {
          assert.ok(killed, "only a killed server does not answer");
          return;
        }
        assert.ok(answer.status === 200 || answer.status === 201, answer.text);
        Object.assign(writer, { version: answer.json.version, value, unanswered: undefined });
        count += 1;
        if (count >= target) killed ??= server.kill();
      }
    }),
  );
  await killed;
  return count;
}

/** The newest version is the acknowledged one, or the one write after it whose answer was lost. */
async function assertKept(server, token, writer, round) {
  const answer = await server.as(token).get(`/v1/secrets/${writer.path}`);
  const what = `round ${round}, seed ${SEED}: ${writer.path}`;
  if (writer.version === 0 && answer.status === 404) return;
  const { version, value } = assertOk(answer, 200, what);
  if (version === writer.version) {
    assert.equal(value, writer.value, what);
  } else {
    assert.equal(version, writer.version + 1, what);
    assert.equal(value, writer.unanswered, what);
  }
  Object.assign(writer, { version, value, unanswered: undefined });
}

async function assertChain(server, when) {
  const result = await warded(["audit", "verify", "--data", server.data]);
  assert.equal(result.code, 0, `${when}, seed ${SEED}: ${result.stdout}${result.stderr}`);
}

/** Each version has exactly one record of its being written. */
async function assertRecorded(server, writers) {
  for (const { path, version } of writers) {
    let written = 0;
    for (const event of ["secret.created", "secret.updated"]) written += await recorded(server, path, event);
    assert.equal(written, version, path);
  }
}

/** How many records of an event a path has, page after page. */
async function recorded(server, path, event) {
  let count = 0;
  for (let cursor = ""; cursor !== undefined; ) {
    const query = `/v1/audit?path=${encodeURIComponent(path)}&event_type=${event}&outcome=allow&limit=1000${cursor}`;
    const { events, next_cursor: next } = assertOk(await server.admin.get(query));
    count += events.length;
    cursor = next ? `&cursor=${encodeURIComponent(next)}` : undefined;
  }
  return count;
}
