// `warded secret rotate|rollback|restore|destroy|due`, `approval …`, `webhook …` and `audit export|checkpoints|erase` against the real server.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { Commands, fields, rows } from "./commands.mjs";
import { BINARY, Server } from "./harness.mjs";
import { Child } from "./process.mjs";

const server = new Server();
let admin;
before(async () => {
  await server.start();
  admin = new Commands(server.origin, server.adminKey);
});
after(() => server.dispose());

/** Commands with a new agent's key. */
async function agent(name, namespace) {
  const { api_key: key } = await server.agent({ name, namespaces: [namespace], scopes: [`secrets:*:${namespace}/*`] });
  return new Commands(server.origin, key);
}

describe("a secret's life", () => {
  test("rotation takes a given value or makes one, and ends the tokens that reach it", async () => {
    const who = await agent("rotator", "rotated");
    await admin.done(["secret", "set", "rotated/app/KEY"], { input: "first" });
    const issue = ["token", "issue", "--scope", "secrets:read:rotated/app/KEY", "--reveal"];
    const token = (await who.done(issue)).trim();
    assert.equal((await admin.json(["secret", "rotate", "rotated/app/KEY", "--if-version", "1"], { input: "second\n" })).revoked_tokens, 1);
    await new Commands(server.origin, token).fails(["secret", "get", "rotated/app/KEY", "--reveal"], 1, /UNAUTHORIZED: .*\(revoked\)/);
    assert.equal(await admin.done(["secret", "get", "rotated/app/KEY", "--reveal"]), "second");

    await admin.fails(["secret", "rotate", "rotated/app/KEY", "--generate"], 2, /--output FILE .* --reveal/);
    const made = await admin.run(["secret", "rotate", "rotated/app/KEY", "--generate", "--reveal"]);
    assert.match(made.stdout, /^[0-9A-Za-z]{43}\n$/);
    assert.equal(await admin.done(["secret", "get", "rotated/app/KEY", "--reveal"]), made.stdout.trim());
    await admin.done(["secret", "rotate", "rotated/app/KEY", "--generate", "--output", "made"]);
    assert.match(readFileSync(admin.file("made"), "utf8"), /^[0-9A-Za-z]{43}\n$/);
    await admin.done(["secret", "set", "rotated/app/CERT", "--type", "certificate"], { input: "c" });
    await admin.fails(["secret", "rotate", "rotated/app/CERT", "--generate", "--reveal"], 1, /NEW_VALUE_REQUIRED: .*standard input or with --from-file/);
  });

  test("what was deleted is listed with its end, until it is restored", async () => {
    for (const name of ["KEY", "OTHER"]) {
      await admin.done(["secret", "set", `listed-gone/app/${name}`], { input: "v" });
      await admin.done(["secret", "delete", `listed-gone/app/${name}`]);
    }
    const list = ["secret", "list", "listed-gone", "--deleted"];
    const [first, second] = rows(await admin.done(list));
    assert.deepEqual([first.NAMESPACE, first.KEY, second.KEY, first.VERSION], ["listed-gone/app", "KEY", "OTHER", "1"]);
    assert.match(first.DELETED, /ago, |now, /);
    assert.match(first.DESTROYED, /^in (29|30) d, /);
    const page = await admin.run([...list, "--limit", "1"]);
    const [, cursor] = /--cursor (\S+)/.exec(page.stderr);
    assert.deepEqual((await admin.json([...list, "--cursor", cursor])).items.map(({ id }) => id), [second.ID]);
    await admin.fails([...list, "--cursor", "6b"], 1, /VALIDATION_FAILED: .*cursor/);
    await (await agent("no-restorer", "listed-gone")).fails(list, 1, /SCOPE_DENIED/);
    await admin.done(["secret", "restore", "listed-gone/app/KEY", "--id", first.ID]);
    assert.deepEqual(rows(await admin.done(list)).map((row) => row.KEY), ["OTHER"]);
    assert.deepEqual(rows(await admin.done(["secret", "list", "listed-gone"])).map((row) => row.KEY), ["KEY"]);
  });

  test("an older value comes back as a new version", async () => {
    for (const value of ["one", "two"]) await admin.done(["secret", "set", "rolled/app/KEY"], { input: value });
    assert.equal(fields(await admin.done(["secret", "rollback", "rolled/app/KEY", "--version", "1"])).version, "3");
    assert.equal(await admin.done(["secret", "get", "rolled/app/KEY", "--reveal"]), "one");
    await admin.fails(["secret", "rollback", "rolled/app/KEY", "--version", "1", "--if-version", "1"], 1, /CONFLICT/);
  });

  test("what is deleted is restored, or destroyed by whoever means it", async () => {
    await admin.done(["secret", "set", "gone/app/KEY"], { input: "v" });
    await admin.done(["secret", "delete", "gone/app/KEY"]);
    await admin.done(["secret", "restore", "gone/app/KEY"]);
    assert.equal(await admin.done(["secret", "get", "gone/app/KEY", "--reveal"]), "v");
    await admin.fails(["secret", "destroy", "gone/app/KEY", "--yes"], 1, /CONFLICT/);
    await admin.done(["secret", "delete", "gone/app/KEY"]);
    await admin.fails(["secret", "destroy", "gone/app/KEY"], 2, /cannot be undone: add --yes/);
    assert.equal((await admin.json(["secret", "destroy", "gone/app/KEY", "--yes"])).versions, 1);
    await admin.fails(["secret", "restore", "gone/app/KEY"], 1, /NOT_FOUND/);
  });

  test("nothing young is due", async () => {
    const { stdout, stderr, code } = await admin.run(["secret", "due"]);
    assert.deepEqual([code, stdout, stderr], [0, "", "no secrets that are due\n"]);
    assert.deepEqual((await admin.json(["secret", "due"])).items, []);
  });
});

describe("approvals", () => {
  let ada;
  before(async () => {
    const { id } = await admin.json(["member", "invite", "ada@example.com", "--name", "Ada", "--role", "editor"]);
    const key = await admin.done(["member", "key", "add", "laptop", "--member", id, "--approve", "--reveal"]);
    ada = new Commands(server.origin, key.trim());
    await admin.done(["secret", "set", "guarded/app/KEY", "--tier", "sensitive"], { input: "guarded" });
  });
  const issue = (ttl) => ["token", "issue", "--scope", "secrets:read:guarded/app/KEY", "--ttl", ttl, "--reason", "a migration"];

  test("are asked for, looked at, given, and used once", async () => {
    const who = await agent("asker", "guarded");
    const asked = await who.fails([...issue("5m"), "--reveal"], 3, /approval apr_\w+ is needed: .*`warded approval approve apr_\w+`/);
    const [id] = /apr_\w+/.exec(asked.stderr);
    const again = await who.run([...issue("5m"), "--reveal", "--json"]);
    assert.equal(again.code, 3);
    assert.equal(JSON.parse(again.stdout).approval_id, id, "the same request is the same approval");
    await who.fails([...issue("5m"), "--output", "asked.token"], 3, /is needed/);
    assert.throws(() => readFileSync(who.file("asked.token")), /ENOENT/);

    const [row] = rows(await ada.done(["approval", "list", "--status", "pending"])).filter((one) => one.ID === id);
    assert.deepEqual([row.REASON, row["ACCESS TIER"], row["REQUIRED APPROVALS"]], ["a migration", "sensitive", "1"]);
    assert.equal(fields(await ada.done(["approval", "show", id]))["requested scopes"], "secrets:read:guarded/app/KEY");
    await ada.fails(["approval", "approve", id], 2, /this approves what is asked, .*: add --yes/);
    assert.equal(fields(await ada.done(["approval", "approve", id, "--yes"])).status, "approved");
    await ada.fails(["approval", "approve", "apr_00000000000000000000000000000000", "--yes"], 1, /NOT_FOUND/);

    const token = (await who.done([...issue("5m"), "--reveal"])).trim();
    assert.equal(await new Commands(server.origin, token).done(["secret", "get", "guarded/app/KEY", "--reveal"]), "guarded");
    assert.equal((await ada.json(["approval", "show", id])).status, "consumed");
  });

  test("are denied, and the reason is told", async () => {
    const who = await agent("denied", "guarded");
    const [id] = /apr_\w+/.exec((await who.fails([...issue("6m"), "--reveal"], 3, /is needed/)).stderr);
    const denied = fields(await ada.done(["approval", "deny", id, "--reason", "not today"]));
    assert.equal(denied.status, "denied");
    assert.match(denied.approvals, /reason=not today/);
    await who.fails([...issue("6m"), "--reveal"], 1, /APPROVAL_DENIED: .*`warded approval list --status denied`/);
  });

  test("are watched as they come and change, until Ctrl-C", async () => {
    const who = await agent("watched", "guarded");
    const { cwd, env } = ada;
    const watch = new Child(BINARY, ["approval", "list", "--watch", "--status", "pending"], { cwd, env });
    const [first] = /apr_\w+/.exec((await who.fails([...issue("7m"), "--reveal"], 3, /is needed/)).stderr);
    await watch.printed(15_000, "what is asked", ({ stdout }) => stdout.includes(`pending  ${first}`));
    await ada.done(["approval", "deny", first]);
    await watch.printed(15_000, "what became of it", ({ stdout }) => stdout.includes(`denied  ${first}`));
    watch.signal("SIGINT");
    assert.deepEqual(await watch.exit(5_000), { code: 0, signal: null });
    assert.equal(watch.stderr, "");
    assert.equal(watch.stdout.match(new RegExp(`pending  ${first}`, "g")).length, 1, "each change is told once");

    const refused = new Child(BINARY, ["approval", "list", "--watch"], { cwd, env: { ...env, WARDED_URL: "http://127.0.0.1:9" } });
    assert.equal((await refused.exit(5_000)).code, 1);
    assert.match(refused.stderr, /nothing listens/);
  });
});

describe("the audit", () => {
  test("is exported from a server, and verified without it", async () => {
    await admin.done(["secret", "set", "exported/app/KEY"], { input: "v" });
    const said = await admin.run(["audit", "export", "--output", "audit.ndjson"]);
    assert.equal(said.code, 0, said.stderr);
    const { public_key: key } = await admin.json(["audit", "checkpoints"]);
    assert.match(await admin.done(["audit", "verify", "audit.ndjson", "--public-key", key]), /^\d+ records from seq 1 hold/);
    await admin.fails(["audit", "export", "--output", "audit.ndjson"], 2, /is there already/);
    assert.equal((await admin.json(["audit", "export", "--format", "csv", "--output", "audit.csv"])).output, "audit.csv");
    assert.match(await admin.done(["audit", "verify", "audit.csv", "--public-key", key]), /hold/);

    const one = await admin.done(["audit", "export", "--path", "exported/app/KEY", "--event-type", "secret.created"]);
    const records = one.trimEnd().split("\n").map((line) => JSON.parse(line).record).filter(Boolean);
    assert.deepEqual(records.map((record) => record.event_type), ["secret.created"]);
    await admin.fails(["audit", "export", "--outcome", "perhaps", "--output", "none"], 1, /VALIDATION_FAILED/);
    assert.throws(() => readFileSync(admin.file("none")), /ENOENT/);
  });

  test("is exported from a folder with --data, without a server or a key", async () => {
    const alone = new Commands("http://127.0.0.1:9");
    assert.match(await alone.done(["audit", "export", "--data", server.data]), /^\{"format":"warded-audit\/1"/);
    await alone.fails(["audit", "export", "--data", server.data, "--path", "a/b"], 2, /filters need a server/);
    await alone.fails(["audit", "export"], 2, /there is no key to use/);
  });

  test("forgets what records say only for whoever means it", async () => {
    await admin.done(["secret", "set", "erased/app/KEY"], { input: "v" });
    const erase = ["audit", "erase", "--path", "erased/app/KEY", "--reason", "asked for"];
    await admin.fails(erase, 2, /add --yes/);
    assert.equal((await admin.json([...erase, "--yes"])).erased, 1);
    assert.equal((await admin.run(["audit", "erase", "--yes"])).code, 2, "everything is never meant");
    assert.equal((await admin.run(["audit", "list", "--path", "erased/app/KEY"])).stderr, "no events\n");
  });
});

describe("webhooks", () => {
  test("are added, listed, tried and removed, and the secret goes into a file", async () => {
    const add = ["webhook", "add", "https://hooks.example.com/warded", "--kind", "approval.requested", "--kind", "audit.checkpoint"];
    await admin.fails(add, 2, /--output FILE/);
    const { id } = fields(await admin.done([...add, "--output", "hook.secret"]));
    assert.match(readFileSync(admin.file("hook.secret"), "utf8"), /^whsec_\S+\n$/);
    const [row] = rows(await admin.done(["webhook", "list"]));
    assert.deepEqual([row.ID, row.KINDS], [id, "approval.requested, audit.checkpoint"]);
    assert.ok((await admin.json(["webhook", "test", id])).delivery_id);
    await admin.fails(["webhook", "remove", id], 2, /--yes/);
    await admin.done(["webhook", "remove", id, "--yes"]);
    assert.equal((await admin.run(["webhook", "list"])).stderr, "no webhooks\n");
    await admin.fails([...add.with(2, "https://127.0.0.1/"), "--reveal"], 1, /VALIDATION_FAILED: .*url/);
  });

  test("take an address with a secret in it by standard input", async () => {
    const url = "https://hooks.example.com/T0/a-secret";
    const { id } = fields(await admin.done(["webhook", "add", "-", "--kind", "approval.requested", "--output", "piped.secret"], { input: `${url}\n` }));
    assert.deepEqual((await admin.json(["webhook", "list"])).items.map((hook) => [hook.id, hook.url]), [[id, url]]);
    await admin.done(["webhook", "remove", id, "--yes"]);
  });
});
