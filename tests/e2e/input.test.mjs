// Bad input on every route: the right status and code, the field named, nothing stored, never a 5xx.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";
import { exchange } from "./http.mjs";
import { FIELDS, IMPORT_LINES, MALFORMED, ROUTES, TOO_DEEP, TYPES } from "./input-bodies.mjs";
import { METHODS, PATHS, QUERIES, RAW, UNCANONICAL, UNKNOWN } from "./input-paths.mjs";

const server = new Server();
const callers = {};
let untouched;

before(async () => {
  await server.start();
  callers.admin = server.admin;
  callers.agent = server.as((await server.agent({ name: "input-agent" })).api_key);
  assertOk(await callers.admin.put("/v1/secrets/input-query/KEY", { value: "v" }), 201);
  untouched = await stored();
});

after(async () => {
  try {
    assert.deepEqual(await stored(), untouched, "bad input stored something");
    assert.doesNotMatch(server.stderr, /panicked/);
  } finally {
    await server.dispose();
  }
});

/** Everything that a request could have stored. */
async function stored() {
  const lists = await Promise.all(
    ["/v1/namespaces", "/v1/agents", "/v1/tokens", "/v1/secrets/input-query"].map((path) => callers.admin.get(path)),
  );
  return lists.map((list, index) => (index === 1 ? list.json.items.map((agent) => agent.name) : list.json.items));
}

function send(route, body, headers = { "content-type": "application/json" }) {
  const { method, path, caller } = ROUTES[route];
  return callers[caller].send(method, path, { body, headers });
}

/** Runs all cases of a table in one test, so that a run of hundreds stays readable, and reports every one that fails. */
function table(name, cases, check) {
  test(`${name} (${cases.length})`, async () => {
    const failures = [];
    for (const one of cases) {
      await check(one).catch((error) => failures.push(error.message.split("\n")[0]));
    }
    assert.deepEqual(failures, []);
  });
}

const bad = { status: 400, code: "VALIDATION_FAILED" };
const assertBad = (answer, field, what) => assertError(answer, bad.status, bad.code, { field }, what);

describe("bodies", () => {
  for (const route of Object.keys(ROUTES)) {
    const { good, required } = ROUTES[route];
    const keys = Object.keys(good);

    table(`${route}: not a JSON object`, MALFORMED, async ([what, body]) =>
      assertBad(await send(route, body), undefined, `${route}: ${what}`),
    );
    table(`${route}: a field is missing`, required, async (field) => {
      const { [field]: _, ...rest } = good;
      assertBad(await send(route, JSON.stringify(rest)), field, `${route}: no ${field}`);
    });
    table(`${route}: a field is given twice`, keys, async (field) => {
      const twice = JSON.stringify(good).replace("{", `{${JSON.stringify(field)}:${JSON.stringify(good[field])},`);
      assertBad(await send(route, twice), field, `${route}: two ${field}`);
    });
    table(
      `${route}: NUL in a string`,
      keys.filter((key) => typeof good[key] === "string"),
      async (field) => {
        assertBad(await send(route, JSON.stringify({ ...good, [field]: "a\0b" })), field, `${route}: NUL in ${field}`);
      },
    );

    test(`${route}: an unknown field, no body, too deep, too long`, async () => {
      assertBad(await send(route, JSON.stringify({ ...good, surprise: 1 })), "surprise", route);
      assertBad(await send(route, JSON.stringify({ ...good, __proto__x: 1, Value: 1 })), "__proto__x", route);
      assertBad(await send(route, ""), undefined, `${route}: empty body`);
      assertBad(await send(route, JSON.stringify({ ...good, ...TOO_DEEP })), undefined, `${route}: too deep`);
      const long = JSON.stringify({ ...good, padding: "x".repeat(1_048_576) });
      assertError(await send(route, long), 413, "PAYLOAD_TOO_LARGE", {}, `${route}: too long`);
    });

    test(`${route}: another content type`, async () => {
      for (const type of ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json5", "", "json"]) {
        assertError(
          await send(route, JSON.stringify(good), { "content-type": type }),
          415,
          "UNSUPPORTED_MEDIA_TYPE",
          {},
          `${route}: ${type}`,
        );
      }
    });
  }

  table("a field of another type", TYPES, ([route, what, change, field]) => refused(route, what, change, field));
  table("a field out of range", FIELDS, ([route, what, change, field]) => refused(route, what, change, field));

  async function refused(route, what, change, field) {
    assertBad(await send(route, JSON.stringify({ ...ROUTES[route].good, ...change })), field, `${route}: ${what}`);
  }

  table("an import says which line is wrong", IMPORT_LINES, async ([content, line]) => {
    const answer = await send("import", JSON.stringify({ namespace: "input/import", content }));
    assertBad(answer, "content", content);
    assert.match(answer.json.error.message, new RegExp(`line ${line}\\b`));
  });

  test("If-Match takes a version", async () => {
    for (const version of ["abc", "0", "-1", "1.5", '"1"', "*", ""]) {
      const answer = await callers.admin.put("/v1/secrets/input/KEY", { value: "v" }, { headers: { "if-match": version } });
      assertBad(answer, "If-Match", `If-Match: ${version}`);
    }
  });
});

describe("targets", () => {
  table("a path that is not canonical", Object.entries(PATHS), async ([what, path]) => {
    for (const [method, body] of [["GET"], ["PUT", '{"value":"v"}'], ["DELETE"]]) {
      const answer = await callers.admin.send(method, `/v1/secrets/${path}`, { body, headers: { "content-type": "application/json" } });
      assertError(answer, 400, "VALIDATION_FAILED", { field: "path" }, `${method}: ${what}`);
    }
  });

  test("a write or a deletion needs a namespace and a key", async () => {
    for (const path of ["KEY", "ns%2FKEY"]) {
      assertBad(await callers.admin.put(`/v1/secrets/${path}`, { value: "v" }), "path", `PUT ${path}`);
      assertBad(await callers.admin.delete(`/v1/secrets/${path}`), "path", `DELETE ${path}`);
    }
  });

  table("a query that is wrong", QUERIES, async ([path, field]) => assertBad(await callers.admin.get(path), field, path));

  test("a target over 4 KiB", async () => {
    assertError(await callers.admin.get(`/v1/secrets/a/K?x=${"x".repeat(4_096)}`), 414, "URI_TOO_LONG");
  });

  table("a target that is no route", UNKNOWN, async (path) => {
    for (const caller of [callers.admin, server.api]) assertError(await caller.get(path), 404, "NOT_FOUND", {}, path);
  });

  table("a target that is not canonical", UNCANONICAL, async (path) => {
    for (const caller of [callers.admin, server.api]) assertBad(await caller.get(path), "path", path);
  });

  test("doubled slashes are taken at the front only", async () => {
    assertOk(await server.api.get("//v1/health"));
    assert.equal(assertOk(await callers.admin.get("//v1/secrets/input-query/KEY")).value, "v");
  });

  table("a method that the route does not have", Object.entries(METHODS), async ([path, methods]) => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"]) {
      if (methods.includes(method)) continue;
      const answer = await callers.admin.send(method, path, { headers: { "content-type": "application/json" } });
      if (method === "HEAD") assert.equal(answer.status, 405, `HEAD ${path}`);
      else assertError(answer, 405, "METHOD_NOT_ALLOWED", {}, `${method} ${path}`);
      for (const one of methods) assert.match(answer.headers.allow ?? "", new RegExp(`\\b${one}\\b`), `${method} ${path}: Allow`);
    }
  });

  test("an id that cannot be one", async () => {
    for (const id of ["a%2Fb", "%00", "x".repeat(129), "%zz", "a.b"]) {
      for (const collection of ["agents", "tokens"]) {
        for (const method of ["GET", "DELETE"]) {
          const answer = await callers.admin.send(method, `/v1/${collection}/${id}`);
          assert.ok([400, 404].includes(answer.status), `${method} ${collection}/${id}: ${answer.status} ${answer.text}`);
          assertError(answer, answer.status, answer.status === 400 ? "VALIDATION_FAILED" : "NOT_FOUND");
        }
      }
    }
  });
});

describe("bytes", () => {
  for (const [what, text] of Object.entries(RAW)) {
    test(`${what} is refused without harm`, async () => {
      assertBad(await exchange(server.origin, Buffer.from(text, "latin1")), undefined, what);
      assertOk(await server.api.get("/v1/health"));
    });
  }

  test("headers over 16 KiB", async () => {
    for (const length of [17_000, 200_000]) {
      const answer = await exchange(server.origin, `GET /v1/health HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(length)}\r\n\r\n`);
      assertError(answer, 431, "HEADERS_TOO_LARGE", {}, `${length} bytes`);
    }
  });

  test("two Authorization lines", async () => {
    const line = `Authorization: Bearer ${server.adminKey}\r\n`;
    assertError(await exchange(server.origin, `GET /v1/me HTTP/1.1\r\nHost: x\r\n${line}${line}\r\n`), 401, "UNAUTHORIZED");
  });

  test("a body whose chunks are malformed", async () => {
    const head = `PUT /v1/secrets/input/SHORT HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.adminKey}\r\nContent-Type: application/json\r\n`;
    assertBad(await exchange(server.origin, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"val\r\nzz\r\n`));
    assertOk(await server.api.get("/v1/health"));
  });
});
