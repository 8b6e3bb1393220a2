// The unmodified `ass` command line of `@agentsecretstore/cli` against the real server.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { assertOk } from "./answer.mjs";
import { folder, Server } from "./harness.mjs";
import { run } from "./process.mjs";
import { forge } from "./token.mjs";

const ASS = fileURLToPath(new URL("node_modules/@agentsecretstore/cli/dist/index.js", import.meta.url));
const server = new Server();
before(() => server.start());
after(() => server.dispose());

/** Runs `ass` in a home of its own; as the first admin unless `env` says otherwise. */
function ass(args, { home = folder(), env = { ASS_API_KEY: server.adminKey } } = {}) {
  const all = { HOME: home, XDG_CONFIG_HOME: join(home, ".config"), NO_COLOR: "1", CI: "1", ASS_API_URL: server.origin, ...env };
  return run(process.execPath, [ASS, ...args], { env: all, cwd: home });
}

async function done(args, options) {
  const result = await ass(args, options);
  assert.equal(result.code, 0, `ass ${args.join(" ")}: ${result.stdout}\n${result.stderr}`);
  return result;
}

const json = async (args, options) => JSON.parse((await done([...args, "--json"], options)).stdout);

describe("the person", () => {
  test("status needs no credential", async () => {
    const { api, auth } = await json(["status"], { env: {} });
    assert.equal(api.status, "ok");
    assert.match(api.version, /^\d+\.\d+\.\d+/);
    assert.equal(auth.logged_in, false);
  });

  test("whoami shows the first admin", async () => {
    const me = await json(["whoami"]);
    assert.match(me.id, /^mem_[0-9a-f]{32}$/);
    assert.equal(me.role, "admin");
    assert.equal(me.plan, "self-hosted");
    for (const field of ["email", "name", "subscription_status"]) assert.equal(typeof me[field], "string", field);
    for (const field of ["secret_count", "agent_count"]) assert.ok(Number.isInteger(me[field]), field);
    assert.match((await done(["whoami"])).stdout, /email/);
  });

  test("login keeps the key, logout forgets it", async () => {
    const home = folder();
    await done(["login", "--key", server.adminKey], { home, env: {} });
    assert.equal((await json(["whoami"], { home, env: {} })).role, "admin");
    await done(["logout", "--force"], { home, env: {} });
    assert.equal((await ass(["whoami"], { home, env: {} })).code, 1);
  });

  test("a wrong key is told as such", async () => {
    const wrong = await ass(["whoami"], { env: { ASS_API_KEY: forge("k") } });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /Not authenticated/);
  });
});

describe("secrets", () => {
  test("set, get, list and delete, in a nested namespace", async () => {
    const set = ["secrets", "set", "cli/prod/payments/KEY", "s3cret value", "--type", "api_key", "--tier", "standard"];
    assert.match((await done(set)).stdout, /Secret stored/);
    assert.equal((await done(["secrets", "get", "cli/prod/payments/KEY"])).stdout, "s3cret value");
    const got = await json(["secrets", "get", "cli/prod/payments/KEY"]);
    assert.equal(got.value, "s3cret value");
    assert.equal(got.version, 1);
    assert.ok(Number.isFinite(Date.parse(got.updated_at)));

    const list = await json(["secrets", "list", "cli/prod"]);
    assert.equal(list.namespace, "cli/prod");
    assert.deepEqual(
      list.items.map(({ namespace, key, secret_type: type }) => [namespace, key, type]),
      [["cli/prod/payments", "KEY", "api_key"]],
    );
    assert.match((await done(["secrets", "list", "cli/prod"])).stdout, /cli\/prod\/payments\/KEY/);

    await done(["secrets", "delete", "cli/prod/payments/KEY", "--force"]);
    const gone = await ass(["secrets", "get", "cli/prod/payments/KEY"]);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /Not found/);
    assert.deepEqual((await json(["secrets", "list", "cli/prod"])).items, []);
  });

  test("an unknown namespace is an empty list", async () => {
    assert.deepEqual((await json(["secrets", "list"])).items, []);
  });

  test("a tier that needs approval is a refusal", async () => {
    await done(["secrets", "set", "cli/tier/KEY", "guarded", "--type", "custom", "--tier", "critical"]);
    const refused = await ass(["secrets", "get", "cli/tier/KEY"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Permission denied/);
    assert.ok(!refused.stdout.includes("guarded"));
  });

  test("a dotenv file goes in and comes out", async () => {
    const home = folder();
    const values = { PLAIN: "abc", SPACED: "two words", LINES: "one\ntwo", QUOTES: 'say "hi" \\ bye' };
    const text = 'PLAIN=abc\nSPACED="two words"\nLINES="one\\ntwo"\nQUOTES="say \\"hi\\" \\\\ bye"\n';
    writeFileSync(join(home, "app.env"), text);
    await done(["env", "import", "app.env", "--namespace", "cli/env/deep"], { home });
    for (const [key, value] of Object.entries(values)) {
      assert.equal((await done(["secrets", "get", `cli/env/deep/${key}`])).stdout, value);
    }
    await done(["env", "export", "cli/env/deep", "--output", "out.env"], { home });
    await done(["env", "import", "out.env", "--namespace", "cli/env/copy"], { home });
    for (const [key, value] of Object.entries(values)) {
      assert.equal((await done(["secrets", "get", `cli/env/copy/${key}`])).stdout, value, readFileSync(join(home, "out.env"), "utf8"));
    }
  });
});

describe("agents, tokens, approvals, audit", () => {
  test("the words that the client offers make an agent that can use them", async () => {
    const words = ["read:secrets", "write:secrets", "import:secrets"];
    const made = await server.agent({ name: "cli-words", namespaces: ["cli/words"], scopes: words });
    const listed = (await json(["agents", "list"])).items.find((agent) => agent.id === made.id);
    assert.deepEqual(listed.allowed_scopes, words, "echoed as sent");
    assert.deepEqual(listed.allowed_namespaces, ["cli/words"]);
    assert.equal(listed.api_key_prefix, made.api_key.slice(0, 12));
    assert.equal(listed.active, true);

    const env = { ASS_API_KEY: made.api_key };
    const issued = await done(["tokens", "issue", "--scopes", "read:secrets,write:secrets", "--ttl", "900"], { env });
    const [token] = /wds_[0-9A-Za-z]{49}/.exec(issued.stdout) ?? assert.fail(issued.stdout);
    assert.match(issued.stdout, /read:secrets, write:secrets/);
    assertOk(await server.as(token).put("/v1/secrets/cli/words/KEY", { value: "v" }), 201);
    assert.equal(assertOk(await server.as(token).get("/v1/secrets/cli%2Fwords/KEY")).value, "v");
    assert.equal((await server.as(token).get("/v1/secrets/cli/other/KEY")).status, 403);
  });

  test("an agent is revoked by name, at once", async () => {
    const made = await server.agent({ name: "cli-revoked" });
    await server.token(made.api_key, { scopes: ["secrets:read:a/*"] });
    await done(["agents", "revoke", "cli-revoked", "--force"]);
    const answer = await server.as(made.api_key).post("/v1/tokens", { scopes: ["secrets:read:a/*"] });
    assert.equal(answer.status, 401);
    const listed = (await json(["agents", "list"])).items.find((agent) => agent.id === made.id);
    assert.equal(listed.active, false);
    assert.equal((await ass(["agents", "revoke", "cli-unknown", "--force"])).code, 1);
  });

  test("approvals are listed", async () => {
    await done(["secrets", "set", "cli/approval/KEY", "guarded", "--type", "custom", "--tier", "critical"]);
    assert.equal((await ass(["secrets", "get", "cli/approval/KEY"])).code, 1);
    const { items } = await json(["approvals", "list", "--status", "pending"]);
    assert.deepEqual(items[0].requested_scopes, ["secrets:read:cli/approval/KEY"]);
    assert.deepEqual((await json(["approvals", "list", "--status", "denied"])).items, []);
    assert.equal((await done(["approvals", "list"])).code, 0);
    assert.equal((await ass(["approvals", "approve", items[0].id, "--force"])).code, 1, "nobody approves what they ask themselves");
    await done(["approvals", "deny", items[0].id, "--reason", "not today", "--force"]);
    assert.equal((await json(["approvals", "list", "--status", "denied"])).items[0].id, items[0].id);
  });

  test("the audit shows what was done, newest first", async () => {
    await done(["secrets", "set", "cli/audit/KEY", "v", "--type", "custom", "--tier", "standard"]);
    const page = await json(["audit", "--limit", "5"]);
    assert.equal(page.page, 1);
    assert.equal(page.limit, 5);
    assert.ok(page.events.length > 0 && page.events.length <= 5 && page.total >= page.events.length);
    const written = page.events.find((event) => event.event_type === "secret.created");
    assert.equal(written.resource_type, "secret");
    assert.equal(written.actor_type, "operator");
    assert.equal(written.ip_address, "127.0.0.1");
    assert.match((await done(["audit"])).stdout, /secret\.created/);
  });
});
