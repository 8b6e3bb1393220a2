// A receiver of webhooks: it keeps what it gets, checks signatures by itself, and answers as a test tells it to.

import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";
import https from "node:https";

import { until } from "./deadline.mjs";

export class Receiver {
  /**
   * Listens until the test `t` is over. `answer(message, response)` answers; without it, everything is welcome.
   * With `tls`, a certificate and its key, it speaks HTTPS.
   */
  static async start(t, { host = "127.0.0.1", answer, tls } = {}) {
    const receiver = new Receiver(answer, tls);
    await new Promise((resolve) => receiver.server.listen(0, host, resolve));
    t.after(() => receiver.stop());
    receiver.port = receiver.server.address().port;
    receiver.url = `${tls ? "https" : "http"}://${host}:${receiver.port}`;
    return receiver;
  }

  constructor(answer = (_, response) => response.writeHead(204).end(), tls = undefined) {
    this.messages = [];
    const listen = (handler) => (tls ? https.createServer(tls, handler) : http.createServer(handler));
    this.server = listen((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const { method, url, headers } = request;
        const message = { method, url, headers, body: Buffer.concat(parts).toString() };
        this.messages.push(message);
        answer(message, response, this.messages.length);
      });
    });
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The first `count` messages, once they are there. */
  async received(count, ms = 20_000) {
    await until(ms, `${count} messages`, () => this.messages.length >= count);
    return this.messages.slice(0, count);
  }
}

/** Holds a message to Standard Webhooks 1.0, and answers its payload. */
export function verified(message, secret) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = message.headers;
  assert.equal(message.method, "POST");
  assert.equal(message.headers["content-type"], "application/json");
  assert.ok(Math.abs(Date.now() / 1000 - Number(timestamp)) < 300, `timestamp ${timestamp}`);
  assert.match(secret, /^whsec_/);
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  assert.equal(key.length, 32);
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${message.body}`).digest();
  const [version, encoded] = signature.split(",");
  assert.equal(version, "v1");
  assert.ok(timingSafeEqual(Buffer.from(encoded, "base64"), expected), "the signature is of another message");
  const payload = JSON.parse(message.body);
  assert.deepEqual(Object.keys(payload), ["type", "timestamp", "data"]);
  assert.match(payload.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return payload;
}
