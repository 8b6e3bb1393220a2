// Ten thousand tokens with random `max_uses`, 64 clients, and kill -9 again and again: never a value too many, and each has its record.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server, warded } from "./harness.mjs";
import { generator } from "./random.mjs";

const TOKENS = Number(process.env.WARDED_TORTURE_TOKENS ?? 10_000);
const SEED = Number(process.env.WARDED_TORTURE_SEED ?? Date.now() % 1_000_000);
const CLIENTS = 64;
const KILLS = 6;
const PATH = "/v1/secrets/torture/KEY";

const clients = (act) => Promise.all(Array.from({ length: CLIENTS }, act));

test(`${TOKENS} tokens, ${CLIENTS} clients, ${KILLS} kills`, { timeout: 300_000 }, async (t) => {
  t.diagnostic(`seed ${SEED} (repeat with WARDED_TORTURE_SEED=${SEED})`);
  const random = generator(SEED);
  const env = { WARDED_TOKENS_PER_AGENT: String(TOKENS), WARDED_CONNECTIONS_PER_ADDRESS: "1024" };
  const server = new Server({ env });
  t.after(() => server.dispose());
  await server.start();
  assertOk(await server.admin.put(PATH, { value: "counted" }), 201);
  const tokens = await issue(server, random);
  const uses = tokens.reduce((sum, token) => sum + token.most, 0);
  let live = tokens;
  for (let round = 1; round <= KILLS + 1; round += 1) {
    // The last round is not cut short: it reads until no token gives anything more.
    const stop = round <= KILLS ? Math.floor(uses / (KILLS + 2)) : Infinity;
    await read(server, live, stop, random);
    live = live.filter((token) => !token.spent);
    if (stop !== Infinity) {
      await assertChain(server);
      await server.start();
    }
  }
  assert.equal(live.length, 0, "the last round has used up every token");
  const recorded = await audited(server);
  for (const token of tokens) assertCounted(token, recorded.get(token.id) ?? new Set());
  const given = tokens.reduce((sum, token) => sum + token.given.length, 0);
  t.diagnostic(`${uses} uses, ${given} values received, ${uses - given} answers lost in ${KILLS} kills`);
  assert.ok(uses - given <= KILLS * CLIENTS, "no more answers are lost than were under way");
  await server.stop();
  await assertChain(server);
});

/** Tokens of several agents, issued by all clients at once. */
async function issue(server, random) {
  const agents = await Promise.all(Array.from({ length: 4 }, () => server.agent()));
  const tokens = [];
  let next = 0;
  await clients(async () => {
    while (next < TOKENS) {
      next += 1;
      const most = 1 + Math.floor(random() * 4);
      const { api_key } = agents[next % agents.length];
      const { token, token_id: id } = await server.token(api_key, { scopes: ["secrets:read:torture/KEY"], max_uses: most });
      tokens.push({ id, text: token, most, given: [], spent: false });
    }
  });
  assert.equal(tokens.length, TOKENS);
  return tokens;
}

/** All clients read with random tokens, two of them often with the same one, until `stop` values have been given; then the server is killed. */
async function read(server, live, stop, random) {
  let count = 0;
  let killed;
  const left = [...live];
  await clients(async () => {
    while (!killed && left.length > 0) {
      const place = Math.floor(random() * left.length);
      const token = left[place];
      const answer = await server
        .as(token.text)
        .get(PATH)
        .catch(() => undefined);
      if (answer === undefined) {
        assert.ok(killed, "only a killed server does not answer");
        return;
      }
      if (answer.status === 200) {
        assert.equal(answer.json.value, "counted");
        token.given.push(answer.headers["x-request-id"]);
        assert.ok(token.given.length <= token.most, `seed ${SEED}, ${token.id}: a value too many`);
        count += 1;
        if (count >= stop) killed ??= server.kill();
        continue;
      }
      assertError(answer, 401, "UNAUTHORIZED", { reasons: ["uses_exhausted"] });
      token.spent = true;
      const now = left.indexOf(token);
      if (now >= 0) left.splice(now, 1);
    }
  });
  await killed;
}

/** The request ids of the reads that the audit has, by token. */
async function audited(server) {
  const found = new Map();
  let cursor = "";
  do {
    const query = `/v1/audit?event_type=secret.read&outcome=allow&path=torture/KEY&limit=1000${cursor}`;
    const { events, next_cursor: next } = assertOk(await server.admin.get(query));
    for (const { metadata, request_id: id } of events) {
      const of = found.get(metadata.token_id) ?? new Set();
      found.set(metadata.token_id, of.add(id));
    }
    cursor = next ? `&cursor=${encodeURIComponent(next)}` : undefined;
  } while (cursor !== undefined);
  return found;
}

/** Every use was spent once, each value that was given has its record, and the rest are answers that were lost. */
function assertCounted(token, records) {
  const what = `seed ${SEED}, ${token.id}`;
  assert.equal(records.size, token.most, `${what}: records of its uses`);
  assert.ok(
    token.given.every((id) => records.has(id)),
    `${what}: each value has its record`,
  );
  assert.equal(new Set(token.given).size, token.given.length, what);
}

async function assertChain(server) {
  const result = await warded(["audit", "verify", "--data", server.data]);
  assert.equal(result.code, 0, `seed ${SEED}: ${result.stdout}${result.stderr}`);
}
