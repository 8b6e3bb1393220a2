// Webhooks by TLS: to whom a trusted authority speaks for, and nothing at all to anybody else.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { Authority, impostors } from "./certificates.mjs";
import { Server } from "./harness.mjs";
import { Receiver, verified } from "./receiver.mjs";
import { Tap } from "./tap.mjs";
import { recorded, send, webhook } from "./webhooks.mjs";

describe("webhooks by TLS", () => {
  let authority, env;
  before(async () => {
    authority = await Authority.make();
    env = { WARDED_WEBHOOK_ALLOW: "127.0.0.1", WARDED_WEBHOOK_RETRIES: "1s,1s", SSL_CERT_FILE: authority.file };
  });

  /** A receiver behind a tap, and its address by a name or a number. */
  async function tapped(t, options) {
    const receiver = await Receiver.start(t, options);
    const tap = await Tap.start(t, receiver.port);
    return { receiver, tap, url: (host) => `https://${host}:${tap.port}/told-to-nobody-else` };
  }

  /** Nothing of a message was sent by any connection: neither where it goes, nor what it says, nor by whom it is signed. */
  function assertSilent(tap, hook, delivery) {
    for (const text of ["told-to-nobody-else", "webhook", "POST", "warded", hook.id, hook.secret, delivery])
      assert.ok(!tap.text.includes(text), `\`${text}\` was sent`);
  }

  test("arrive where the authority is in SSL_CERT_FILE, unreadable on the way", async (t) => {
    const server = await Server.start(t, { env });
    const { receiver, tap, url } = await tapped(t, { tls: await authority.issue() });
    for (const [count, host] of [[1, "localhost"], [2, "127.0.0.1"]]) {
      const hook = await webhook(server, url(host));
      const delivery = await send(server, hook);
      const message = (await receiver.received(count)).at(-1);
      assert.deepEqual([message.url, message.headers["webhook-id"]], ["/told-to-nobody-else", delivery]);
      assert.equal(verified(message, hook.secret).data.webhook_id, hook.id);
      const records = await recorded(server, delivery, "arrived");
      assert.deepEqual(records.map(({ outcome, status }) => [outcome, status]), [["allow", undefined], ["allow", 204]], host);
      assert.ok(tap.text.length > 0);
      assertSilent(tap, hook, delivery);
    }
  });

  test("tell an impostor nothing, are tried again, and are given up", async (t) => {
    const server = await Server.start(t, { env: { ...env, WARDED_LOG: "trace" } });
    const deliveries = await Promise.all(
      (await impostors(authority)).map(async ([what, tls]) => {
        const { receiver, tap, url } = await tapped(t, { tls });
        const hook = await webhook(server, url("localhost"));
        return { what, receiver, tap, hook, delivery: await send(server, hook) };
      }),
    );
    for (const { what, receiver, tap, hook, delivery } of deliveries) {
      const records = await recorded(server, delivery, "given_up");
      assert.deepEqual(
        records.filter(({ outcome }) => outcome === "error").map(({ reasons, then }) => [reasons, then]),
        [[["tls_failed"], "comes_again"], [["tls_failed"], "comes_again"], [["tls_failed"], "given_up"]],
        what,
      );
      assert.equal(tap.connections, 3, what);
      assert.deepEqual(receiver.messages, [], what);
      assertSilent(tap, hook, delivery);
    }
    assert.ok(!server.stderr.includes("told-to-nobody-else"), "the address is in the log");
  });

  test("trust none of these servers by the authorities of the operating system", async (t) => {
    const { SSL_CERT_FILE: _, ...usual } = env;
    const server = await Server.start(t, { env: { ...usual, WARDED_WEBHOOK_RETRIES: "" } });
    const { receiver, url } = await tapped(t, { tls: await authority.issue() });
    const records = await recorded(server, await send(server, await webhook(server, url("localhost"))), "given_up");
    assert.deepEqual(records.at(-1).reasons, ["tls_failed"]);
    assert.deepEqual(receiver.messages, []);
  });

  test("arrive once the receiver has a certificate that is good", async (t) => {
    const server = await Server.start(t, { env: { ...env, WARDED_WEBHOOK_RETRIES: "1s,1s,1s,1s,1s,1s,1s,1s" } });
    const { receiver, url } = await tapped(t, { tls: await authority.issue({ from: -2, until: -1 }) });
    const hook = await webhook(server, url("localhost"));
    const delivery = await send(server, hook);
    await recorded(server, delivery, "comes_again");
    receiver.server.setSecureContext(await authority.issue());
    const [message] = await receiver.received(1);
    assert.equal(message.headers["webhook-id"], delivery);
    verified(message, hook.secret);
    await recorded(server, delivery, "arrived");
  });

  test("say nothing in clear to what speaks no TLS", async (t) => {
    const server = await Server.start(t, { env: { ...env, WARDED_WEBHOOK_RETRIES: "" } });
    const { receiver, tap, url } = await tapped(t, {});
    const hook = await webhook(server, url("localhost"));
    const delivery = await send(server, hook);
    const records = await recorded(server, delivery, "given_up");
    assert.deepEqual(records.at(-1).reasons, ["tls_failed"]);
    assert.deepEqual(receiver.messages, []);
    assertSilent(tap, hook, delivery);
  });
});
