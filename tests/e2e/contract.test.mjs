// The check that holds every other test to the API's description notices what it is there to notice.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { reference } from "../http/reference.mjs";
import { BINARY } from "./binary.mjs";
import { Contract } from "./contract.mjs";
import { Server } from "./harness.mjs";

const text = execFileSync(BINARY, ["openapi"], { encoding: "utf8" });
const contract = new Contract(JSON.parse(text));
const headers = { "x-request-id": `req_${"0".repeat(32)}`, "content-type": "application/json" };
const answer = (status, json) => ({ status, headers, json, text: JSON.stringify(json) });
const error = (status, code) => answer(status, { error: { code, message: "m" }, detail: "m", request_id: headers["x-request-id"] });
const health = { status: "ok", version: "1", service: "warded" };
const get = (path) => ({ method: "GET", path });
const refused = (request, given, pattern) => assert.throws(() => contract.check(request, given), pattern);

describe("the contract", () => {
  test("docs/reference.md is what `make reference` writes", () => {
    const written = readFileSync(new URL("../../docs/reference.md", import.meta.url), "utf8");
    assert.ok(written === reference(JSON.parse(text)), "docs/reference.md is not current: run `make reference`");
  });

  test("the server serves what the command prints", async (t) => {
    const server = await Server.start(t);
    assert.equal((await server.api.get("/openapi.json")).text, text);
  });

  test("what is described passes", () => {
    contract.check(get("/v1/health"), answer(200, health));
    contract.check(get("/v1/tokens/tok_1"), error(404, "NOT_FOUND"));
    contract.check(get("/v1/nowhere"), error(404, "NOT_FOUND"));
    contract.check({ method: "PURGE", path: "/v1/health" }, error(405, "METHOD_NOT_ALLOWED"));
  });

  test("a field, a status, a code or a header that is not described is noticed", () => {
    refused(get("/v1/health"), answer(200, { ...health, extra: 1 }), /additional properties/);
    refused(get("/v1/health"), answer(200, { status: "ok" }), /required property/);
    refused(get("/v1/health"), answer(202, health), /not described with this status/);
    refused(get("/v1/tokens/tok_1"), error(404, "SECRET_NOT_FOUND"), /allowed values/);
    refused(get("/v1/tokens/tok_1"), error(409, "CONFLICT"), /not described with this status/);
    refused(get("/v1/health"), { ...answer(200, health), headers: { "content-type": "application/json" } }, /header X-Request-Id/);
    refused(get("/v1/health"), { ...answer(200, health), headers: { ...headers, "content-type": "text/html" } }, /media type text\/html/);
    refused(get("/v1/nowhere"), answer(200, health), /is no route/);
  });

  test("a parameter or a body that is accepted but not described is noticed", () => {
    const agents = answer(200, { items: [] });
    contract.check(get("/v1/agents"), agents);
    refused(get("/v1/agents?colour=red"), agents, /parameter colour/);
    const put = (body) => ({ method: "PUT", path: "/v1/secrets/a/b/KEY", bytes: JSON.stringify(body) });
    const written = answer(200, {
      ...{ id: "sec_1", namespace: "a/b", key: "KEY", version: 2, secret_type: "custom", access_tier: "standard", metadata: {} },
      ...{ created_at: "2026-01-01T00:00:00.000Z", updated_at: "2026-01-01T00:00:00.000Z" },
    });
    contract.check(put({ value: "v", metadata: null }), written);
    refused(put({ value: "v", secret_type: null }), written, /secret_type/);
    refused(put({ value: "v", colour: "red" }), written, /additional properties/);
    refused({ ...put({}), bytes: undefined }, written, /without its body/);
  });
});
