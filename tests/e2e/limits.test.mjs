// Limits of rate, connections and time, set low.

import assert from "node:assert/strict";
import net from "node:net";
import { describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";
import { Api, exchange } from "./http.mjs";
import { forge } from "./token.mjs";

const on = (env) => ({ env: { WARDED_RATE_LIMITS: "on", ...env } });

/** Repeats a request until it is refused for its rate; returns how many were not. */
async function allowed(act, most) {
  for (let count = 0; count <= most; count += 1) {
    const answer = await act();
    if (answer.status === 429) {
      assertError(answer, 429, "RATE_LIMITED");
      assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
      return count;
    }
  }
  return assert.fail(`no 429 within ${most} requests`);
}

describe("rates", () => {
  test("a principal's requests are counted together, and each answer says what is left", async (t) => {
    const server = await Server.start(t, on({ WARDED_RATE_LIMIT_PRINCIPAL: "5" }));
    const agent = await server.agent();
    const token = await server.token(agent.api_key, { scopes: ["namespaces:read"] });
    const first = await server.as(token.token).get("/v1/namespaces");
    assertOk(first);
    assert.equal(first.headers["x-ratelimit-limit"], "5");
    assert.equal(first.headers["x-ratelimit-remaining"], "4");
    assert.match(first.headers["x-ratelimit-reset"], /^\d+$/);
    assert.match(first.headers["ratelimit-policy"], /q=5;w=60/);
    assert.match(first.headers.ratelimit, /r=4;t=\d+/);
    const rest = await allowed(() => server.as(token.token).get("/v1/namespaces"), 8);
    assert.ok(rest >= 4 && rest <= 5, `${rest} more`);
    assertError(await server.as(agent.api_key).get("/v1/tokens"), 429, "RATE_LIMITED");
    assertOk(await server.api.get("/v1/health"));
  });

  test("an address that fails to authenticate is limited; a good credential from there is not", async (t) => {
    const server = await Server.start(t, on({ WARDED_RATE_LIMIT_UNAUTHENTICATED: "6" }));
    assertOk(await server.admin.get("/v1/me"));
    const failures = await allowed(() => server.as(forge("k")).get("/v1/me"), 9);
    assert.ok(failures >= 6 && failures <= 7, `${failures} failures`);
    assertError(await server.api.get("/v1/me"), 429, "RATE_LIMITED");
    assertOk(await server.admin.get("/v1/me"));
    const elsewhere = new Api(server.origin, forge("k"), { localAddress: "127.0.0.3" });
    t.after(() => elsewhere.close());
    assertError(await elsewhere.get("/v1/me"), 401, "UNAUTHORIZED");
  });

  test("nothing is counted when limits are off", async (t) => {
    const server = await Server.start(t, { env: { WARDED_RATE_LIMIT_UNAUTHENTICATED: "1", WARDED_RATE_LIMIT_PRINCIPAL: "1" } });
    for (let count = 0; count < 5; count += 1) {
      assertError(await server.api.get("/v1/me"), 401, "UNAUTHORIZED");
      const answer = await server.admin.get("/v1/me");
      assertOk(answer);
      assert.equal(answer.headers["x-ratelimit-limit"], undefined);
    }
  });
});

describe("connections and time", () => {
  test("connections from one address are bounded, from another are not affected", async (t) => {
    const server = await Server.start(t, { env: { WARDED_CONNECTIONS_PER_ADDRESS: "4" } });
    server.api.close();
    const held = await Promise.all(Array.from({ length: 4 }, () => opened(server.origin)));
    const head = "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n";
    assertError(await exchange(server.origin, head), 429, "RATE_LIMITED");
    assertOk(await exchange(server.origin, head, { localAddress: "127.0.0.4" }));
    held.forEach((socket) => socket.destroy());
  });

  test("headers and bodies that do not arrive are given up", async (t) => {
    const server = await Server.start(t, { env: { WARDED_HEADER_TIMEOUT: "1s", WARDED_BODY_TIMEOUT: "1s" } });
    const head = `PUT /v1/secrets/slow/KEY HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.adminKey}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n`;
    assertError(await exchange(server.origin, `${head}{"va`), 408, "REQUEST_TIMEOUT");
    const half = await exchange(server.origin, "GET /v1/health HTT").catch((error) => error);
    if (half instanceof Error) assert.match(half.message, /closed/);
    else assertError(half, 408, "REQUEST_TIMEOUT");
    assertError(await server.admin.get("/v1/secrets/slow/KEY"), 404, "SECRET_NOT_FOUND");
  });

  test("a thousand clients that go away leave nothing behind", async (t) => {
    const server = await Server.start(t);
    const agent = await server.agent();
    assertOk(await server.admin.put("/v1/secrets/gone/KEY", { value: "v" }), 201);
    const token = await server.token(agent.api_key, { scopes: ["secrets:read:gone/*"] });
    for (let batch = 0; batch < 10; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, () => abandoned(server.origin, token.token)));
    }
    assert.equal(assertOk(await server.as(token.token).get("/v1/secrets/gone/KEY")).value, "v");
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });
});

function opened(origin) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port: new URL(origin).port }, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Sends a request and goes away at once. */
function abandoned(origin, token) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port: new URL(origin).port }, () => {
      socket.write(`GET /v1/secrets/gone/KEY HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`, () => socket.destroy());
    });
    socket.on("close", resolve);
    socket.on("error", resolve);
  });
}
