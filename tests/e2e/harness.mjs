// The real server: started, stopped, killed and started again on folders of its own, with a deadline on everything.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BINARY } from "./binary.mjs";
import { Api } from "./http.mjs";
import { Child, run } from "./process.mjs";

export { BINARY };

const folders = new Set();
process.on("exit", () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder that is gone when the test process is. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "warded-e2e-"));
  folders.add(path);
  return path;
}

/** Runs the binary to its end: `{ code, signal, stdout, stderr }`. */
export function warded(args, options = {}) {
  assert.ok(existsSync(BINARY), `no binary at ${BINARY}: run \`make build\`, or name one in WARDED_BIN`);
  return run(BINARY, args, options);
}

/** A server process and the folders that outlive it. */
export class Server {
  /** Starts a server and stops it after the test `t` (or the `{ after }` of node:test for a whole file). */
  static async start(t, options = {}) {
    const server = new Server(options);
    t.after(() => server.dispose());
    await server.start();
    return server;
  }

  /** `env` are settings, `config` is the text of a TOML file, `args` are added to the command line, `log` is a file for stderr. */
  constructor({ env = {}, config, args = [], log, root = folder() } = {}) {
    Object.assign(this, { root, env, log, args: [...args] });
    this.data = join(root, "data");
    this.keys = join(root, "keys");
    this.past = { stdout: "", stderr: "" };
    if (config !== undefined) {
      const file = join(root, "warded.toml");
      writeFileSync(file, config);
      this.args.push("--config", file);
    }
  }

  /** The command line of this server, for a test that starts it in its own way. */
  get command() {
    return ["serve", "--listen", "127.0.0.1:0", "--data", this.data, "--keys", this.keys, ...this.args];
  }

  /** Limits are off unless the test is about them. */
  get environment() {
    return { WARDED_RATE_LIMITS: "off", WARDED_LOG: "info", ...this.env };
  }

  async start() {
    assert.ok(existsSync(BINARY), `no binary at ${BINARY}: run \`make build\`, or name one in WARDED_BIN`);
    this.child = new Child(BINARY, this.command, { env: this.environment, cwd: this.root, log: this.log });
    const line = await this.child.printed(15_000, "the first line on stdout", ({ stdout }) => /^(.*)\n/.exec(stdout)?.[1]);
    const found = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line);
    assert.ok(found, `first line on stdout: ${line}`);
    this.origin = found[1];
    this.api?.close();
    this.api = new Api(this.origin, null);
  }

  /** The bare API key of the first admin. */
  get adminKey() {
    return readFileSync(join(this.keys, "admin.key"), "utf8").trim();
  }

  /** Where the metrics are: the second line on stdout says so. */
  metrics() {
    return this.child.printed(5_000, "the second line on stdout", ({ stdout }) => /^metrics on (\S+)\/metrics$/m.exec(stdout)?.[1]);
  }

  /** HTTP as the first admin. */
  get admin() {
    return this.api.as(this.adminKey);
  }

  /** HTTP with a credential. */
  as(token) {
    return this.api.as(token);
  }

  /** Everything printed by all processes of this server so far. */
  get stdout() {
    return this.past.stdout + this.child.stdout;
  }
  get stderr() {
    return this.past.stderr + this.child.stderr;
  }

  /** SIGTERM, and how it ended. */
  async stop() {
    this.child.signal("SIGTERM");
    return this.ended();
  }

  /** SIGKILL. */
  async kill() {
    this.child.signal("SIGKILL");
    return this.ended();
  }

  async restart() {
    assert.deepEqual(await this.stop(), { code: 0, signal: null }, this.child.stderr);
    await this.start();
  }

  async ended() {
    const end = await this.child.exit();
    this.past.stdout += this.child.stdout;
    this.past.stderr += this.child.stderr;
    this.child.output = { stdout: [], stderr: [] };
    return end;
  }

  async dispose() {
    if (this.child && !this.child.end) await this.kill();
    this.api?.close();
    rmSync(this.root, { recursive: true, force: true });
    folders.delete(this.root);
  }

  /** Registers an agent: `{ id, name, api_key }`. */
  async agent({ name, namespaces = ["*"], scopes = ["secrets:*:*", "namespaces:read"], ...rest } = {}) {
    const answer = await this.admin.post("/v1/agents", {
      name: name ?? `agent-${(this.agents = (this.agents ?? 0) + 1)}-${process.pid}`,
      allowed_namespaces: namespaces,
      allowed_scopes: scopes,
      ...rest,
    });
    assert.ok(answer.status === 201 || answer.status === 200, `create agent: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** Issues a token to an agent: the reply of `POST /v1/tokens`. */
  async token(agentKey, { scopes, ...rest }) {
    const answer = await this.as(agentKey).post("/v1/tokens", { scopes, ...rest });
    assert.equal(answer.status, 200, `issue token: ${answer.text}`);
    return answer.json;
  }
}
