// Stopping: SIGTERM lets what runs finish, and nothing else.

import assert from "node:assert/strict";
import net from "node:net";
import { describe, test } from "node:test";

import { assertOk } from "./answer.mjs";
import { until } from "./deadline.mjs";
import { Server } from "./harness.mjs";

describe("SIGTERM", () => {
  test("lets a running request finish and exits 0", async (t) => {
    const server = await Server.start(t);
    const body = JSON.stringify({ value: "finished" });
    const half = await halfSent(server, body);
    const ended = server.stop();
    await until(10_000, "the end of listening", () => refusesConnections(server.origin));
    half.socket.write(body.slice(5));
    const reply = await half.reply;
    assert.match(reply, /^HTTP\/1\.1 201 /, reply);
    assert.deepEqual(await ended, { code: 0, signal: null });
    await server.start();
    assert.equal(assertOk(await server.admin.get("/v1/secrets/start/DRAINED")).value, "finished");
  });

  test("does not wait for idle connections", async (t) => {
    const server = await Server.start(t);
    assertOk(await server.admin.get("/v1/me"));
    const idle = net.connect({ host: "127.0.0.1", port: new URL(server.origin).port });
    idle.on("error", () => {});
    await new Promise((resolve) => idle.on("connect", resolve));
    server.child.signal("SIGTERM");
    assert.deepEqual(await server.child.exit(5_000), { code: 0, signal: null });
    idle.destroy();
  });

  test("start and stop are in the audit", async (t) => {
    const server = await Server.start(t);
    await server.restart();
    const { events } = assertOk(await server.admin.get("/v1/audit?resource_type=system"));
    assert.deepEqual(
      events.map((event) => event.event_type),
      ["system.started", "system.stopped", "system.started"],
    );
    assert.ok(events.every((event) => event.actor_type === "system"));
  });
});

/** A write whose head and first five bytes of body have reached the server. */
function halfSent(server, body) {
  const { port } = new URL(server.origin);
  const socket = net.connect({ host: "127.0.0.1", port });
  const parts = [];
  socket.on("data", (part) => parts.push(part));
  const reply = new Promise((resolve, reject) => {
    socket.on("close", () => resolve(Buffer.concat(parts).toString()));
    socket.on("error", reject);
  });
  const head = [
    "PUT /v1/secrets/start/DRAINED HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${server.adminKey}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Expect: 100-continue",
    "Connection: close",
    "",
    "",
  ].join("\r\n");
  socket.write(head);
  // The server asks for the body once the request is with its handler.
  return until(10_000, "100 Continue", () => Buffer.concat(parts).toString().startsWith("HTTP/1.1 100")).then(() => {
    parts.length = 0;
    socket.write(body.slice(0, 5));
    return { socket, reply };
  });
}

function refusesConnections(origin) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port: new URL(origin).port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => resolve(true));
  });
}
