// HTTP as the tests need it: paths go out as written (fetch would normalise them), answers come back whole.

import http from "node:http";
import net from "node:net";

import { assertDescribed } from "./contract.mjs";

const DEADLINE = 15_000;

/**
 * One origin, spoken to with one credential. Every answer is held to the API's description, unless `contract: false`: for an origin that is
 * not the server itself.
 */
export class Api {
  constructor(origin, token, options = {}) {
    this.origin = origin;
    this.token = token;
    this.options = options;
    this.agent = options.agent ?? new http.Agent({ keepAlive: true });
  }

  /** The same connections with another credential; `null` is none at all. */
  as(token) {
    return new Api(this.origin, token, { ...this.options, agent: this.agent });
  }

  get(path, options) {
    return this.send("GET", path, options);
  }
  delete(path, options) {
    return this.send("DELETE", path, options);
  }
  put(path, json, options) {
    return this.send("PUT", path, { json, ...options });
  }
  post(path, json, options) {
    return this.send("POST", path, { json, ...options });
  }

  /** `json` is encoded, `body` goes out as it is. */
  send(method, path, { json, body, headers = {} } = {}) {
    const bytes = json === undefined ? body : JSON.stringify(json);
    const { hostname, port } = new URL(this.origin);
    const all = { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...this.options.headers, ...headers };
    if (json !== undefined) all["content-type"] ??= "application/json";
    if (bytes !== undefined) all["content-length"] = Buffer.byteLength(bytes);
    return new Promise((resolve, reject) => {
      const request = http.request({
        method,
        path,
        hostname,
        port,
        agent: this.agent,
        headers: all,
        localAddress: this.options.localAddress,
        timeout: DEADLINE,
      });
      request.on("timeout", () => request.destroy(new Error(`${method} ${path}: no answer within ${DEADLINE} ms`)));
      request.on("error", reject);
      request.on("response", (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const found = answer(response.statusCode, response.headers, Buffer.concat(parts).toString());
          try {
            if (this.options.contract !== false) assertDescribed({ method, path, bytes }, found);
            resolve(found);
          } catch (error) {
            reject(error);
          }
        });
      });
      request.end(bytes);
    });
  }

  close() {
    this.agent.destroy();
  }
}

/** Sends bytes as they are over a connection of its own and returns the first answer. */
export function exchange(origin, bytes, { localAddress, deadline = DEADLINE } = {}) {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const parts = [];
    const socket = net.connect({ host: hostname, port, localAddress });
    const finish = (error) => {
      socket.destroy();
      const found = parse(Buffer.concat(parts));
      if (found) resolve(found);
      else reject(error ?? new Error("the connection was closed without an answer"));
    };
    socket.setTimeout(deadline, () => finish(new Error(`no answer within ${deadline} ms`)));
    socket.on("error", finish);
    socket.on("close", () => finish());
    socket.on("data", (part) => {
      parts.push(part);
      if (parse(Buffer.concat(parts))) finish();
    });
    socket.on("connect", () => socket.write(bytes));
  });
}

function parse(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first, ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = {};
  for (const line of lines) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line);
    headers[name.toLowerCase()] = value;
  }
  const body = bytes.subarray(end + 4);
  if (body.length < Number(headers["content-length"] ?? 0)) return undefined;
  return answer(Number(first.split(" ")[1]), headers, body.toString());
}

function answer(status, headers, text) {
  const isJson = headers["content-type"] === "application/json" && text !== "";
  return { status, headers, text, json: isJson ? JSON.parse(text) : undefined };
}
