// `warded agent|token|secret|audit|…` against the real server, as a person and as a script use them.

import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Commands, fields, rows } from "./commands.mjs";
import { Server } from "./harness.mjs";

const server = new Server();
let admin;
before(async () => {
  await server.start();
  admin = new Commands(server.origin, server.adminKey);
});
after(() => server.dispose());

const WHEN = /^(now|\d+ (s|min|h|d) ago|in \d+ (s|min|h|d)), \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/;

/** An agent and the commands with its key. */
async function agent(name, namespace) {
  const { api_key: key, id } = await server.agent({ name, namespaces: [namespace], scopes: [`secrets:*:${namespace}/*`, "namespaces:read"] });
  return { id, key, commands: new Commands(server.origin, key) };
}

describe("agents", () => {
  const make = ["agent", "create", "made", "--namespace", "made", "--scope", "secrets:read:made/*"];

  test("are made, shown, listed and ended, and the key goes into a private file", async () => {
    const bounds = ["--ip", "127.0.0.0/8", "--max-ttl", "15m", "--max-tier", "sensitive", "--description", "it tests"];
    const made = fields(await admin.done([...make, ...bounds, "--output", "made.key"]));
    assert.equal(made.name, "made");
    assert.equal(made["ip policy"], "127.0.0.0/8");
    assert.equal(made["token ceiling ttl"], "900");
    assert.equal(made["token ceiling tier"], "sensitive");
    assert.match(made.created, WHEN);
    const key = readFileSync(admin.file("made.key"), "utf8");
    assert.match(key, /^wda_\w{49}\n$/);
    assert.equal(statSync(admin.file("made.key")).mode & 0o777, 0o600);

    const [row] = rows(await admin.done(["agent", "list"])).filter((one) => one.NAME === "made");
    assert.equal(row.ACTIVE, "yes");
    assert.equal(row["ALLOWED SCOPES"], "secrets:read:made/*");
    assert.equal(fields(await admin.done(["agent", "show", row.ID])).description, "it tests");
    assert.equal((await admin.json(["agent", "show", "made"])).id, row.ID);

    await admin.fails(["agent", "delete", "made"], 2, /cannot be undone: add --yes/);
    assert.equal((await admin.json(["agent", "show", "made"])).active, true, "nothing was done");
    await admin.done(["agent", "delete", "made", "--yes"]);
    assert.equal((await admin.json(["agent", "show", "made"])).active, false);
    await admin.fails(["agent", "show", "nobody"], 1, /NOT_FOUND/);
  });

  test("are changed, stopped for a while, and get new keys", async () => {
    const { commands } = await agent("changed", "change");
    await admin.fails(["agent", "update", "changed"], 2, /nothing is to change/);
    writeFileSync(admin.file("limits.json"), JSON.stringify([{ id: "day", unit: "requests", algorithm: { window: { limit: 1000, per: "day" } } }]));
    const update = ["agent", "update", "changed", "--scope", "secrets:read:change/*", "--scope", "secrets:delete:change/*", "--ip", "127.0.0.1"];
    const updated = fields(await admin.done([...update, "--limits", "limits.json", "--max-ttl", "10m"]));
    assert.equal(updated["allowed scopes"], "secrets:read:change/*, secrets:delete:change/*");
    assert.match(updated.limits, /id=day unit=requests/);
    await commands.fails(["secret", "set", "change/app/KEY"], 1, /SCOPE_DENIED/, { input: "v" });

    assert.equal(fields(await admin.done(["agent", "disable", "changed"])).active, "no");
    await commands.fails(["secret", "list", "change"], 1, /UNAUTHORIZED/);
    assert.equal(fields(await admin.done(["agent", "enable", "changed"])).active, "yes");
    await commands.done(["secret", "list", "change"]);

    await admin.fails(["agent", "rotate-key", "changed"], 2, /--output FILE/);
    await admin.done(["agent", "rotate-key", "changed", "--overlap", "1h", "--output", "changed.key"]);
    await commands.done(["secret", "list", "change"]);
    const renewed = new Commands(server.origin, readFileSync(admin.file("changed.key"), "utf8").trim());
    await renewed.done(["secret", "list", "change"]);
    const key = (await admin.done(["agent", "rotate-key", "changed", "--reveal"])).trim();
    await renewed.fails(["secret", "list", "change"], 1, /UNAUTHORIZED/);
    await new Commands(server.origin, key).done(["secret", "list", "change"]);
    assert.equal((await admin.run(["agent", "idle"])).stderr, "no agents\n", "all are younger than 30 days");
  });

  test("are not made when nobody said where the key goes, or the file is there", async () => {
    const other = make.with(2, "unmade");
    await admin.fails(other, 2, /--output FILE .* --reveal/);
    writeFileSync(admin.file("taken"), "mine");
    await admin.fails([...other, "--output", "taken"], 2, /`taken` is there already/);
    assert.equal(readFileSync(admin.file("taken"), "utf8"), "mine");
    await admin.fails(["agent", "show", "unmade"], 1, /NOT_FOUND/);
  });

  test("leave no file behind when the server refuses", async () => {
    const wrong = ["agent", "create", "unscoped", "--namespace", "a", "--scope", "nonsense", "--output", "unscoped.key"];
    await admin.fails(wrong, 1, /VALIDATION_FAILED: .*allowed_scopes\[0\]/);
    assert.throws(() => statSync(admin.file("unscoped.key")), /ENOENT/);
  });

  test("show the key alone on stdout with --reveal, and in JSON only then", async () => {
    const args = (name) => make.with(2, name);
    const revealed = await admin.run([...args("shown"), "--reveal"]);
    assert.match(revealed.stdout, /^wda_\w{49}\n$/);
    assert.match(revealed.stderr, /^name +shown$/m);
    assert.match((await admin.json([...args("shown-json"), "--reveal"])).api_key, /^wda_/);
    const kept = await admin.json([...args("kept-json"), "--output", "kept.key"]);
    assert.equal(kept.api_key, undefined);
    assert.equal(kept.name, "kept-json");
  });
});

describe("tokens", () => {
  test("are issued by an agent, looked at by themselves, and ended", async () => {
    const { commands, id } = await agent("token-maker", "tokens");
    const issue = ["token", "issue", "--scope", "secrets:read:tokens/*", "--ttl", "5m", "--max-uses", "3", "--ip", "127.0.0.1", "--reason", "a test"];
    const token = (await commands.done([...issue, "--reveal"])).trim();
    assert.match(token, /^wds_\w{49}$/);
    const self = fields(await new Commands(server.origin, token).done(["token", "show"]));
    assert.equal(self["agent id"], id);
    assert.equal(self["uses remaining"], "3");
    assert.equal(self.reason, "a test");
    assert.match(self.expires, /^in 4 min, /);

    for (const who of [admin, commands]) {
      const [row] = rows(await who.done(["token", "list"])).filter((one) => one["TOKEN ID"] === self["token id"]);
      assert.equal(row.ACTIVE, "yes");
    }
    await commands.fails(["token", "revoke", self["token id"]], 2, /--yes/);
    await commands.done(["token", "revoke", self["token id"], "--yes"]);
    assert.equal((await admin.json(["token", "show", self["token id"]])).active, false);
  });

  test("are listed page after page, newest first", async () => {
    const { commands } = await agent("token-pages", "paged");
    const issue = ["token", "issue", "--scope", "secrets:read:paged/*", "--output"];
    for (const name of ["one", "two", "three"]) await commands.done([...issue, name]);
    const whole = rows(await commands.done(["token", "list"])).map((row) => row["TOKEN ID"]);
    assert.equal(whole.length, 3);
    const first = await commands.run(["token", "list", "--limit", "2"]);
    const [, cursor] = /^there is more: --cursor (\S+)$/m.exec(first.stderr);
    const rest = await commands.done(["token", "list", "--cursor", cursor]);
    assert.deepEqual([...rows(first.stdout), ...rows(rest)].map((row) => row["TOKEN ID"]), whole);
  });

  test("a refusal says why and what to do", async () => {
    const { commands } = await agent("token-refused", "tokens");
    await commands.fails(["token", "issue", "--scope", "secrets:read:other/*", "--reveal"], 1, /^warded: SCOPE_DENIED: .*\(scope_missing, namespace_not_allowed\): use a key/);
    await commands.fails(["token", "issue", "--scope", "secrets:read:tokens/*", "--ttl", "99d", "--reveal"], 1, /VALIDATION_FAILED: .*ttl/);
    await admin.fails(["token", "issue", "--scope", "secrets:read:tokens/*", "--reveal"], 1, /SCOPE_DENIED/);
  });
});

describe("secrets", () => {
  const value = "s3cret-value-of-a-test";

  test("go in by standard input or a file, and come out only with --reveal", async () => {
    const { commands } = await agent("storer", "store");
    const set = ["secret", "set", "store/app/KEY", "--type", "api_key", "--metadata", '{"team":"a"}'];
    const stored = fields(await commands.done(set, { input: `${value}\n` }));
    assert.equal(stored.version, "1");
    assert.equal(stored["secret type"], "api_key");
    assert.equal(stored["metadata team"], "a");

    for (const args of [["secret", "get", "store/app/KEY"], ["secret", "list", "store"], ["secret", "versions", "store/app/KEY"]]) {
      for (const form of [[], ["--json"]]) assert.ok(!(await commands.done([...args, ...form])).includes(value), args.join(" "));
    }
    assert.equal(await commands.done(["secret", "get", "store/app/KEY", "--reveal"]), value, "exactly the value");
    assert.equal((await commands.json(["secret", "get", "store/app/KEY", "--reveal"])).value, value);
    await commands.done(["secret", "get", "store/app/KEY", "--output", "value"]);
    assert.equal(readFileSync(commands.file("value"), "utf8"), value);
    assert.equal(statSync(commands.file("value")).mode & 0o777, 0o600);

    writeFileSync(commands.file("pem"), "-----BEGIN-----\nabc\n-----END-----\n");
    assert.equal((await commands.json(["secret", "set", "store/app/KEY", "--from-file", "pem", "--if-version", "1"])).version, 2);
    assert.equal(await commands.done(["secret", "get", "store/app/KEY", "--reveal"]), readFileSync(commands.file("pem"), "utf8"));
    assert.equal(await commands.done(["secret", "get", "store/app/KEY", "--reveal", "--version", "1"]), value);
    await commands.fails(["secret", "set", "store/app/KEY", "--if-version", "1"], 1, /CONFLICT/, { input: "x" });
    assert.deepEqual(rows(await commands.done(["secret", "versions", "store/app/KEY"])).map((row) => row.VERSION).sort(), ["1", "2"]);
  });

  test("spend no use where the file for the value cannot be made", async () => {
    const { commands } = await agent("once", "once");
    await commands.done(["secret", "set", "once/app/KEY"], { input: value });
    const token = await commands.done(["token", "issue", "--scope", "secrets:read:once/app/KEY", "--max-uses", "1", "--reveal"]);
    const holder = new Commands(server.origin, token.trim());
    writeFileSync(holder.file("taken"), "another");
    await holder.fails(["secret", "get", "once/app/KEY", "--output", "taken"], 2, /`taken` is there already/);
    await holder.done(["secret", "get", "once/app/KEY", "--output", "free"]);
    assert.deepEqual(["taken", "free"].map((name) => readFileSync(holder.file(name), "utf8")), ["another", value]);
    await holder.fails(["secret", "get", "once/app/KEY", "--output", "none"], 1, /uses_exhausted/);
    assert.throws(() => readFileSync(holder.file("none")), /ENOENT/);
  });

  test("cannot be given as an argument", async () => {
    const result = await admin.run(["secret", "set", "store/app/ARG", value]);
    assert.equal(result.code, 2);
    await admin.fails(["secret", "get", "store/app/ARG"], 1, /SECRET_NOT_FOUND: .*`warded secret list`/);
    await admin.fails(["secret", "set", "store/app/ARG"], 2, /the value is empty/);
    await admin.fails(["secret", "set", "store/app/ARG"], 2, /not UTF-8: encode it/, { input: Buffer.from([0xff, 0xfe]) });
  });

  test("are listed page after page, deleted, and found by namespace", async () => {
    const { commands } = await agent("lister", "listed");
    const names = ["a/ONE", "a/TWO", "b/THREE"];
    for (const name of names) await commands.done(["secret", "set", `listed/${name}`], { input: "v" });
    const listed = rows(await commands.done(["secret", "list", "listed"])).map((row) => `${row.NAMESPACE}/${row.KEY}`);
    assert.deepEqual(listed, names.map((name) => `listed/${name}`));
    const first = await commands.run(["secret", "list", "listed", "--limit", "2"]);
    assert.equal(rows(first.stdout).length, 2);
    const [, cursor] = /^there is more: --cursor (\S+)$/m.exec(first.stderr);
    assert.deepEqual((await commands.json(["secret", "list", "listed", "--cursor", cursor])).items.map((item) => item.key), ["THREE"]);
    assert.deepEqual(rows(await commands.done(["secret", "namespaces"])).map((row) => row.NAMESPACE), ["listed/a", "listed/b"]);
    assert.deepEqual((await commands.json(["secret", "namespaces"])).items, ["listed/a", "listed/b"]);

    await commands.done(["secret", "delete", "listed/b/THREE"]);
    await commands.fails(["secret", "get", "listed/b/THREE"], 1, /SECRET_NOT_FOUND/);
    const none = await commands.run(["secret", "list", "listed/b"]);
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, "", "no secrets\n"]);
    await commands.fails(["secret", "get", "listed/a", "--reveal"], 1, /`warded secret list listed\/a`/);
  });

  test("come from a dotenv file, all or nothing", async () => {
    const { commands } = await agent("importer", "imported");
    writeFileSync(commands.file("app.env"), 'export ONE=1\nTWO="two\\nlines" # why\n');
    const answer = await commands.json(["secret", "import", "app.env", "--namespace", "imported/app"]);
    assert.deepEqual(answer.imported, ["ONE", "TWO"]);
    assert.equal(await commands.done(["secret", "get", "imported/app/TWO", "--reveal"]), "two\nlines");
    await commands.fails(["secret", "import", "-", "--namespace", "imported/other"], 1, /content.*line 2/, { input: "A=1\nA=2\n" });
    assert.deepEqual((await commands.json(["secret", "list", "imported/other"])).items, []);
  });

  test("a path that is none is refused before anything is sent", async () => {
    for (const path of ["KEY", "a//b", "../a/b", "a/b c"]) {
      const result = await admin.run(["secret", "get", path]);
      assert.equal(result.code, 2, path);
    }
  });
});

describe("people and the audit", () => {
  test("a key says whose it is", async () => {
    assert.equal(fields(await admin.done(["member", "me"])).role, "admin");
    assert.equal((await admin.json(["member", "me"])).role, "admin");
  });

  test("members are invited, get keys, change roles and are removed", async () => {
    const invite = ["member", "invite", "ada@example.com", "--name", "Ada", "--role", "viewer"];
    const { id } = await admin.json(invite);
    await admin.fails(invite, 1, /CONFLICT/);
    const add = ["member", "key", "add", "laptop", "--member", id, "--approve", "--ip", "127.0.0.1", "--expires-at", "2999-01-01T00:00:00Z"];
    await admin.fails(add, 2, /--output FILE/);
    const made = fields(await admin.done([...add, "--output", "ada.key"]));
    assert.deepEqual([made.approve, made["ip allowlist"], made["member id"]], ["yes", "127.0.0.1/32", id]);

    const ada = new Commands(server.origin, readFileSync(admin.file("ada.key"), "utf8").trim());
    assert.equal(fields(await ada.done(["member", "me"])).email, "ada@example.com");
    assert.deepEqual(rows(await ada.done(["member", "key", "list"])).map((row) => row.NAME), ["laptop"]);
    await ada.fails(["agent", "create", "x", "--namespace", "x", "--scope", "secrets:read:x/*", "--reveal"], 1, /SCOPE_DENIED/);
    assert.equal(fields(await admin.done(["member", "role", id, "editor"])).role, "editor");
    await ada.done(["agent", "create", "of-ada", "--namespace", "x", "--scope", "secrets:read:x/*", "--reveal"]);

    await admin.fails(["member", "key", "remove", made.id, "--member", id], 2, /--yes/);
    await admin.done(["member", "key", "remove", made.id, "--member", id, "--yes"]);
    await ada.fails(["member", "me"], 1, /UNAUTHORIZED/);
    await admin.fails(["member", "remove", id], 2, /--yes/);
    await admin.done(["member", "remove", id, "--yes"]);
    const [row] = rows(await admin.done(["member", "list"])).filter((one) => one.ID === id);
    assert.equal(row.STATUS, "removed");
  });

  test("events are listed by filters, newest first", async () => {
    await admin.done(["secret", "set", "audited/app/KEY"], { input: "v" });
    const listed = rows(await admin.done(["audit", "list", "--path", "audited/app/KEY", "--outcome", "allow"]));
    assert.deepEqual(listed.map((row) => row["EVENT TYPE"]), ["secret.created"]);
    assert.match(listed[0].CREATED, WHEN);
    const page = await admin.run(["audit", "list", "--limit", "1"]);
    const [, cursor] = /--cursor (\d+)/.exec(page.stderr);
    const [newest] = rows(page.stdout);
    const next = await admin.json(["audit", "list", "--limit", "1", "--cursor", cursor]);
    assert.equal(next.events[0].seq, Number(newest.SEQ) - 1);
    await admin.fails(["audit", "list", "--outcome", "perhaps"], 1, /VALIDATION_FAILED: .*outcome/);
  });
});

describe("policies", () => {
  const grants = { id: "grants", effect: "allow" };
  const file = (name, document) => (writeFileSync(admin.file(name), JSON.stringify(document, null, 2)), name);
  const night = { id: "night", effect: "deny", actions: ["secrets:delete"] };

  test("are stored, tested, compared, activated and rolled back", async () => {
    const before = await admin.json(["policy", "list"]);
    const { version } = await admin.json(["policy", "create", file("next.json", { version: 1, rules: [grants, night] })]);
    assert.deepEqual(JSON.parse(await admin.done(["policy", "show", String(version)])).rules, [grants, night]);
    const diff = await admin.done(["policy", "diff", String(version)]);
    assert.match(diff, /^\+ rules: \{"id":"night"/m);

    const request = { resource: "secrets", action: "delete", path: "a/b" };
    const cases = [{ name: "no deletion", grants: [{ scopes: ["secrets:*:*"] }], request, expect: "deny" }];
    const tests = file("cases.json", { cases });
    assert.deepEqual(rows(await admin.done(["policy", "test", tests, "--version", String(version)])).map((row) => row.PASSED), ["yes"]);
    const failed = await admin.run(["policy", "test", tests]);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /1 of the cases came out otherwise/);

    assert.equal((await admin.json(["policy", "shadow", String(version)])).shadow, version);
    assert.equal(fields(await admin.done(["policy", "report"])).shadow, String(version));
    await admin.done(["policy", "shadow", "--stop"]);
    await admin.fails(["policy", "activate", String(version), "--instead-of", "99"], 1, /CONFLICT/);
    assert.equal((await admin.json(["policy", "activate", String(version)])).active, version);
    const [row] = rows(await admin.done(["policy", "list"])).filter((one) => one.ACTIVE === "yes");
    assert.equal(row.VERSION, String(version));
    const newest = await admin.run(["policy", "list", "--limit", "1"]);
    const [, cursor] = /^there is more: --cursor (\S+)$/m.exec(newest.stderr);
    assert.deepEqual([...rows(newest.stdout), ...rows(await admin.done(["policy", "list", "--cursor", cursor]))], rows(await admin.done(["policy", "list"])));
    await admin.done(["secret", "set", "policed/app/KEY"], { input: "v" });
    await admin.fails(["secret", "delete", "policed/app/KEY"], 1, /policy_denied/);
    assert.equal((await admin.json(["policy", "rollback"])).active, before.active);
    await admin.done(["secret", "delete", "policed/app/KEY"]);
  });

  test("that are wrong or doubtful are shown with the place", async () => {
    writeFileSync(admin.file("wrong.json"), '{\n  "version": 1,\n  "rules": [{ "id": "a", "effekt": "allow" }]\n}\n');
    await admin.fails(["policy", "create", "wrong.json"], 1, /VALIDATION_FAILED: .*line 3/);
    const doubtful = file("doubtful.json", { version: 1, rules: [grants, { id: "stop", effect: "deny" }] });
    const looked = await admin.run(["policy", "lint", doubtful]);
    assert.equal(looked.code, 1);
    assert.match(looked.stdout, /denies_everything[^]*doubtful\.json:\d+:\d+/);
    assert.match((await admin.run(["policy", "lint", file("fine.json", { version: 1, rules: [grants] })])).stderr, /nothing to say/);
  });
});

describe("lint --server", () => {
  test("names agents that reach far and those that were never seen", async () => {
    const { commands } = await agent("lint-used", "linted");
    await commands.done(["secret", "list", "linted"]);
    await server.agent({ name: "lint-far", scopes: ["secrets:*:*"] });
    const result = await admin.run(["lint", "--server"]);
    assert.equal(result.code, 1);
    const of = (name) => rows(result.stdout).filter((row) => row.AGENT === name).map((row) => row.CODE);
    assert.deepEqual(of("lint-far"), ["any_action", "bare_star", "no_allowlist", "never_seen"]);
    assert.ok(!of("lint-used").includes("never_seen"));
    const { findings } = JSON.parse((await admin.run(["lint", "--server", "--json"])).stdout);
    assert.ok(findings.some((one) => one.agent === "lint-far" && one.code === "bare_star" && one.message !== ""));
    assert.equal((await admin.run(["lint", "--server", "file.json"])).code, 2);
  });
});
