// Where a request comes from: the socket's peer, or what a trusted proxy says; and what an allowlist makes of it.
// All of 127.0.0.0/8 is loopback, so one machine can play the proxy (127.0.0.1) and a stranger (127.0.0.2).

import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { assertError, assertOk } from "./answer.mjs";
import { until } from "./deadline.mjs";
import { Server } from "./harness.mjs";
import { Api, exchange } from "./http.mjs";

const PATH = "/v1/secrets/proxy/KEY";
const STRANGER = "127.0.0.2";

/** A server and a token that is good from 203.0.113.0/24 and 2001:db8::/32 only. */
async function prepared(t, env, allowlist = ["203.0.113.0/24", "2001:db8::/32"]) {
  const server = await Server.start(t, { env });
  assertOk(await server.admin.put(PATH, { value: "v" }), 201);
  const agent = await server.agent();
  const { token } = await server.token(agent.api_key, { scopes: ["secrets:read:proxy/*"], ip_allowlist: allowlist });
  const from = (localAddress) => {
    const api = new Api(server.origin, token, { localAddress });
    t.after(() => api.close());
    return api;
  };
  return { server, token, from };
}

const read = (api, header, value) => api.get(PATH, { headers: value === undefined ? {} : { [header]: value } });
const assertRefused = (answer, reason, what) => assertError(answer, 403, "IP_NOT_ALLOWED", { reasons: [reason] }, what);

/** The addresses that the audit has for the last reads, newest first, once it has them: a refusal is told before it is recorded. */
const assertRecorded = (server, addresses) =>
  until(5_000, `records from ${addresses}`, async () => {
    const { events } = assertOk(await server.admin.get(`/v1/audit?event_type=secret.read&path=proxy/KEY&limit=${addresses.length}`));
    return isDeepStrictEqual(
      events.map((event) => event.ip_address),
      addresses,
    );
  });

describe("without a trusted proxy", () => {
  test("no header is believed", async (t) => {
    const { server, from } = await prepared(t, {});
    for (const header of ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip"]) {
      const value = header === "forwarded" ? "for=203.0.113.9" : "203.0.113.9";
      assertRefused(await read(from("127.0.0.1"), header, value), "ip_not_allowed", header);
    }
    await assertRecorded(server, ["127.0.0.1"]);
  });

  test("the peer is the address", async (t) => {
    const { server, from } = await prepared(t, {}, ["127.0.0.2"]);
    assertOk(await read(from(STRANGER)));
    assertRefused(await read(from("127.0.0.1"), "x-forwarded-for", STRANGER), "ip_not_allowed");
    await assertRecorded(server, ["127.0.0.1", STRANGER]);
  });
});

describe("behind a trusted proxy", () => {
  const trusting = { WARDED_TRUSTED_PROXIES: "127.0.0.1,10.0.0.0/8" };

  test("the header counts when the proxy sends it, and not when a stranger does", async (t) => {
    const { server, from } = await prepared(t, trusting);
    assertOk(await read(from("127.0.0.1"), "x-forwarded-for", "203.0.113.9"));
    assertRefused(await read(from(STRANGER), "x-forwarded-for", "203.0.113.9"), "ip_not_allowed");
    await assertRecorded(server, [STRANGER, "203.0.113.9"]);
  });

  test("the list is walked from the right past trusted addresses", async (t) => {
    const { from } = await prepared(t, trusting);
    const proxy = from("127.0.0.1");
    for (const good of [
      "198.51.100.1, 203.0.113.9",
      "203.0.113.9, 10.1.2.3",
      "nonsense, 203.0.113.9,10.1.2.3 ,  10.9.9.9",
      "2001:db8::7",
      "::ffff:203.0.113.9",
    ]) {
      assertOk(await read(proxy, "x-forwarded-for", good), 200, good);
    }
    for (const bad of ["203.0.113.9, 198.51.100.1", "203.0.113.9, 198.51.100.1, 10.1.2.3", "198.51.100.1"]) {
      assertRefused(await read(proxy, "x-forwarded-for", bad), "ip_not_allowed", bad);
    }
  });

  test("missing, unparsable or all trusted is unknown", async (t) => {
    const { from } = await prepared(t, trusting);
    const proxy = from("127.0.0.1");
    for (const unknown of [
      undefined,
      "",
      "nonsense",
      "203.0.113.9, nonsense",
      "203.0.113.9,",
      "10.1.2.3",
      "10.1.2.3, 10.1.2.4",
      "203.0.113.009",
      "unknown",
    ]) {
      assertRefused(await read(proxy, "x-forwarded-for", unknown), "ip_unknown", String(unknown));
    }
  });

  test("several lines are one list, in order", async (t) => {
    const { server, token } = await prepared(t, trusting);
    const send = (...lines) =>
      exchange(
        server.origin,
        [
          `GET ${PATH} HTTP/1.1`,
          "Host: localhost",
          `Authorization: Bearer ${token}`,
          ...lines.map((line) => `X-Forwarded-For: ${line}`),
          "",
          "",
        ].join("\r\n"),
      );
    assertOk(await send("198.51.100.1", "203.0.113.9"));
    assertOk(await send("203.0.113.9", "10.1.2.3"));
    assertRefused(await send("203.0.113.9", "198.51.100.1"), "ip_not_allowed");
  });

  test("only the configured header is read", async (t) => {
    const { from } = await prepared(t, { ...trusting, WARDED_FORWARDED_HEADER: "forwarded" });
    const proxy = from("127.0.0.1");
    assertRefused(await read(proxy, "x-forwarded-for", "203.0.113.9"), "ip_unknown");
    for (const good of [
      "for=203.0.113.9",
      "for=198.51.100.1, for=203.0.113.9;proto=https;by=10.1.1.1",
      'For="[2001:db8::7]:4711"',
      'proto=http;for="203.0.113.9:80"',
      "for=203.0.113.9, for=10.1.2.3",
    ]) {
      assertOk(await read(proxy, "forwarded", good), 200, good);
    }
    for (const unknown of ["for=unknown", "for=_hidden", "proto=https", "for=", "203.0.113.9"]) {
      assertRefused(await read(proxy, "forwarded", unknown), "ip_unknown", unknown);
    }
  });

  test("an agent's own policy binds its tokens", async (t) => {
    const server = await Server.start(t, { env: trusting });
    assertOk(await server.admin.put(PATH, { value: "v" }, { headers: { "x-forwarded-for": "203.0.113.1" } }), 201);
    const agent = await server.agent({ ip_policy: ["203.0.113.0/24"] });
    const inside = { headers: { "x-forwarded-for": "203.0.113.9" } };
    const outside = { headers: { "x-forwarded-for": "198.51.100.1" } };
    const issued = assertOk(await server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:proxy/*"] }, inside));
    assertRefused(await server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:proxy/*"] }, outside), "ip_not_allowed");
    assertOk(await server.as(issued.token).get(PATH, inside));
    assertRefused(await server.as(issued.token).get(PATH, outside), "ip_not_allowed");
  });
});
