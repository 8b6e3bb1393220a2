// Starting: what a first start makes, and every reason not to start told in one line.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { assertOk } from "./answer.mjs";
import { folder, Server, warded } from "./harness.mjs";

const mode = (path) => (statSync(path).mode & 0o777).toString(8);

/** A server that ran once, stored a secret and stopped. */
async function stopped(t) {
  const server = await Server.start(t);
  assertOk(await server.admin.put("/v1/secrets/start/KEY", { value: "kept" }), 201);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  return server;
}

/** Starts and must not run: exit 1, nothing on stdout, one line on stderr that matches. */
async function assertRefuses(server, pattern, args = server.command) {
  const result = await warded(args, { env: server.environment, cwd: server.root });
  assert.equal(result.code, 1, `${result.stdout}\n${result.stderr}`);
  assert.equal(result.stdout, "");
  const lines = result.stderr.trimEnd().split("\n");
  assert.equal(lines.length, 1, `one line, not\n${result.stderr}`);
  assert.match(lines[0], pattern);
  assert.doesNotMatch(lines[0], /panicked|Some\(|Err\(|SqliteFailure/, "written for a person");
}

const database = (server) =>
  readdirSync(server.data)
    .map((name) => join(server.data, name))
    .find((path) => /\.(db|sqlite3?)$/.test(path));

describe("a first start", () => {
  test("makes keyring and admin key for the owner alone, and prints neither", async (t) => {
    const server = await Server.start(t);
    assert.equal(mode(server.keys), "700");
    assert.equal(mode(server.data), "700");
    for (const name of ["keyring", "admin.key"]) assert.equal(mode(join(server.keys, name)), "600", name);
    for (const name of readdirSync(server.data)) assert.match(mode(join(server.data, name)), /^[67]00$/, name);
    const admin = readFileSync(join(server.keys, "admin.key"), "utf8");
    assert.match(admin, /^wdk_[0-9A-Za-z]{49}\n$/, "the bare token and a newline");
    assert.equal(assertOk(await server.admin.get("/v1/me")).role, "admin");
    const printed = server.stdout + server.stderr;
    assert.ok(!printed.includes(admin.trim()), "the admin key is not printed");
    assert.match(printed, /admin\.key/, "where the admin key is");
    assert.match(printed, /keyring/, "where the keyring is");
    assert.equal(server.stdout.split("\n")[0], `listening on ${server.origin}`);
  });

  test("keeps both on the next start", async (t) => {
    const server = await Server.start(t);
    const before = ["keyring", "admin.key"].map((name) => readFileSync(join(server.keys, name), "utf8"));
    await server.restart();
    assert.deepEqual(
      ["keyring", "admin.key"].map((name) => readFileSync(join(server.keys, name), "utf8")),
      before,
    );
  });

  test("answers health without a credential", async (t) => {
    const server = await Server.start(t);
    const health = assertOk(await server.api.get("/v1/health"));
    assert.equal(health.status, "ok");
    assert.equal(health.service, "warded");
    assert.match(health.version, /^\d+\.\d+\.\d+/);
    for (const path of ["/health", "/health/ready"]) assertOk(await server.api.get(path), 200, path);
  });
});

describe("one line, exit 1", () => {
  test("the port is in use", async (t) => {
    const server = await Server.start(t);
    const other = new Server();
    const args = ["serve", "--listen", new URL(server.origin).host, "--data", other.data, "--keys", other.keys];
    await assertRefuses(other, /in use/i, args);
  });

  test("another server has the data folder", async (t) => {
    const server = await Server.start(t);
    await assertRefuses(server, /another|already|in use|lock/i);
    assertOk(await server.api.get("/v1/health"));
  });

  test("the data folder was written by a newer version", async (t) => {
    const server = await stopped(t);
    // `user_version` is bytes 60-63 of the header, big-endian, where the database says which migrations it has had.
    const file = database(server);
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(bytes.readUInt32BE(60) + 1, 60);
    writeFileSync(file, bytes);
    await assertRefuses(server, /newer/i);
  });

  test("the database is damaged", async (t) => {
    const server = await stopped(t);
    const file = database(server);
    for (const damage of [(bytes) => bytes.fill(0x55), (bytes) => bytes.fill(0, 0, 100), (bytes) => bytes.subarray(0, 700)]) {
      const good = readFileSync(file);
      writeFileSync(file, damage(Buffer.from(good)));
      await assertRefuses(server, /damaged|not a database|malformed/i);
      writeFileSync(file, good);
    }
  });

  test("the keyring is missing, empty, garbled or of another installation", async (t) => {
    const server = await stopped(t);
    const keyring = join(server.keys, "keyring");
    const kept = join(server.root, "kept");
    renameSync(keyring, kept);
    await assertRefuses(server, /keyring/i);
    assert.ok(!existsSync(keyring), "no new keyring is made beside old data");
    for (const text of ["", "garbage\n", "{\n"]) {
      writeFileSync(keyring, text, { mode: 0o600 });
      await assertRefuses(server, /keyring/i);
    }
    const other = await stopped(t);
    copyFileSync(join(other.keys, "keyring"), keyring);
    await assertRefuses(server, /keyring/i);
    copyFileSync(kept, keyring);
    await server.start();
    assert.equal(assertOk(await server.admin.get("/v1/secrets/start/KEY")).value, "kept");
  });

  test("a folder cannot be written", async () => {
    const server = new Server();
    const file = join(server.root, "a-file");
    writeFileSync(file, "");
    const listen = ["serve", "--listen", "127.0.0.1:0"];
    await assertRefuses(server, /a-file/, [...listen, "--data", file, "--keys", server.keys]);
    await assertRefuses(server, /a-file/, [...listen, "--data", join(file, "data"), "--keys", server.keys]);
    await assertRefuses(server, /a-file/, [...listen, "--data", server.data, "--keys", join(file, "keys")]);
  });

  test("a setting is wrong", async () => {
    const settings = [
      ["no_such_setting = 1\n", /no_such_setting/],
      ["listen = 5\n", /listen/],
      ['listen = "nonsense"\n', /listen/],
      ["not toml at all\n", /warded\.toml/],
      ['trusted_proxies = ["10.0.0.1/8"]\n', /trusted_proxies/],
    ];
    for (const [config, pattern] of settings) {
      const server = new Server({ config });
      await assertRefuses(server, pattern, [
        "serve",
        "--data",
        server.data,
        "--keys",
        server.keys,
        "--config",
        join(server.root, "warded.toml"),
      ]);
      assert.ok(!existsSync(server.data), "nothing is made before the settings are known to be right");
    }
    const server = new Server();
    await assertRefuses(server, /absent\.toml/, [...server.command, "--config", join(server.root, "absent.toml")]);
    await assertRefuses(new Server({ env: { WARDED_RATE_LIMITS: "maybe" } }), /rate_limits/i);
  });
});

describe("arguments", () => {
  test("a misuse exits 2", async () => {
    for (const args of [["serve", "--no-such-flag"], ["no-such-command"], ["audit", "verify", "--nonsense"]]) {
      const result = await warded(args);
      assert.equal(result.code, 2, args.join(" "));
      assert.equal(result.stdout, "");
      assert.notEqual(result.stderr, "");
    }
  });

  test("help and version are printed", async () => {
    assert.match((await warded(["--version"])).stdout, /^warded \d+\.\d+\.\d+/);
    assert.match((await warded(["--help"])).stdout, /serve/);
  });

  test("`warded config` prints what holds: flag over environment over file", async () => {
    const root = folder();
    const file = join(root, "warded.toml");
    writeFileSync(file, 'listen = "127.0.0.1:7001"\ndata = "from-file"\nkeys = "keys-from-file"\n');
    const env = { WARDED_DATA: "from-environment", WARDED_LISTEN: "127.0.0.1:7002" };
    const result = await warded(["config", "--config", file, "--listen", "127.0.0.1:7003"], { env, cwd: root });
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /listen = "127\.0\.0\.1:7003"/);
    assert.match(result.stdout, /data = "from-environment"/);
    assert.match(result.stdout, /keys = "keys-from-file"/);
    assert.deepEqual(readdirSync(root), ["warded.toml"], "printing settings makes nothing");
  });
});
