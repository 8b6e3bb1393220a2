// No secret ever shows: canaries are planted, every route is driven with good and bad input at trace level, and every sink is searched.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Canaries, files, masterKeys } from "./canary.mjs";
import { Server } from "./harness.mjs";
import { exchange } from "./http.mjs";
import { ROUTES } from "./input-bodies.mjs";
import { METHODS } from "./input-paths.mjs";
import { forge, miscount } from "./token.mjs";

const server = new Server({ env: { WARDED_LOG: "trace", WARDED_METRICS_LISTEN: "127.0.0.1:0" } });
const canaries = new Canaries();
// Kept apart from `canaries`: a value is given to those who may read it, and only to them.
const answers = [];
const random = () => `Canary${randomBytes(18).toString("hex")}`;
const refused = canaries.plant("refused body", random());
let credentials;

before(
  async () => {
    await server.start();
    await plant();
    await drive();
    // What has been written goes into the database, and the log of a stop is searched too.
    await server.restart();
    answers.push({ what: "metrics", text: await metrics() });
    await server.stop();
  },
  { timeout: 120_000 },
);
after(() => server.dispose());

/** Sends and remembers: headers of every answer, bodies of all but those that are meant to show a secret. */
async function send(caller, method, path, options = {}) {
  const { shows, ...rest } = options;
  const answer = await caller.send(method, path, rest);
  answers.push({ what: `${method} ${path}`, text: JSON.stringify(answer.headers) });
  if (!shows || answer.status >= 400) answers.push({ what: `${method} ${path} ${answer.status}`, text: answer.text });
  return answer;
}

async function plant() {
  const agent = await server.agent({ name: "canary", namespaces: ["canary"], scopes: ["secrets:*:canary/*", "namespaces:read"] });
  const token = await server.token(agent.api_key, { scopes: ["secrets:*:canary/*", "namespaces:read"] });
  const revoked = await server.token(agent.api_key, { scopes: ["secrets:read:canary/*"] });
  await server.admin.delete(`/v1/tokens/${revoked.token_id}`);
  credentials = {
    "admin key": server.adminKey,
    "agent key": agent.api_key,
    "scoped token": token.token,
    "revoked token": revoked.token,
    "forged token": forge("s"),
    "miscounted key": miscount(agent.api_key),
    "forged key": forge("k"),
  };
  for (const [name, text] of Object.entries(credentials)) canaries.plantToken(name, text);
  for (const key of masterKeys(readFileSync(join(server.keys, "keyring"), "utf8"))) canaries.plant("master key", key);

  const holder = server.as(token.token);
  const value = (name) => canaries.plant(name, random());
  await send(holder, "PUT", "/v1/secrets/canary/KEY", { json: { value: value("first version") } });
  await send(holder, "PUT", "/v1/secrets/canary/KEY", { json: { value: value("second version") } });
  await send(holder, "PUT", "/v1/secrets/canary/GONE", { json: { value: value("deleted value") } });
  await send(holder, "DELETE", "/v1/secrets/canary/GONE");
  const content = `A=${value("imported value")}\nB="${value("imported, quoted")}"\nC='${value("imported, raw")}'\n`;
  await send(holder, "POST", "/v1/secrets/import", { json: { namespace: "canary/imported", content } });
  for (const key of ["KEY", "KEY?version=1", "imported/A", "imported/B"]) {
    const answer = await send(holder, "GET", `/v1/secrets/canary/${key}`, { shows: true });
    assert.equal(answer.status, 200, answer.text);
    assert.notDeepEqual(canaries.found(answer.text), [], "the search finds what is there");
  }
}

async function drive() {
  const callers = [server.api, ...Object.values(credentials).map((text) => server.as(text))];
  const texts = Object.values(credentials);
  for (const caller of callers) {
    for (const [path, methods] of Object.entries(METHODS)) {
      for (const method of methods.filter((one) => one === "GET")) await send(caller, method, path);
      await send(caller, "PATCH", path);
    }
    for (const { method, path, good } of Object.values(ROUTES)) {
      for (const body of wrongBodies(good)) await send(caller, method, path, { body, headers: { "content-type": "application/json" } });
      await send(caller, method, path, { body: refused, headers: { "content-type": "text/plain" } });
    }
    for (const path of reads) await send(caller, "GET", path);
  }
  for (const text of texts) {
    for (const caller of [server.admin, server.as(credentials["scoped token"]), server.api]) {
      for (const [method, path] of misplaced(text)) await send(caller, method, path);
    }
    await misplacedInHeaders(text);
  }
}

const reads = [
  "/v1/secrets/canary",
  "/v1/secrets?namespace=canary",
  "/v1/secrets/canary/KEY?view=metadata",
  "/v1/secrets/canary/KEY?view=versions",
  "/v1/audit?limit=1000",
  "/v1/secrets/canary/KEY?version=77",
  "/v1/tokens",
  "/v1/agents",
  "/v1/agents/canary",
];

/** Bodies that are refused, with the canary in every string. Names of fields are told, so only a token must not show as one. */
function* wrongBodies(good) {
  yield `{"value":"${refused}`;
  yield JSON.stringify({ ...good, surprise: refused });
  yield JSON.stringify({ ...good, [credentials["scoped token"]]: refused });
  yield JSON.stringify([refused]);
  yield JSON.stringify(refused);
  for (const field of Object.keys(good)) {
    yield JSON.stringify({ ...good, [field]: [[refused]] });
    yield JSON.stringify({ ...good, [field]: `${refused}\0` });
    yield `{"${field}":"${refused}","${field}":"${refused}"}`;
    if (field !== "metadata") yield JSON.stringify({ ...good, [field]: { [credentials["agent key"]]: refused } });
  }
  if ("secret_type" in good) yield JSON.stringify({ ...good, secret_type: refused });
  if ("content" in good) {
    yield JSON.stringify({ ...good, content: `A=1\n${refused}\n` });
    yield JSON.stringify({ ...good, content: `${refused}=1\n${refused}/x=2` });
    yield JSON.stringify({ ...good, content: `A="${refused}\n` });
  }
}

/** Requests with a credential where a path, an id or a parameter belongs; none of them stores anything. */
function misplaced(text) {
  return [
    ["GET", `/v1/secrets/canary/${text}`],
    ["GET", `/v1/secrets/${text}/KEY`],
    ["GET", `/v1/secrets/${text}`],
    ["DELETE", `/v1/secrets/canary/${text}`],
    ["GET", `/v1/secrets/canary%2F${text}/KEY`],
    ["GET", `/v1/secrets/elsewhere/${text}`],
    ["GET", `/v1/secrets/canary/${text}%zz`],
    ["GET", `/v1/secrets/canary/KEY?version=${text}`],
    ["GET", `/v1/secrets/canary/KEY?${text}=1`],
    ["GET", `/v1/secrets/canary/KEY?view=${text}`],
    ["GET", `/v1/secrets/canary?cursor=${text}`],
    ["GET", `/v1/secrets?deleted=${text}`],
    ["GET", `/v1/secrets?deleted=true&cursor=${text}`],
    ["GET", `/v1/tokens?cursor=${text}`],
    ["GET", `/v1/secrets?namespace=${text}`],
    ["GET", `/v1/agents/${text}`],
    ["DELETE", `/v1/agents/${text}`],
    ["GET", `/v1/tokens/${text}`],
    ["DELETE", `/v1/tokens/${text}`],
    ["GET", `/v1/audit?path=canary/${text}`],
    ["GET", `/v1/audit?actor_id=${text}`],
    ["GET", `/v1/audit?event_type=${text}`],
    ["GET", `/v1/audit?cursor=${text}`],
    ["GET", `/v1/approvals?status=${text}`],
    ["GET", `/${text}`],
    ["GET", `/v1/${text}`],
    ["GET", `/v1/me?api_key=${text}`],
    ["GET", `/v1/health?token=${text}`],
  ];
}

async function misplacedInHeaders(text) {
  const headers = [
    `X-Request-Id: ${text}`,
    `User-Agent: ${text}`,
    `Referer: http://x/${text}`,
    `X-Forwarded-For: ${text}`,
    `Cookie: session=${text}`,
    `Authorization: ${text}`,
    `Authorization: Basic ${Buffer.from(`a:${text}`).toString("base64")}`,
    `Authorization: bearer  ${text}`,
    `X-Api-Key: ${text}`,
    `If-Match: ${text}`,
    `Content-Type: ${text}`,
  ];
  for (const header of headers) {
    const answer = await exchange(
      server.origin,
      `PUT /v1/secrets/canary/HEADER HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n${header}\r\n\r\n{}`,
    );
    answers.push({ what: header.split(":")[0], text: JSON.stringify(answer.headers) + answer.text });
  }
  const scopes = { scopes: [`secrets:read:elsewhere/${text}/*`] };
  await send(server.as(credentials["agent key"]), "POST", "/v1/tokens", { json: scopes });
  await send(server.admin, "POST", "/v1/agents", {
    json: { name: `agt_${text.slice(4, 60)}`, allowed_namespaces: [`/${text}`], allowed_scopes: [text] },
  });
  await exchange(server.origin, `GET /v1/secrets/canary/${text} HTTP/9.9\r\n${text}\r\n\r\n`).catch(() => undefined);
}

async function metrics() {
  const answer = await exchange(await server.metrics(), "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  assert.equal(answer.status, 200);
  return answer.text;
}

describe("nothing planted is found", () => {
  test("in any answer that is not meant to show it", () => {
    assert.ok(answers.length > 1_000, `only ${answers.length} answers`);
    const leaks = answers.flatMap(({ what, text }) => canaries.found(text).map((name) => `${name} in ${what}: ${text}`));
    assert.deepEqual(leaks.slice(0, 5), []);
  });

  test("in what the server printed", () => {
    assert.ok(server.stderr.match(/"request"/g)?.length > 1_000, "the log has the requests");
    assert.deepEqual(canaries.found(server.stdout), []);
    const lines = server.stderr.split("\n").filter((line) => canaries.found(line).length > 0);
    assert.deepEqual(lines.slice(0, 5), []);
  });

  test("in the data folder", () => {
    let size = 0;
    for (const { path, bytes } of files(server.data)) {
      size += bytes.length;
      assert.deepEqual(canaries.found(bytes), [], path);
    }
    assert.ok(size > 10_000, `only ${size} bytes were searched`);
  });

  test("in the keys folder, except for the two files that are there to hold it", () => {
    const holds = Object.fromEntries(
      [...files(server.keys)].map(({ path, bytes }) => [path.split("/").pop(), canaries.found(bytes).map((name) => name.split(" (")[0])]),
    );
    for (const names of Object.values(holds)) names.splice(0, names.length, ...new Set(names));
    assert.deepEqual(holds, { "admin.key": ["admin key"], keyring: ["master key"] });
  });
});
