// What goes over the wire: a listener that hands every byte on and keeps what the client has sent.

import net from "node:net";

import { until } from "./deadline.mjs";

export class Tap {
  /** Listens in front of a port of this machine until the test `t` is over. */
  static async start(t, port) {
    const tap = new Tap(port);
    await new Promise((listening) => tap.server.listen(0, "127.0.0.1", listening));
    t.after(() => tap.stop());
    tap.port = tap.server.address().port;
    return tap;
  }

  constructor(port) {
    this.sent = [];
    this.sockets = new Set();
    this.server = net.createServer((client) => {
      const behind = net.connect(port, "127.0.0.1");
      this.connections = (this.connections ?? 0) + 1;
      client.on("data", (bytes) => this.sent.push(bytes));
      for (const [one, other] of [[client, behind], [behind, client]]) {
        this.sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => this.sockets.delete(one));
        one.pipe(other);
      }
    });
  }

  /** All that clients have sent, a character for each byte. */
  get text() {
    return Buffer.concat(this.sent).toString("latin1");
  }

  /** Waits for so many connections. */
  connected(count, ms = 20_000) {
    return until(ms, `${count} connections`, () => this.connections >= count);
  }

  stop() {
    this.sockets.forEach((socket) => socket.destroy());
    this.server.close();
  }
}
