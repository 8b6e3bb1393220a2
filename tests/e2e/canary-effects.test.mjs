// What the server makes or is given outside of plain reads and writes: generated values, keys, webhook secrets, approved tokens.
// None of them shows in exports, in what webhooks carry, in metrics, logs, the witness or the data folder.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { assertOk } from "./answer.mjs";
import { Canaries, files } from "./canary.mjs";
import { Server, folder } from "./harness.mjs";
import { exchange } from "./http.mjs";
import { Receiver } from "./receiver.mjs";

const witness = join(folder(), "witness");
const env = {
  WARDED_LOG: "trace",
  WARDED_METRICS_LISTEN: "127.0.0.1:0",
  WARDED_WEBHOOK_ALLOW: "127.0.0.1",
  WARDED_CHECKPOINT_FILE: witness,
  WARDED_CHECKPOINT_INTERVAL: "1s",
};
const KINDS = ["approval.requested", "approval.granted", "approval.denied", "approval.expired", "audit.checkpoint"];
const server = new Server({ env });
const canaries = new Canaries();
const seen = [];
let receiver;

before(
  async () => {
    await server.start();
    receiver = await Receiver.start({ after });
    canaries.plantToken("admin key", server.adminKey);
    const hook = assertOk(await server.admin.post("/v1/webhooks", { url: receiver.url, kinds: KINDS }), 201);
    canaries.plant("webhook secret", hook.secret.slice("whsec_".length));
    await secrets(server.as(await people()));
    await receiver.received(3);
    await look();
    await server.restart();
    seen.push({ what: "metrics", text: await metrics() });
    await server.stop();
    seen.push({ what: "witness", text: readFileSync(witness, "utf8") });
    receiver.messages.forEach(({ headers, body }) => seen.push({ what: "webhook", text: JSON.stringify(headers) + body }));
  },
  { timeout: 120_000 },
);
after(() => server.dispose());

/** A member who approves; answers the key. */
async function people() {
  const member = assertOk(await server.admin.post("/v1/members", { email: "canary@example.com", name: "Canary", role: "editor" }), 201);
  const key = assertOk(await server.admin.post(`/v1/members/${member.id}/keys`, { name: "canary", approve: true }), 201);
  return canaries.plantToken("member key", key.api_key);
}

/** A value that the server made, and one that people had to approve. */
async function secrets(approver) {
  const agent = await server.agent({ name: "canary", namespaces: ["canary"] });
  canaries.plantToken("first agent key", agent.api_key);
  const rotated = assertOk(await server.admin.post(`/v1/agents/${agent.id}/rotate-key`, {}));
  canaries.plantToken("second agent key", rotated.api_key);
  const value = (name) => canaries.plant(name, `Canary${randomBytes(18).toString("hex")}`);
  assertOk(await server.admin.put("/v1/secrets/canary/MADE", { value: value("first value") }), 201);
  const made = assertOk(await server.admin.post("/v1/secrets/canary/MADE/rotate", {}));
  assert.match(made.value, /^[A-Za-z0-9]{43}$/);
  canaries.plant("generated value", made.value);
  assertOk(await server.admin.put("/v1/secrets/canary/ASKED", { value: value("approved value"), access_tier: "sensitive" }), 201);
  const wanted = { scopes: ["secrets:read:canary/*"], reason: "to look for canaries" };
  const holder = server.as(rotated.api_key);
  const asked = assertOk(await holder.post("/v1/tokens", wanted), 202);
  assertOk(await approver.post(`/v1/approvals/${asked.approval_id}/approve`));
  const issued = assertOk(await holder.post("/v1/tokens", wanted));
  canaries.plantToken("approved token", issued.token);
  assertOk(await server.as(issued.token).get("/v1/secrets/canary/ASKED"));
}

/** Everything that may be looked at without a value in it. */
async function look() {
  const paths = ["/v1/approvals", "/v1/webhooks", "/v1/members", "/v1/agents", "/v1/tokens", "/v1/policies", "/v1/rotations", "/v1/audit?limit=1000"];
  for (const path of [...paths, "/v1/audit/checkpoints", "/v1/secrets?namespace=canary"]) {
    const answer = await server.admin.get(path);
    assertOk(answer);
    seen.push({ what: path, text: JSON.stringify(answer.headers) + answer.text });
  }
  for (const accept of ["text/csv", "application/x-ndjson"]) {
    const answer = await server.admin.get("/v1/audit/export", { headers: { accept } });
    assert.equal(answer.status, 200, answer.text);
    assert.ok(answer.text.includes("secret.rotated"), "the export has what happened");
    seen.push({ what: `export as ${accept}`, text: answer.text });
  }
}

async function metrics() {
  const answer = await exchange(await server.metrics(), "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  assert.equal(answer.status, 200);
  return answer.text;
}

describe("nothing of these is found", () => {
  test("in lists, exports, webhooks, metrics and the witness", () => {
    assert.ok(seen.filter(({ what }) => what === "webhook").length >= 3);
    const leaks = seen.flatMap(({ what, text }) => canaries.found(text).map((name) => `${name} in ${what}`));
    assert.deepEqual(leaks, []);
  });

  test("in what the server printed", () => {
    const lines = (server.stdout + server.stderr).split("\n");
    assert.deepEqual(lines.filter((line) => canaries.found(line).length > 0).slice(0, 5), []);
  });

  test("in the data folder", () => {
    for (const { path, bytes } of files(server.data)) assert.deepEqual(canaries.found(bytes), [], path);
  });
});
