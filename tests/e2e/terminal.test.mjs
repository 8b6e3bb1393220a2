// Commands in a real terminal: tables as wide as it is, questions before what cannot be undone, values that are typed and not shown.

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";

import { assertOk } from "./answer.mjs";
import { Commands, rows } from "./commands.mjs";
import { within } from "./deadline.mjs";
import { BINARY, Server } from "./harness.mjs";
import { CTRL_C, CTRL_D, skip, Terminal } from "./terminal.mjs";

const server = new Server();
let admin;
before(async () => {
  await server.start();
  admin = new Commands(server.origin, server.adminKey);
});
after(() => server.dispose());

/** A command of the first admin in a terminal. */
const at = (args, { env = {}, ...options } = {}) => new Terminal(args, { cwd: admin.cwd, env: { ...admin.env, ...env }, ...options });

/** What a command shows that nobody has to answer. */
async function shows(args, options) {
  const terminal = at(args, options);
  assert.deepEqual(await terminal.exit(), { code: 0 }, terminal.text);
  return terminal;
}

describe("in a terminal", { skip }, () => {
  describe("what is shown", () => {
    test("is a table as wide as the terminal, which loses nothing", async () => {
      const scopes = ["billing", "shipping", "search"].map((name) => `secrets:read:terminal/${name}/*`);
      await server.agent({ name: "wide-agent", namespaces: ["terminal"], scopes });
      const widest = (await admin.done(["agent", "list"])).replaceAll(/\s/g, "").length;
      for (const columns of [60, 100, 300]) {
        const { lines } = await shows(["agent", "list"], { columns });
        for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line.length} columns: ${line}`);
        assert.match(lines[0], /^NAME +ID +ACTIVE/);
        // Cells go on below, and no character of them is lost.
        const shown = lines.join("").replaceAll(/\s/g, "").length;
        assert.ok(shown >= widest, `${columns}: ${shown} characters of ${widest}`);
        if (columns === 300) assert.equal(rows(lines.join("\n")).find((row) => row.NAME === "wide-agent")["ALLOWED SCOPES"], scopes.join(", "));
      }
      assert.equal(await admin.done(["agent", "list"]), `${(await shows(["agent", "list"], { columns: 500 })).lines.join("\n")}\n`, "the same as in a pipe");
    });

    test("has colours where they are wanted, and only there", async () => {
      writeFileSync(admin.file("doubtful.json"), JSON.stringify({ version: 1, rules: [{ id: "stop", effect: "deny" }] }, null, 2));
      const lint = async (env) => {
        const terminal = at(["lint", "doubtful.json"], { env });
        assert.equal((await terminal.exit()).code, 1);
        return terminal.text;
      };
      const coloured = await lint({});
      assert.match(coloured, /\u001b\[[\d;]*m/);
      for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
        const plain = await lint(env);
        assert.doesNotMatch(plain, /\u001b/, JSON.stringify(env));
        assert.equal(plain, stripVTControlCharacters(coloured));
      }
      assert.doesNotMatch((await shows(["agent", "list"])).text, /\u001b/, "tables have none");
    });

    test("cannot be steered by what others have written", async () => {
      const value = "\u001b[2J\u001b]0;owned\u0007\u202edrawkcab";
      assertOk(await server.admin.put("/v1/secrets/terminal/app/STEERS", { value, metadata: { [value]: value } }), 201);
      for (const args of [["secret", "get", "terminal/app/STEERS"], ["secret", "get", "terminal/app/STEERS", "--reveal"]]) {
        const { text } = await shows(args);
        assert.doesNotMatch(text, /[\u001b\u0007\u202e]/);
        assert.match(text, /\\u\{1b\}\[2J/);
      }
      assert.equal(await admin.done(["secret", "get", "terminal/app/STEERS", "--reveal"]), value, "a pipe gets exactly the value");
    });
  });

  describe("a value", () => {
    test("is typed unseen, and stored as typed", async () => {
      const terminal = at(["secret", "set", "terminal/app/TYPED", "--type", "api_key"]);
      await terminal.shown(/Value \(it is not shown\): $/);
      await terminal.hides();
      terminal.type("correct horse über\r");
      assert.deepEqual(await terminal.exit(), { code: 0 }, terminal.text);
      assert.doesNotMatch(terminal.text, /correct|horse|über/);
      assert.match(terminal.text, /version +1/);
      assert.equal(await admin.done(["secret", "get", "terminal/app/TYPED", "--reveal"]), "correct horse über");

      const rotated = at(["secret", "rotate", "terminal/app/TYPED"]);
      await rotated.hides();
      rotated.type("battery staple\r");
      assert.equal((await rotated.exit()).code, 0, rotated.text);
      assert.doesNotMatch(rotated.text, /battery|staple/);
      assert.equal(await admin.done(["secret", "get", "terminal/app/TYPED", "--reveal"]), "battery staple");
    });

    test("that is empty or broken off is not stored", async () => {
      for (const [typed, code, told] of [["\r", 2, /the value is empty/], [CTRL_D, 2, /the value is empty/], [`half a val${CTRL_C}`, 1, /nothing was done/]]) {
        const terminal = at(["secret", "set", "terminal/app/NONE"]);
        await terminal.hides();
        terminal.type(typed);
        assert.deepEqual(await terminal.exit(), { code }, terminal.text);
        assert.match(terminal.text, told);
        assert.doesNotMatch(terminal.text, /half/);
      }
      // Shells that are not asked leave a terminal as a command has left it.
      const script = at(["-c", '"$0" secret set terminal/app/NONE; stty -a', BINARY], { command: "sh" });
      await script.hides();
      script.type(`half${CTRL_C}`);
      assert.equal((await script.exit()).code, 0, script.text);
      for (const flag of ["echo", "icanon", "isig"]) assert.match(script.text, new RegExp(`[ \\n]${flag}[ ;\r]`), flag);
      await admin.fails(["secret", "get", "terminal/app/NONE"], 1, /SECRET_NOT_FOUND/);
    });
  });

  test("a command that has been given its value still ends with Ctrl-C", async (t) => {
    const silent = http.createServer(() => {});
    const asked = once(silent, "request");
    await new Promise((listening) => silent.listen(0, "127.0.0.1", listening));
    t.after(() => (silent.closeAllConnections(), silent.close()));
    const terminal = at(["secret", "set", "terminal/app/SLOW"], { env: { WARDED_URL: `http://127.0.0.1:${silent.address().port}` } });
    await terminal.hides();
    terminal.type("value\r");
    await within(20_000, "the request", asked);
    terminal.type(CTRL_C);
    assert.equal((await terminal.exit()).code, 130, terminal.text);
  });

  describe("what cannot be undone", () => {
    const isActive = async (name) => (await admin.json(["agent", "show", name])).active;

    test("is asked about, and only `yes` goes on", async () => {
      await server.agent({ name: "asked-about" });
      for (const typed of ["no\r", "y\r", "\r", "YES\r", CTRL_D, CTRL_C]) {
        const terminal = at(["agent", "delete", "asked-about"]);
        await terminal.shown(/, which cannot be undone\. Type yes to go on: $/);
        terminal.type(typed);
        assert.equal((await terminal.exit()).code, typed === CTRL_C ? 130 : 1, JSON.stringify(typed));
        if (typed !== CTRL_C) assert.match(terminal.text, /warded: nothing was done/);
        assert.equal(await isActive("asked-about"), true, JSON.stringify(typed));
      }
      const terminal = at(["agent", "delete", "asked-about"]);
      await terminal.shown(/Type yes to go on: $/);
      assert.equal(await isActive("asked-about"), true, "nothing is done while it asks");
      terminal.type("yes\r");
      assert.equal((await terminal.exit()).code, 0, terminal.text);
      assert.equal(await isActive("asked-about"), false);
    });

    test("is not asked about with --yes", async () => {
      await server.agent({ name: "not-asked-about" });
      const { text } = await shows(["agent", "delete", "not-asked-about", "--yes"]);
      assert.doesNotMatch(text, /Type yes/);
      assert.equal(await isActive("not-asked-about"), false);
    });
  });

  describe("approvals", () => {
    let second;
    before(async () => {
      const { id } = assertOk(await server.admin.post("/v1/members", { email: "two@example.com", name: "Two", role: "editor" }), 201);
      const { api_key: key } = assertOk(await server.admin.post(`/v1/members/${id}/keys`, { name: "first", approve: true }), 201);
      second = new Commands(server.origin, key);
      assertOk(await server.admin.put("/v1/secrets/waiting/app/KEY", { value: "v", access_tier: "sensitive" }), 201);
    });

    const asked = async (reason) => {
      const { api_key: key } = await server.agent();
      return assertOk(await server.as(key).post("/v1/tokens", { scopes: ["secrets:read:waiting/app/KEY"], reason }), 202).approval_id;
    };

    test("are shown to whoever is to say yes, before they are asked", async () => {
      const id = await asked("nightly report");
      const terminal = new Terminal(["approval", "approve", id], { cwd: second.cwd, env: second.env });
      await terminal.shown(/Type yes to go on: $/);
      for (const text of [/reason +nightly report/, /requested scopes +secrets:read:waiting\/app\/KEY/, /access tier +sensitive/]) assert.match(terminal.text, text);
      assert.equal((await second.json(["approval", "show", id])).status, "pending");
      terminal.type("yes\r");
      assert.equal((await terminal.exit()).code, 0, terminal.text);
      assert.match(terminal.text.split("Type yes")[1], /status +approved/);
    });

    test("are watched as they come and change, until Ctrl-C", async () => {
      const before = await asked("before the watch");
      const watch = at(["approval", "list", "--watch", "--status", "pending"]);
      await watch.shown(new RegExp(`pending  ${before} .*before the watch\r\n`));
      const during = await asked("during the watch");
      await watch.shown(new RegExp(`pending  ${during} .*during the watch\r\n`));
      await second.done(["approval", "deny", before, "--reason", "no"]);
      await watch.shown(new RegExp(`denied  ${before} `));
      await second.done(["approval", "approve", during, "--yes"]);
      await watch.shown(new RegExp(`approved  ${during} `));
      watch.type(CTRL_C);
      assert.deepEqual(await watch.exit(), { code: 0 }, watch.text);
      const told = watch.lines.filter((line) => line.includes(before) || line.includes(during)).map((line) => line.split("  ")[0]);
      assert.deepEqual(told, ["pending", "pending", "denied", "approved"], "each once");
    });
  });
});
