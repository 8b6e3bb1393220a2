// What stands before a server in production: it speaks TLS to clients, and HTTP to the server on its own machine.

import http from "node:http";
import https from "node:https";

export class Terminator {
  /** Listens with a certificate and its key until the test `t` is over. */
  static async start(t, origin, tls) {
    const terminator = new Terminator(origin, tls);
    await new Promise((listening) => terminator.server.listen(0, "127.0.0.1", listening));
    t.after(() => terminator.stop());
    terminator.port = terminator.server.address().port;
    return terminator;
  }

  constructor(origin, tls) {
    this.requests = [];
    this.server = https.createServer(tls, (request, response) => {
      const { method, url, headers } = request;
      this.requests.push(`${method} ${url}`);
      const behind = http.request(new URL(url, origin), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      behind.on("error", () => response.destroy());
      request.pipe(behind);
    });
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
