// Webhooks against real receivers: signed, repeated, kept through kill -9, and sent to no address that is not public or listed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";
import { Receiver, verified } from "./receiver.mjs";
import { recorded, send, webhook } from "./webhooks.mjs";

const ALLOWED = { WARDED_WEBHOOK_ALLOW: "127.0.0.1", WARDED_WEBHOOK_RETRIES: "1s,1s,1s" };

describe("webhooks", () => {
  test("arrive signed, with two records", async (t) => {
    const server = await Server.start(t, { env: ALLOWED });
    const receiver = await Receiver.start(t);
    const hook = await webhook(server, `${receiver.url}/hook?x=1`);
    const delivery = await send(server, hook);
    const [message] = await receiver.received(1);
    assert.equal(message.url, "/hook?x=1");
    assert.equal(message.headers["webhook-id"], delivery);
    const payload = verified(message, hook.secret);
    assert.deepEqual([payload.type, payload.data], ["webhook.test", { webhook_id: hook.id }]);
    assert.throws(() => verified({ ...message, body: message.body.replace("webhook", "Webhook") }, hook.secret), /another message/);

    const records = await recorded(server, delivery, "arrived");
    assert.deepEqual(
      records.map(({ outcome, attempt, status }) => [outcome, attempt, status]),
      [["allow", 1, undefined], ["allow", 1, 204]],
    );
    const [{ waiting }] = assertOk(await server.admin.get("/v1/webhooks")).items;
    assert.equal(waiting, 0);
  });

  test("tell of an approval that is asked for and denied, in this order and without a value", async (t) => {
    const server = await Server.start(t, { env: ALLOWED });
    const receiver = await Receiver.start(t);
    const hook = await webhook(server, receiver.url, ["approval.requested", "approval.denied"]);
    const stored = await server.admin.put("/v1/secrets/hook/payments/KEY", { value: "never-told", access_tier: "sensitive" });
    assert.equal(stored.status, 201, stored.text);
    const agent = await server.agent();
    const asked = await server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:hook/payments/KEY"] });
    assert.equal(asked.status, 202, asked.text);
    const { id } = assertOk(await server.admin.post("/v1/members", { email: "two@example.com", name: "Two", role: "editor" }), 201);
    const key = assertOk(await server.admin.post(`/v1/members/${id}/keys`, { name: "first", approve: true }), 201);
    const denied = await server.as(key.api_key).post(`/v1/approvals/${asked.json.approval_id}/deny`, { reason: "not today" });
    assert.equal(denied.status, 200, denied.text);
    const messages = await receiver.received(2);
    const payloads = messages.map((message) => verified(message, hook.secret));
    assert.deepEqual(
      payloads.map(({ type, data }) => [type, data.id, data.status]),
      [
        ["approval.requested", asked.json.approval_id, "pending"],
        ["approval.denied", asked.json.approval_id, "denied"],
      ],
    );
    assert.ok(!messages.some(({ body }) => body.includes("never-told") || body.includes(agent.api_key)));
  });

  test("come again after a failure, with the same id, and are given up at last", async (t) => {
    const server = await Server.start(t, { env: ALLOWED });
    const answers = [500, 404];
    const receiver = await Receiver.start(t, {
      answer: (_, response, count) => response.writeHead(answers[count - 1] ?? 200).end(),
    });
    const hook = await webhook(server, receiver.url);
    const delivery = await send(server, hook);
    const messages = await receiver.received(3);
    for (const message of messages) {
      assert.equal(message.headers["webhook-id"], delivery);
      verified(message, hook.secret);
    }
    const records = await recorded(server, delivery, "arrived");
    assert.deepEqual(
      records.map(({ outcome, status }) => [outcome, status]),
      [["allow", undefined], ["error", 500], ["allow", undefined], ["error", 404], ["allow", undefined], ["allow", 200]],
    );

    const deaf = await Receiver.start(t, { answer: (_, response) => response.writeHead(503).end() });
    const other = await webhook(server, deaf.url);
    const lost = await recorded(server, await send(server, other), "given_up");
    assert.deepEqual([lost.length, lost.at(-1).reasons, lost.at(-1).attempt], [8, ["refused"], 4]);
    assert.equal(deaf.messages.length, 4);
  });

  test("tell of a checkpoint once, and not of the records that telling makes", async (t) => {
    const server = await Server.start(t, { env: { ...ALLOWED, WARDED_CHECKPOINT_INTERVAL: "1s" } });
    const receiver = await Receiver.start(t);
    const hook = await webhook(server, receiver.url, ["audit.checkpoint"]);
    const [message] = await receiver.received(1);
    const { type, data } = verified(message, hook.secret);
    assert.equal(type, "audit.checkpoint");
    await recorded(server, message.headers["webhook-id"], "arrived");
    const [{ seq }] = assertOk(await server.admin.get("/v1/audit?limit=1")).events;
    assert.ok(seq > data.seq, "telling of it was recorded after it");
    await assert.rejects(receiver.received(2, 3_500), /not within/);
    assertOk(await server.admin.put("/v1/secrets/a/KEY", { value: "v" }), 201);
    const [, next] = await receiver.received(2);
    assert.ok(verified(next, hook.secret).data.seq > seq);
  });

  test("arrive after kill -9 between enqueue and delivery", async (t) => {
    const server = await Server.start(t, { env: ALLOWED });
    let welcome = false;
    const receiver = await Receiver.start(t, { answer: (_, response) => welcome && response.writeHead(204).end() });
    const hook = await webhook(server, receiver.url);
    const delivery = await send(server, hook);
    await receiver.received(1);
    await server.kill();
    welcome = true;
    await server.start();
    const [, again] = await receiver.received(2);
    assert.equal(again.headers["webhook-id"], delivery);
    verified(again, hook.secret);
    await recorded(server, delivery, "arrived");
  });

  test("stop where the receiver is gone", async (t) => {
    const server = await Server.start(t, { env: ALLOWED });
    const receiver = await Receiver.start(t, { answer: (_, response) => response.writeHead(410).end() });
    const hook = await webhook(server, receiver.url);
    const records = await recorded(server, await send(server, hook), "disabled");
    assert.deepEqual(records.at(-1).reasons, ["gone"]);
    const [{ disabled_at: disabled }] = assertOk(await server.admin.get("/v1/webhooks")).items;
    assert.ok(Date.parse(disabled) > 0);
    assert.equal((await server.admin.post(`/v1/webhooks/${hook.id}/test`, {})).status, 409);
    assert.equal(receiver.messages.length, 1);
  });

  test("follow no redirect", async (t) => {
    const server = await Server.start(t, { env: ALLOWED });
    const inner = await Receiver.start(t);
    const outer = await Receiver.start(t, {
      answer: (_, response) => response.writeHead(307, { location: `${inner.url}/metadata` }).end(),
    });
    const delivery = await send(server, await webhook(server, outer.url));
    const records = await recorded(server, delivery, "given_up");
    assert.deepEqual([records.at(-1).reasons, records.at(-1).status], [["redirected"], 307]);
    assert.deepEqual(inner.messages, []);
  });

  test("ask no proxy of the environment", async (t) => {
    const proxy = await Receiver.start(t);
    const env = { ...ALLOWED, HTTP_PROXY: proxy.url, http_proxy: proxy.url, ALL_PROXY: proxy.url };
    const server = await Server.start(t, { env });
    const receiver = await Receiver.start(t);
    await recorded(server, await send(server, await webhook(server, receiver.url)), "arrived");
    assert.deepEqual([proxy.messages.length, receiver.messages.length], [0, 1]);
  });

  test("go to no address that is private, whatever it is called", async (t) => {
    const server = await Server.start(t, { env: { WARDED_WEBHOOK_ALLOW: "127.0.0.9", WARDED_WEBHOOK_RETRIES: "" } });
    const receiver = await Receiver.start(t);
    const { port } = new URL(receiver.url);
    for (const host of [
      "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "10.0.0.1", "169.254.169.254", "100.64.0.1",
      "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[fe80::1]", "[fd00:ec2::254]",
    ]) {
      for (const scheme of ["https", "http"]) {
        const refused = await server.admin.post("/v1/webhooks", { url: `${scheme}://${host}:${port}/`, kinds: ["approval.denied"] });
        assert.equal(refused.status, 400, host);
        assert.equal(refused.json.errors[0].field, "url");
      }
    }
    for (const scheme of ["https", "http"]) {
      const named = await webhook(server, `${scheme}://localhost:${port}/`);
      const records = await recorded(server, await send(server, named), "given_up");
      assert.deepEqual(records.at(-1).reasons, ["address_not_allowed"], "a name is judged by what it stands for");
    }
    assert.deepEqual(receiver.messages, []);
  });

  test("a receiver that hangs slows down nobody else", async (t) => {
    const server = await Server.start(t, { env: ALLOWED });
    const hanging = await Receiver.start(t, { answer: () => {} });
    const receiver = await Receiver.start(t);
    const slow = await Promise.all(Array.from({ length: 8 }, () => webhook(server, hanging.url)));
    const quick = await webhook(server, receiver.url);
    await Promise.all(slow.map((hook) => send(server, hook)));
    await hanging.received(8);
    const begun = Date.now();
    for (let n = 0; n < 50; n += 1) {
      assert.equal((await server.admin.put(`/v1/secrets/hang/K${n}`, { value: "x" })).status, 201);
    }
    await send(server, quick);
    await receiver.received(1);
    const took = Date.now() - begun;
    assert.ok(took < 10_000, `${took} ms while receivers hang for 15 s`);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    await server.start();
  });

  test("the secret and the address are in no log and no record", async (t) => {
    const server = await Server.start(t, { env: { ...ALLOWED, WARDED_LOG: "trace" } });
    const receiver = await Receiver.start(t);
    const hook = await webhook(server, `${receiver.url}/canary-in-the-path`);
    await recorded(server, await send(server, hook), "arrived");
    const audit = (await server.admin.get("/v1/audit?limit=1000")).text;
    const listed = (await server.admin.get("/v1/webhooks")).text;
    const secret = hook.secret.slice("whsec_".length);
    const hex = Buffer.from(secret, "base64").toString("hex");
    for (const [sink, text] of Object.entries({ audit, listed, stdout: server.stdout, stderr: server.stderr })) {
      assert.ok(!text.includes(secret) && !text.includes(hex), `the secret is in ${sink}`);
      assert.ok(sink === "listed" || !text.includes("canary-in-the-path"), `the address is in ${sink}`);
    }
    assert.ok(server.stderr.length > 0, "there are logs to look at");
  });
});
