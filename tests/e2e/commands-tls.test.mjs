// Commands over HTTPS: to a server behind a proxy that speaks TLS. A key goes to nobody for whom no trusted authority speaks.

import assert from "node:assert/strict";
import http from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { Authority, impostors } from "./certificates.mjs";
import { Commands, fields, rows } from "./commands.mjs";
import { Server, warded } from "./harness.mjs";
import { Tap } from "./tap.mjs";
import { Terminator } from "./terminator.mjs";

const server = new Server();
let authority;
before(async () => {
  authority = await Authority.make();
  await server.start();
});
after(() => server.dispose());

/** Commands of the first admin, who trusts the authority of this file alone, unless `env` says otherwise. */
const admin = (url, env = { SSL_CERT_FILE: authority.file }) => new Commands(url, server.adminKey, { env });

/** The server behind TLS and a tap: `{ terminator, tap, url }`. */
async function behind(t, tls) {
  const terminator = await Terminator.start(t, server.origin, tls);
  const tap = await Tap.start(t, terminator.port);
  return { terminator, tap, url: `https://localhost:${tap.port}` };
}

describe("commands over HTTPS", () => {
  test("do all that they do, and nothing of it can be read on the way", async (t) => {
    const { terminator, tap, url } = await behind(t, await authority.issue());
    for (const address of [url, `${url}/`, url.replace("localhost", "127.0.0.1")])
      assert.equal(fields(await admin(address).done(["member", "me"])).role, "admin");
    const commands = admin(url);
    await commands.done(["secret", "set", "tls/app/KEY"], { input: "s3cret-of-the-wire" });
    assert.equal(await commands.done(["secret", "get", "tls/app/KEY", "--reveal"]), "s3cret-of-the-wire");
    assert.deepEqual(rows(await commands.done(["secret", "list", "tls"])).map((row) => row.KEY), ["KEY"]);
    await commands.done(["agent", "create", "tls", "--namespace", "tls", "--scope", "secrets:read:tls/*", "--output", "agent.key"]);
    const agent = new Commands(url, readFileSync(commands.file("agent.key"), "utf8").trim(), { env: commands.env });
    const token = (await agent.done(["token", "issue", "--scope", "secrets:read:tls/*", "--reveal"])).trim();
    assert.equal(await new Commands(url, token, { env: { SSL_CERT_FILE: authority.file } }).done(["secret", "get", "tls/app/KEY", "--reveal"]), "s3cret-of-the-wire");

    await commands.done(["audit", "export", "--output", "audit.ndjson"]);
    const verified = await warded(["audit", "verify", commands.file("audit.ndjson")], { cwd: commands.cwd });
    assert.equal(verified.code, 0, verified.stderr);
    await commands.fails(["secret", "get", "tls/app/NONE"], 1, /SECRET_NOT_FOUND/);
    assert.ok(terminator.requests.length >= 9, `${terminator.requests}`);
    for (const text of ["s3cret-of-the-wire", server.adminKey, token, "Bearer", "/v1/"]) assert.ok(!tap.text.includes(text), `${text} was sent in clear`);
  });

  test("send no key to an impostor, and say why", async (t) => {
    for (const [what, tls] of await impostors(authority)) {
      const { terminator, tap, url } = await behind(t, tls);
      for (const [args, options] of [[["agent", "list"]], [["secret", "set", "tls/app/KEY"], { input: "v" }]]) {
        const failed = await admin(url).fails(args, 1, /^warded: https:\/\/localhost:\d+ cannot be trusted \(/, options);
        assert.doesNotMatch(failed.stderr, /it may be done|repeat the command/, what);
      }
      assert.deepEqual(terminator.requests, [], what);
      assert.equal(tap.connections, 2, what);
      assert.ok(!tap.text.includes(server.adminKey) && !tap.text.includes("/v1/"), what);
    }
  });

  test("say what to do where the authority is not known, and where it is not the matter", async (t) => {
    const { url } = await behind(t, await authority.issue());
    const hint = /: the operating system, or SSL_CERT_FILE, must know its authority\n$/;
    for (const name of [undefined, "Somebody else"])
      await admin(url, { SSL_CERT_FILE: (await Authority.make(name)).file }).fails(["agent", "list"], 1, hint);
    // A machine may have no authorities at all.
    await admin(url, {}).fails(["agent", "list"], 1, /must know its authority\n$|trusts no authority: install its certificates/);
    const commands = admin(url);
    writeFileSync(commands.file("empty.pem"), "");
    for (const name of ["empty.pem", "absent.pem"])
      await commands.fails(["agent", "list"], 1, /trusts no authority: .*SSL_CERT_FILE/, { env: { SSL_CERT_FILE: commands.file(name) } });
    const ended = await behind(t, await authority.issue({ from: -2, until: -1 }));
    const failed = await admin(ended.url).fails(["agent", "list"], 1, /cannot be trusted/);
    assert.doesNotMatch(failed.stderr, hint, "its authority is known");
  });

  test("speak no HTTP where TLS is expected, and follow nobody out of it", async (t) => {
    const seen = [];
    const plain = http.createServer((request, response) => (seen.push(request.url), response.end()));
    await new Promise((listening) => plain.listen(0, "127.0.0.1", listening));
    t.after(() => plain.close());
    const tap = await Tap.start(t, plain.address().port);
    await admin(`https://localhost:${tap.port}`).fails(["agent", "list"], 1, /does not speak TLS/);
    assert.ok(!tap.text.includes(server.adminKey) && !tap.text.includes("/v1/"));

    const terminator = await Terminator.start(t, server.origin, await authority.issue());
    terminator.server.removeAllListeners("request");
    terminator.server.on("request", (_, response) => response.writeHead(307, { location: `http://localhost:${tap.port}/v1/agents` }).end());
    await admin(`https://localhost:${terminator.port}`).fails(["agent", "list"], 1, /redirects to `http:\/\/localhost:\d+\/v1\/agents`, and the key is not sent there/);
    assert.deepEqual(seen, []);
  });
});
