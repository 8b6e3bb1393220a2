// How a command finds the server and its key, and what it does when either is not as it should be; and completions for shells.

import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Commands } from "./commands.mjs";
import { until } from "./deadline.mjs";
import { folder, Server, warded } from "./harness.mjs";
import { run } from "./process.mjs";
import { forge, miscount } from "./token.mjs";

const server = new Server();
let admin;
before(async () => {
  await server.start();
  admin = new Commands(server.origin, server.adminKey);
});
after(() => server.dispose());

describe("the key", () => {
  const list = ["agent", "list"];

  test("a wrong one is told as such, and one that is none goes nowhere", async () => {
    const unknown = forge("k");
    await new Commands(server.origin, unknown).fails(list, 1, /^warded: UNAUTHORIZED: .*: name a key that is valid/);
    // It is logged beside the answer, so perhaps after it.
    await until(5_000, "its line in the log", () => server.stderr.includes("UNAUTHORIZED"));
    for (const text of [miscount(unknown), "hunter2", ""]) {
      const before = server.stderr.length;
      const result = await new Commands(server.origin, text).fails(list, 2, /holds no key of Warded/);
      assert.ok(text === "" || !result.stderr.includes(text), "it is not repeated");
      assert.ok(!server.stderr.slice(before).includes("UNAUTHORIZED"));
    }
    await new Commands(server.origin).fails(list, 2, /there is no key to use: .*--key-file/);
  });

  test("comes from the flag, a variable, or this folder's first admin, which is said", async () => {
    const none = new Commands(server.origin);
    await none.done(list, { env: { WARDED_API_KEY: server.adminKey } });
    await none.done([...list, "--key-file", join(server.keys, "admin.key")], { env: { WARDED_API_KEY: "nonsense" } });
    await none.fails(list, 2, /both set: unset one/, { env: { WARDED_API_KEY: server.adminKey, WARDED_KEY_FILE: "x" } });
    const there = new Commands(server.origin, undefined, { cwd: server.root });
    assert.match((await there.run(list)).stderr, /^warded: using the key in keys\/admin\.key\n/);
    await there.fails([...list, "--url", "http://192.0.2.1"], 2, /--insecure-http/);
    await there.fails([...list, "--url", "https://192.0.2.1"], 2, /there is no key to use/);
    const open = new Commands(server.origin, server.adminKey);
    chmodSync(open.env.WARDED_KEY_FILE, 0o644);
    assert.match((await open.run(list)).stderr, /can be read by other users: run `chmod go-rwx`/);
  });

  test("no argument takes a key or a value", async () => {
    const all = (await warded(["completions", "fish"])).stdout;
    assert.ok(all.includes("-l key-file"));
    for (const flag of ["-l key ", "-l api-key", "-l token ", "-l value ", "-l password"]) assert.ok(!all.includes(flag), flag);
  });
});

describe("the way to the server", () => {
  test("a server that is down is told as such", async () => {
    await admin.fails(["agent", "list", "--url", "http://127.0.0.1:9"], 1, /nothing listens at http:\/\/127\.0\.0\.1:9: start a server/);
    await admin.fails(["agent", "list", "--url", "ftp://x"], 2, /expected an address/);
    await admin.fails(["agent", "list", "--url", "http://me:hunter2@127.0.0.1"], 2, /a URL with `@` is refused/);
  });

  test("a redirect is not followed, so the key stays here; what is not Warded is told as such", async (t) => {
    const seen = [];
    const stranger = http.createServer((request, response) => {
      seen.push(request.url);
      if (request.url.startsWith("/v1/agents")) response.writeHead(307, { location: "/elsewhere" }).end();
      else response.writeHead(502).end("<h1>\u001b[2J</h1>");
    });
    await new Promise((listening) => stranger.listen(0, "127.0.0.1", listening));
    t.after(() => stranger.close());
    const url = `http://127.0.0.1:${stranger.address().port}`;
    await admin.fails(["agent", "list", "--url", url], 1, /redirects to `\/elsewhere`, and the key is not sent there/);
    await admin.fails(["token", "list", "--url", url], 1, /HTTP 502 and not Warded's/);
    assert.deepEqual(seen, ["/v1/agents?limit=1000", "/v1/tokens"]);
  });

  test("proxies of the environment are not asked", async (t) => {
    const asked = [];
    const proxy = http.createServer((request, response) => (asked.push(request.url), response.end()));
    await new Promise((listening) => proxy.listen(0, "127.0.0.1", listening));
    t.after(() => proxy.close());
    const url = `http://127.0.0.1:${proxy.address().port}`;
    const names = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    await admin.done(["agent", "list"], { env: Object.fromEntries(names.map((name) => [name, url])) });
    assert.deepEqual(asked, []);
  });
});

describe("completions", () => {
  test("are made for each shell, and bash takes them", async () => {
    for (const shell of ["bash", "zsh", "fish", "powershell"]) {
      const script = await warded(["completions", shell]);
      assert.equal(script.code, 0);
      for (const word of ["secret", "agent", "key-file"]) assert.ok(script.stdout.includes(word), `${shell}: ${word}`);
      if (shell === "bash") {
        const parsed = await run("bash", ["-n"], { input: script.stdout });
        assert.deepEqual([parsed.code, parsed.stderr], [0, ""]);
      }
    }
    assert.equal((await warded(["completions", "tcsh"], { cwd: folder() })).code, 2);
  });
});
