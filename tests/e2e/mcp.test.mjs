// The unmodified `@agentsecretstore/mcp` server, spoken to over its standard input and output, against the real server.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { folder, Server } from "./harness.mjs";
import { Child } from "./process.mjs";
import { forge } from "./token.mjs";

const RUN = fileURLToPath(new URL("node_modules/@agentsecretstore/mcp/bin/run.js", import.meta.url));
const server = new Server();
before(() => server.start());
after(() => server.dispose());

/** An MCP host that has one server, ours in between. */
class Host {
  static async start(t, agentKey) {
    const host = new Host();
    host.child = new Child(process.execPath, [RUN], {
      cwd: folder(),
      // A base URL with a trailing slash, as people write it.
      env: { ASS_AGENT_KEY: agentKey, ASS_API_URL: `${server.origin}/`, HOME: folder() },
    });
    t.after(async () => {
      host.child.signal("SIGKILL");
      await host.child.exit();
    });
    await host.call("initialize", { protocolVersion: "2024-11-05", capabilities: {}, clientInfo: { name: "e2e", version: "1" } });
    host.child.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
    return host;
  }

  async call(method, params) {
    const id = (this.last = (this.last ?? 0) + 1);
    this.child.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    const reply = await this.child.printed(15_000, `the answer of ${method}`, ({ stdout }) =>
      stdout
        .split("\n")
        .filter(Boolean)
        .map(parsed)
        .find((message) => message?.id === id),
    );
    return reply;
  }

  async tool(name, args = {}) {
    const { result, error } = await this.call("tools/call", { name, arguments: args });
    assert.equal(error, undefined, `${name}: ${JSON.stringify(error)}`);
    return JSON.parse(result.content[0].text);
  }

  async refusal(name, args) {
    const { result, error } = await this.call("tools/call", { name, arguments: args });
    assert.equal(result, undefined, `${name} was not refused: ${JSON.stringify(result)}`);
    return error.message;
  }
}

// The last line may be half written.
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

describe("the MCP server", () => {
  test("sets, gets and lists, in a nested namespace", async (t) => {
    const host = await Host.start(t, (await server.agent()).api_key);
    const set = await host.tool("set_secret", { namespace: "mcp/prod/openai", key: "API_KEY", value: "sk-1", secret_type: "api_key" });
    assert.equal(set.version, 1);
    assert.equal(set.namespace, "mcp/prod/openai");
    const got = await host.tool("get_secret", { namespace: "mcp/prod/openai", key: "API_KEY" });
    assert.equal(got.value, "sk-1");
    assert.equal(got.secret_type, "api_key");
    const list = await host.tool("list_secrets", { namespace: "mcp/prod" });
    assert.deepEqual(
      list.items.map(({ namespace, key }) => [namespace, key]),
      [["mcp/prod/openai", "API_KEY"]],
    );
    assert.ok(!JSON.stringify(list).includes("sk-1"));
  });

  test("lists the namespaces of its agent only", async (t) => {
    const scopes = ["secrets:read:mcp-ns/*", "secrets:write:mcp-ns/*", "namespaces:read"];
    const agent = await server.agent({ namespaces: ["mcp-ns/mine"], scopes });
    for (const path of ["mcp-ns/mine/KEY", "mcp-ns/mine/b/KEY", "mcp-ns/theirs/KEY"]) {
      assert.equal((await server.admin.put(`/v1/secrets/${path}`, { value: "v" })).status, 201);
    }
    const host = await Host.start(t, agent.api_key);
    assert.deepEqual((await host.tool("list_namespaces")).items, ["mcp-ns/mine", "mcp-ns/mine/b"]);
  });

  test("requests a token that works", async (t) => {
    const host = await Host.start(t, (await server.agent()).api_key);
    await host.tool("set_secret", { namespace: "mcp/token", key: "KEY", value: "by token" });
    const scopes = ["secrets:read:mcp/token/*"];
    const reply = await host.tool("request_token", { scopes, ttl: "15m" });
    assert.match(reply.token, /^wds_/);
    assert.deepEqual(reply.scopes, scopes);
    assert.equal((await server.as(reply.token).get("/v1/secrets/mcp/token/KEY")).json.value, "by token");
  });

  test("passes on why it was refused", async (t) => {
    const agent = await server.agent({ namespaces: ["mcp-narrow"], scopes: ["secrets:read:mcp-narrow/*"] });
    const host = await Host.start(t, agent.api_key);
    assert.match(await host.refusal("get_secret", { namespace: "mcp-narrow", key: "ABSENT" }), /no.*secret|not found/i);
    assert.match(await host.refusal("get_secret", { namespace: "elsewhere", key: "KEY" }), /scope|namespace/i);
    assert.match(await host.refusal("request_token", { scopes: ["secrets:read:mcp-narrow/*"], ttl: "0s" }), /ttl/);
    const stranger = await Host.start(t, forge("a"));
    assert.match(await stranger.refusal("list_secrets", { namespace: "mcp" }), /valid bearer token/);
  });
});
