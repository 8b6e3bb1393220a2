// What http.md says of secrets beyond what the SDK asks for: spellings, listings, versions, tiers, compare-and-set.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { assertError, assertOk } from "./answer.mjs";
import { Server } from "./harness.mjs";

const server = new Server();
let admin;
before(async () => {
  await server.start();
  admin = server.admin;
});
after(() => server.dispose());

const at = (path) => `/v1/secrets/${path}`;
const put = async (path, value, more = {}) => {
  const answer = await admin.put(at(path), { value, ...more });
  assert.ok([200, 201].includes(answer.status), answer.text);
  return answer.json;
};
const holder = async (scopes, agent) => server.as((await server.token((agent ?? (await server.agent())).api_key, { scopes })).token);
const paths = (list) => list.items.map(({ namespace, key }) => `${namespace}/${key}`);

describe("spellings", () => {
  test("a/b/KEY and a%2Fb/KEY are the same secret, for every method", async () => {
    assertOk(await admin.put(at("spell/a/b/KEY"), { value: "1" }), 201);
    assert.equal(assertOk(await admin.put(at("spell%2Fa%2fb/KEY"), { value: "2" })).version, 2);
    for (const path of ["spell/a/b/KEY", "spell%2Fa%2Fb/KEY", "spell/a%2fb/KEY", "%73pell/a/b/%4BEY"]) {
      assert.equal(assertOk(await admin.get(at(path)), 200, path).value, "2", path);
      assert.equal(assertOk(await admin.get(at(`${path}?version=1`))).value, "1", path);
    }
    assertOk(await admin.delete(at("spell%2Fa/b/KEY")), 204);
    assertError(await admin.get(at("spell/a/b/KEY")), 404, "SECRET_NOT_FOUND");
  });

  test("a write says 201 for a new secret and 200 for a new version", async () => {
    const first = await admin.put(at("spell/new/KEY"), { value: "v" });
    assertOk(first, 201);
    assert.deepEqual(Object.keys(first.json).sort(), [
      "access_tier",
      "created_at",
      "created_by",
      "id",
      "key",
      "metadata",
      "namespace",
      "secret_type",
      "updated_at",
      "version",
    ]);
    assert.match(first.json.created_by, /^mem_/);
    const second = assertOk(await admin.put(at("spell/new/KEY"), { value: "v" }));
    assert.equal(second.id, first.json.id);
    assert.equal(second.created_at, first.json.created_at);
  });

  test("an empty body with a JSON content type is no error on GET and DELETE", async () => {
    await put("spell/empty/KEY", "v");
    const headers = { "content-type": "application/json" };
    assertOk(await admin.send("GET", at("spell/empty/KEY"), { headers }));
    assertOk(await admin.send("DELETE", at("spell/empty/KEY"), { headers }), 204);
  });

  test("one raw segment is a listing, however many escaped slashes", async () => {
    await put("spell/list/x/KEY", "v");
    assert.deepEqual(paths(assertOk(await admin.get(at("spell%2Flist%2Fx")))), ["spell/list/x/KEY"]);
    assert.deepEqual(paths(assertOk(await admin.get("/v1/secrets?namespace=spell/list"))), ["spell/list/x/KEY"]);
    assert.equal(assertOk(await admin.get(at("spell%2Flist%2Fx%2FKEY"))).namespace, "spell/list/x/KEY", "a listing, not the secret");
  });
});

describe("a path of which only a part is covered", () => {
  before(async () => {
    await put("cover/ns/KEY", "value");
    await put("cover/ns/deep/KEY", "deeper");
  });

  test("only the path: the secret or 404", async () => {
    const caller = await holder(["secrets:read:cover/ns/KEY", "secrets:read:cover/ns/deep"]);
    assert.equal(assertOk(await caller.get(at("cover/ns/KEY"))).value, "value");
    assertError(await caller.get(at("cover/ns/deep")), 404, "SECRET_NOT_FOUND");
  });

  test("only what lies below: a listing", async () => {
    const caller = await holder(["secrets:read:cover/ns/*"]);
    assert.deepEqual(paths(assertOk(await caller.get(at("cover/ns")))), ["cover/ns/KEY", "cover/ns/deep/KEY"]);
    assert.deepEqual(paths(assertOk(await caller.get(at("cover/ns/deep")))), ["cover/ns/deep/KEY"]);
  });

  test("both: the secret, else a listing, else 404", async () => {
    const caller = await holder(["secrets:read:cover/*"]);
    assert.equal(assertOk(await caller.get(at("cover/ns/KEY"))).value, "value");
    assert.deepEqual(paths(assertOk(await caller.get(at("cover/ns")))), ["cover/ns/KEY", "cover/ns/deep/KEY"]);
    assertError(await caller.get(at("cover/absent/KEY")), 404, "SECRET_NOT_FOUND");
  });

  test("neither: 403, the same for what exists and what does not", async () => {
    const caller = await holder(["secrets:read:elsewhere/*"]);
    const answers = [await caller.get(at("cover/ns/KEY")), await caller.get(at("cover/ns/ABSENT"))];
    for (const answer of answers) assertError(answer, 403, "SCOPE_DENIED", { reasons: ["scope_missing"] });
    assert.equal(answers[0].json.detail, answers[1].json.detail);
  });
});

describe("listings", () => {
  before(async () => {
    for (const key of ["e", "c", "a", "d/x", "b"]) await put(`lists/all/${key}/KEY`, "hidden value");
    await put("lists/all2/KEY", "v");
  });

  test("are recursive, sorted by bytes, and end at the namespace", async () => {
    const list = assertOk(await admin.get(at("lists%2Fall")));
    assert.deepEqual(
      paths(list),
      ["a", "b", "c", "d/x", "e"].map((key) => `lists/all/${key}/KEY`),
    );
    assert.ok(!JSON.stringify(list).includes("hidden value"));
    for (const field of ["namespace", "key", "version", "secret_type", "access_tier", "metadata", "created_at", "updated_at"]) {
      assert.ok(field in list.items[0], field);
    }
  });

  test("come in pages", async () => {
    const found = [];
    let cursor;
    do {
      const page = assertOk(await admin.get(at(`lists%2Fall?limit=2${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`)));
      assert.ok(page.items.length <= 2);
      found.push(...paths(page));
      cursor = page.next_cursor;
    } while (cursor);
    assert.deepEqual(
      found,
      ["a", "b", "c", "d/x", "e"].map((key) => `lists/all/${key}/KEY`),
    );
  });

  test("are decided item by item", async () => {
    const agent = await server.agent({ namespaces: ["lists/all/a", "lists/all/d"], scopes: ["secrets:read:*"] });
    const caller = server.as(agent.api_key);
    const answer = await caller.get(at("lists%2Fall"));
    if (answer.status === 200) assert.deepEqual(paths(answer.json), ["lists/all/a/KEY", "lists/all/d/x/KEY"]);
    else assertError(answer, 403, "SCOPE_DENIED");
  });

  test("an unknown namespace is empty", async () => {
    assert.deepEqual(assertOk(await admin.get(at("lists-nowhere"))), { namespace: "lists-nowhere", items: [] });
  });
});

describe("versions", () => {
  test("who wrote which when, no values", async () => {
    const { id } = await put("versions/who/KEY", "first secret value");
    await put("versions/who/KEY", "second secret value");
    const answer = await admin.get(at("versions/who/KEY?view=versions"));
    const list = assertOk(answer);
    assert.deepEqual(
      list.items.map((item) => item.version),
      [2, 1],
    );
    assert.ok(list.items.every((item) => /^mem_/.test(item.created_by) && Number.isFinite(Date.parse(item.created_at))));
    assert.ok(!answer.text.includes("secret value"));
    const metadata = await admin.get(at("versions/who/KEY?view=metadata"));
    assert.equal(assertOk(metadata).id ?? id, id);
    assert.ok(!("value" in metadata.json) && !metadata.text.includes("secret value"));
  });

  test("a hundred are kept", async () => {
    for (let version = 1; version <= 102; version += 1) assert.equal((await put("versions/many/KEY", `v${version}`)).version, version);
    for (const gone of [1, 2]) assertError(await admin.get(at(`versions/many/KEY?version=${gone}`)), 404, "SECRET_NOT_FOUND");
    for (const kept of [3, 102]) assert.equal(assertOk(await admin.get(at(`versions/many/KEY?version=${kept}`))).value, `v${kept}`);
  });

  test("If-Match writes only over the version that it names", async () => {
    await put("versions/match/KEY", "one");
    const write = (version, value) => admin.put(at("versions/match/KEY"), { value }, { headers: { "if-match": version } });
    assert.equal(assertOk(await write("1", "two")).version, 2);
    assertError(await write("1", "three"), 409, "CONFLICT");
    assertError(await admin.put(at("versions/absent/KEY"), { value: "v" }, { headers: { "if-match": "1" } }), 409, "CONFLICT");
    assert.equal(assertOk(await admin.get(at("versions/match/KEY"))).value, "two");
    const racing = await Promise.all(Array.from({ length: 16 }, (_, index) => write("2", `racer ${index}`)));
    assert.equal(racing.filter((answer) => answer.status === 200).length, 1, "one of sixteen wins");
  });
});

describe("tiers", () => {
  test("are raised or kept by a write, never lowered", async () => {
    await put("tiers/raise/KEY", "v", { access_tier: "sensitive", secret_type: "api_key" });
    assertError(await admin.put(at("tiers/raise/KEY"), { value: "w" }), 403, "APPROVAL_REQUIRED");
    const list = assertOk(await admin.get(at("tiers%2Fraise")));
    assert.equal(list.items[0].access_tier, "sensitive");
    await put("tiers/up/KEY", "v");
    assert.equal((await put("tiers/up/KEY", "v", { access_tier: "critical" })).access_tier, "critical");
  });

  test("above standard nobody reads, writes or deletes without approval", async () => {
    await put("tiers/closed/KEY", "guarded", { access_tier: "critical" });
    const agent = await server.agent();
    const early = await holder(["secrets:*:tiers/later/*"], agent);
    await put("tiers/later/KEY", "guarded", { access_tier: "sensitive" });
    for (const [caller, path] of [
      [admin, "tiers/closed/KEY"],
      [server.as(agent.api_key), "tiers/closed/KEY"],
      [early, "tiers/later/KEY"],
    ]) {
      for (const [method, json] of [["GET"], ["PUT", { value: "w" }], ["DELETE"]]) {
        assertError(await caller.send(method, at(path), { json }), 403, "APPROVAL_REQUIRED", {}, `${method} ${path}`);
      }
    }
    assertOk(await server.as(agent.api_key).post("/v1/tokens", { scopes: ["secrets:read:tiers/closed/*"] }), 202);
    assertOk(await admin.get(at("tiers/closed/KEY?view=metadata")));
  });
});

describe("a path is never both secret and namespace", () => {
  test("above and below a secret is taken, and stays taken when it is deleted", async () => {
    await put("taken/ns/KEY", "v");
    for (const path of ["taken/ns/KEY/BELOW", "taken/ns"])
      assertError(await admin.put(at(path), { value: "v" }), 409, "PATH_TAKEN", {}, path);
    assertOk(await admin.delete(at("taken/ns/KEY")), 204);
    for (const path of ["taken/ns/KEY/BELOW", "taken/ns"])
      assertError(await admin.put(at(path), { value: "v" }), 409, "PATH_TAKEN", {}, path);
    assertOk(await admin.put(at("taken/ns/KEY"), { value: "v" }), 201);
  });

  test("an import that would make it so stores nothing", async () => {
    await put("taken/import/B", "v");
    await put("taken/import/C/KEY", "v");
    assertError(await admin.post("/v1/secrets/import", { namespace: "taken/import", content: "A=1\nB=2\nC=3\n" }), 409, "PATH_TAKEN");
    assertError(await admin.get(at("taken/import/A")), 404, "SECRET_NOT_FOUND");
    assert.equal(assertOk(await admin.get(at("taken/import/B"))).version, 1);
  });
});
