// Pages of other origins in a browser: none may read an answer unless the setting names it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";
import { exchange } from "./http.mjs";

const PAGE = "https://console.example.com";
const named = { env: { WARDED_CORS_ORIGINS: `${PAGE},http://localhost:3000` } };
const from = (origin, more) => ({ headers: { origin, ...more } });
const preflight = (api, origin, method = "PUT", path = "/v1/secrets/a/KEY") =>
  api.send("OPTIONS", path, from(origin, { "access-control-request-method": method, "access-control-request-headers": "authorization,content-type" }));

/** No word of the answer lets a browser show it to a page. */
function assertClosed(answer) {
  const words = Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));
  assert.deepEqual(words, [], `${answer.status} ${JSON.stringify(answer.headers)}`);
}

describe("without the setting", () => {
  test("no page may read anything, and a preflight is no method of the route", async (t) => {
    const server = await Server.start(t);
    const answer = await server.admin.get("/v1/me", from(PAGE));
    assertOk(answer);
    assertClosed(answer);
    assert.equal(answer.headers.vary, "Authorization");
    const asked = await preflight(server.api, PAGE);
    assertError(asked, 405, "METHOD_NOT_ALLOWED");
    assertClosed(asked);
  });

  test("an origin that no browser sends is refused at the start", async (t) => {
    for (const wrong of ["*", "null", `${PAGE}/`, "https://*.example.com", "https://Example.com", `${PAGE}:443`]) {
      const server = new Server({ env: { WARDED_CORS_ORIGINS: wrong } });
      t.after(() => server.dispose());
      await assert.rejects(server.start(), /the first line on stdout/, wrong);
      assert.match(server.stderr, /WARDED_CORS_ORIGINS/, wrong);
    }
  });
});

describe("with origins named", () => {
  test("a page of one may read answers and refusals, and is asked for no cookie", async (t) => {
    const server = await Server.start(t, named);
    for (const answer of [await server.admin.get("/v1/me", from(PAGE)), await server.api.get("/v1/me", from(PAGE)), await server.api.get("/v1/nowhere", from(PAGE))]) {
      assert.equal(answer.headers["access-control-allow-origin"], PAGE);
      assert.match(answer.headers["access-control-expose-headers"], /X-Request-Id/);
      assert.equal(answer.headers["access-control-allow-credentials"], undefined);
      assert.equal(answer.headers.vary, "Authorization, Origin");
    }
  });

  test("a preflight is answered without a credential, and changes nothing", async (t) => {
    const server = await Server.start(t, named);
    const answer = await preflight(server.api, PAGE);
    assert.equal(answer.status, 204);
    assert.equal(answer.headers["access-control-allow-origin"], PAGE);
    assert.match(answer.headers["access-control-allow-methods"], /\bPUT\b.*\bDELETE\b/);
    assert.match(answer.headers["access-control-allow-headers"], /\bAuthorization\b/);
    assert.equal(answer.headers["access-control-allow-credentials"], undefined);
    assert.equal(answer.headers["access-control-max-age"], "600");
    assertError(await server.admin.get("/v1/secrets/a/KEY"), 404, "SECRET_NOT_FOUND");
    assertError(await server.api.send("OPTIONS", "/v1/me", from(PAGE)), 405, "METHOD_NOT_ALLOWED", {}, "without the method asked for");
  });

  test("any other origin gets what it would get anyway, and no browser shows it", async (t) => {
    const server = await Server.start(t, named);
    for (const other of [
      "https://console.example.com.evil.example",
      "https://evil.example",
      "http://console.example.com",
      "https://console.example.com:8443",
      "https://CONSOLE.example.com",
      "https://sub.console.example.com",
      `${PAGE}/`,
      "http://localhost:3001",
      "null",
      "*",
      "",
    ]) {
      const answer = await server.admin.get("/v1/me", from(other));
      assertOk(answer, 200, other);
      assertClosed(answer);
      assert.equal(answer.headers.vary, "Authorization, Origin", other);
      const asked = await preflight(server.api, other);
      assertError(asked, 405, "METHOD_NOT_ALLOWED", {}, other);
      assertClosed(asked);
    }
    assertClosed(await server.admin.get("/v1/me"));
  });

  test("two origins are none", async (t) => {
    const server = await Server.start(t, named);
    const head = ["GET /v1/health HTTP/1.1", "Host: localhost", `Origin: ${PAGE}`, "Origin: https://evil.example", "", ""];
    const answer = await exchange(server.origin, head.join("\r\n"));
    assertOk(answer);
    assertClosed(answer);
  });
});
