// Clients that are slow, silent or gone hold up nobody else, and lose their place after a while.
// All of 127.0.0.0/8 is loopback, so that one machine can be many addresses.

import assert from "node:assert/strict";
import net from "node:net";
import { describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { until, within } from "./deadline.mjs";
import { Server } from "./harness.mjs";
import { Api } from "./http.mjs";

/** What a request of somebody else may take meanwhile; the machine may be busy with other tests. */
const AT_ONCE = 5_000;

function connect(t, origin, localAddress = "127.0.0.1") {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port: new URL(origin).port, localAddress });
    t.after(() => socket.destroy());
    socket.once("connect", () => resolve(socket));
    // Later errors are how the server gets rid of it.
    socket.on("error", reject);
  });
}

/** Resolves when the server has closed the connection; what it said before does not matter. */
const closed = (socket) =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve();
    socket.once("close", resolve);
    socket.resume();
  });

/** Somebody else, at another address, is answered in time and in full. */
async function assertServed(t, server) {
  const other = new Api(server.origin, server.adminKey, { localAddress: "127.0.0.9" });
  t.after(() => other.close());
  assertOk(await within(AT_ONCE, "a write by somebody else", other.put("/v1/secrets/other/KEY", { value: "v" })), 201);
  assert.equal(assertOk(await within(AT_ONCE, "a read by somebody else", other.get("/v1/secrets/other/KEY"))).value, "v");
}

describe("clients that send too little", () => {
  test("a thousand idle connections stop nobody, and are closed after a while", async (t) => {
    const server = await Server.start(t, { env: { WARDED_HEADER_TIMEOUT: "2s" } });
    const idle = await Promise.all(Array.from({ length: 1_000 }, (_, index) => connect(t, server.origin, `127.0.1.${1 + (index % 5)}`)));
    await assertServed(t, server);
    await within(20_000, "the end of idle connections", Promise.all(idle.map(closed)));
  });

  test("headers that trickle stop nobody, and are given up in all", async (t) => {
    const server = await Server.start(t, { env: { WARDED_HEADER_TIMEOUT: "2s" } });
    const slow = await Promise.all(Array.from({ length: 200 }, () => connect(t, server.origin)));
    const head = "GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    slow.forEach((socket) => socket.write(head));
    const trickle = setInterval(() => slow.forEach((socket) => socket.writable && socket.write("x")), 100);
    t.after(() => clearInterval(trickle));
    await assertServed(t, server);
    // Each byte comes in time; the whole does not.
    await within(20_000, "the end of trickling headers", Promise.all(slow.map(closed)));
  });

  test("bodies that trickle stop nobody, and are given up in all", async (t) => {
    const server = await Server.start(t, { env: { WARDED_BODY_TIMEOUT: "2s" } });
    const slow = await Promise.all(Array.from({ length: 100 }, () => connect(t, server.origin)));
    const head = `PUT /v1/secrets/slow/KEY HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.adminKey}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"value":"`;
    slow.forEach((socket) => socket.write(head));
    const trickle = setInterval(() => slow.forEach((socket) => socket.writable && socket.write("x")), 100);
    t.after(() => clearInterval(trickle));
    await assertServed(t, server);
    await within(20_000, "the end of trickling bodies", Promise.all(slow.map(closed)));
    assertError(await server.admin.get("/v1/secrets/slow/KEY"), 404, "SECRET_NOT_FOUND");
  });
});

describe("clients that read too little", () => {
  test("answers that nobody reads stop nobody, and lose their place after a while", async (t) => {
    const server = await Server.start(t, { env: { WARDED_SEND_TIMEOUT: "1s", WARDED_CONNECTIONS_PER_ADDRESS: "3", WARDED_HEADER_TIMEOUT: "60s" } });
    for (let part = 0; part < 4; part += 1) {
      const content = Array.from({ length: 500 }, (_, index) => `KEY_${part}_${index}=v`).join("\n");
      assertOk(await server.admin.post("/v1/secrets/import", { namespace: "large", content }));
    }
    // Many large listings in a row, since the kernel takes the first few megabytes for itself.
    const ask = `GET /v1/secrets/large HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.adminKey}\r\n\r\n`;
    const deaf = await Promise.all(Array.from({ length: 3 }, () => connect(t, server.origin, "127.0.0.7")));
    for (const socket of deaf) {
      socket.pause();
      socket.write(ask.repeat(60));
    }
    const another = new Api(server.origin, null, { localAddress: "127.0.0.7" });
    t.after(() => another.close());
    assertError(await another.get("/v1/health"), 429, "RATE_LIMITED");
    await assertServed(t, server);
    await until(30_000, "a place of a client that does not read", async () => {
      const again = new Api(server.origin, null, { localAddress: "127.0.0.7" });
      const answer = await again.get("/v1/health").catch(() => undefined);
      again.close();
      return answer?.status === 200;
    });
  });
});
