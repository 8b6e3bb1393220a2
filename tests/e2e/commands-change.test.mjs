// `warded secret rotate|rollback|restore|destroy|due`, `approval …`, `webhook …` and `audit export|checkpoints|erase` against the real server.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { Commands, fields, rows } from "./commands.mjs";
import { BINARY, Server, warded } from "./harness.mjs";
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
});
