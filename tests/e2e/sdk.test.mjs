// The unmodified `@agentsecretstore/sdk` against the real server: every method and every class of error.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { assertTimestamp } from "./answer.mjs";
import { until } from "./deadline.mjs";
import { Server } from "./harness.mjs";
import { doors } from "./sdk.mjs";
import { forge, miscount } from "./token.mjs";

const server = new Server();
before(() => server.start());
after(() => server.dispose());

const vault = (sdk, agent, options) =>
  new sdk.AgentVault({ agentKey: agent.api_key ?? agent, baseUrl: server.origin, retries: 0, timeout: 10_000, ...options });

for (const [door, sdk] of Object.entries(doors)) {
  describe(`by ${door}`, () => {
    const root = `sdk-${door}`;

    test("puts, reads, lists and deletes a secret", async () => {
      const client = vault(sdk, await server.agent());
      const written = await client.setSecret(`${root}/payments/STRIPE_KEY`, "sk_live_1", {
        secretType: "api_key",
        metadata: { owner: "billing", rotated: [1, 2], live: true },
      });
      assert.match(written.id, /^sec_[0-9a-f]{32}$/);
      assert.equal(written.namespace, `${root}/payments`);
      assert.equal(written.key, "STRIPE_KEY");
      assert.equal(written.version, 1);
      assert.equal(written.secret_type, "api_key");
      assert.equal(written.access_tier, "standard");
      assert.deepEqual(written.metadata, { owner: "billing", rotated: [1, 2], live: true });
      assertTimestamp(written.created_at, "created_at");
      assertTimestamp(written.updated_at, "updated_at");
      assert.ok(!("value" in written), "a write does not echo the value");

      const read = await client.getSecretWithMetadata(`${root}/payments/STRIPE_KEY`);
      assert.equal(read.value, "sk_live_1");
      assert.equal(read.secret_type, "api_key");
      assert.deepEqual(read.metadata, { owner: "billing", rotated: [1, 2], live: true });
      assert.equal(read.version, 1);

      const list = await client.listSecrets(root);
      assert.equal(list.namespace, root);
      assert.deepEqual(
        list.items.map(({ namespace, key }) => `${namespace}/${key}`),
        [`${root}/payments/STRIPE_KEY`],
      );
      assert.ok(!JSON.stringify(list).includes("sk_live_1"), "a listing shows no values");

      assert.equal(await client.deleteSecret(`${root}/payments/STRIPE_KEY`), undefined);
      await assert.rejects(client.getSecret(`${root}/payments/STRIPE_KEY`), sdk.SecretNotFoundError);
      assert.deepEqual((await client.listSecrets(root)).items, []);
    });

    test("a second write is a new version, and absent options keep what is stored", async () => {
      const client = vault(sdk, await server.agent());
      const path = `${root}/versions/TOKEN`;
      await client.setSecret(path, "one", { secretType: "oauth_token", metadata: { team: "a" } });
      const second = await client.setSecret(path, "two");
      assert.equal(second.version, 2);
      assert.equal(second.secret_type, "oauth_token");
      assert.deepEqual(second.metadata, { team: "a" });
      const equal = await client.setSecret(path, "two");
      assert.equal(equal.version, 3, "an equal value is a new version too");
      assert.equal(await client.getSecret(path), "two");
    });

    test("a deleted path written again is a new secret", async () => {
      const client = vault(sdk, await server.agent());
      const path = `${root}/again/KEY`;
      const first = await client.setSecret(path, "before");
      await client.deleteSecret(path);
      const second = await client.setSecret(path, "after");
      assert.equal(second.version, 1);
      assert.notEqual(second.id, first.id);
      assert.equal(await client.getSecret(path), "after");
    });

    test("values come back as they were written", async () => {
      const client = vault(sdk, await server.agent());
      const values = ["ü ☃ 𝄞 \r\n\t", "x".repeat(65_536), '{"a":"\\u0000 is not here"}', "$HOME `id` \"'\\", "-"];
      for (const [index, value] of values.entries()) {
        await client.setSecret(`${root}/values/V${index}`, value);
        assert.equal(await client.getSecret(`${root}/values/V${index}`), value);
      }
    });

    test("imports a dotenv file", async () => {
      const client = vault(sdk, await server.agent());
      const content = 'A=1\n# comment\nexport B="two words"\nC=\'$A stays\'\nD="line 1\nline 2"\n\nE=plain # comment\n';
      const reply = await client.importEnv(content, `${root}/imported/deep`, { secretType: "custom" });
      assert.equal(reply.namespace, `${root}/imported/deep`);
      assert.deepEqual(reply.imported, ["A", "B", "C", "D", "E"]);
      assert.equal(reply.imported_count, 5);
      const found = {};
      for (const key of reply.imported) found[key] = await client.getSecret(`${root}/imported/deep/${key}`);
      assert.deepEqual(found, { A: "1", B: "two words", C: "$A stays", D: "line 1\nline 2", E: "plain" });
    });

    test("requestToken answers what was asked for", async () => {
      const agent = await server.agent();
      const scopes = [`secrets:read:${root}/a/*`, `secrets:write:${root}/a/KEY`];
      const earliest = Date.now();
      const reply = await vault(sdk, agent).requestToken({ scopes, ttl: "15m", maxUses: 7, ipAllowlist: ["127.0.0.0/8"] });
      assert.match(reply.token, /^wds_[0-9A-Za-z]{49}$/);
      assert.match(reply.token_id, /^tok_[0-9a-f]{32}$/);
      assert.deepEqual(reply.scopes, scopes);
      assert.equal(reply.agent_id, agent.id);
      assert.equal(reply.max_uses, 7);
      assert.deepEqual(reply.ip_allowlist, ["127.0.0.0/8"]);
      assertTimestamp(reply.expires_at, "expires_at");
      const life = Date.parse(reply.expires_at) - earliest;
      assert.ok(life >= 899_000 && life <= 930_000, `a life of ${life} ms`);
    });

    test("without autoToken the requested token is used", async () => {
      const agent = await server.agent();
      await vault(sdk, agent).setSecret(`${root}/manual/KEY`, "by hand");
      const client = vault(sdk, agent, { autoToken: false });
      await assert.rejects(client.getSecret(`${root}/manual/KEY`), sdk.AuthError);
      await client.requestToken({ scopes: [`secrets:read:${root}/manual/KEY`] });
      assert.equal(await client.getSecret(`${root}/manual/KEY`), "by hand");
    });

    test("SecretNotFoundError for an unknown secret", async () => {
      const client = vault(sdk, await server.agent());
      await assert.rejects(client.getSecret(`${root}/nowhere/KEY`), sdk.SecretNotFoundError);
      await assert.rejects(client.deleteSecret(`${root}/nowhere/KEY`), sdk.SecretNotFoundError);
    });

    test("ScopeError for a token and for a use out of scope", async () => {
      const agent = await server.agent({ namespaces: [`${root}/mine`], scopes: [`secrets:read:${root}/*`] });
      const client = vault(sdk, agent);
      await assert.rejects(client.setSecret(`${root}/mine/KEY`, "no"), sdk.ScopeError);
      await assert.rejects(client.getSecret(`${root}/theirs/KEY`), sdk.ScopeError);
      const narrow = vault(sdk, agent, { autoToken: false });
      await narrow.requestToken({ scopes: [`secrets:read:${root}/mine/A`] });
      await assert.rejects(narrow.getSecret(`${root}/mine/B`), sdk.ScopeError);
    });

    test("AuthError once the token has expired", async () => {
      const agent = await server.agent();
      await vault(sdk, agent).setSecret(`${root}/short/KEY`, "soon gone");
      const client = vault(sdk, agent, { autoToken: false });
      await client.requestToken({ scopes: [`secrets:read:${root}/short/KEY`], ttl: "1s" });
      assert.equal(await client.getSecret(`${root}/short/KEY`), "soon gone");
      const error = await until(10_000, "the end of the token", () =>
        client.getSecret(`${root}/short/KEY`).then(
          () => undefined,
          (thrown) => thrown,
        ),
      );
      assert.ok(error instanceof sdk.AuthError, String(error));
      assert.match(error.message, /expired/);
    });

    test("AuthError for an unknown, a malformed and a revoked key", async () => {
      const agent = await server.agent();
      const scopes = ["secrets:read:a/*"];
      for (const key of [forge("a"), miscount(agent.api_key), "wda_short", "nonsense"]) {
        await assert.rejects(vault(sdk, key).requestToken({ scopes }), sdk.AuthError);
      }
      assert.ok((await vault(sdk, agent).requestToken({ scopes })).token);
      await server.admin.delete(`/v1/agents/${agent.id}`);
      await assert.rejects(vault(sdk, agent).requestToken({ scopes }), sdk.AuthError);
    });

    test("the code of every other refusal", async () => {
      const client = vault(sdk, await server.agent());
      await client.setSecret(`${root}/tier/KEY`, "guarded", { accessTier: "sensitive" });
      await assert.rejects(client.getSecret(`${root}/tier/KEY`), sdk.ApprovalRequiredError);
      await assert.rejects(client.requestToken({ scopes: ["secrets:read:a*b"] }), { code: "VALIDATION_FAILED", status: 400 });
      await client.setSecret(`${root}/taken/KEY`, "a secret");
      await assert.rejects(client.setSecret(`${root}/taken/KEY/BELOW`, "no"), { code: "PATH_TAKEN", status: 409 });
      await assert.rejects(client.getSecret("KEY"), sdk.ValidationError);
    });

    test("NetworkError when nobody listens", async () => {
      const client = vault(sdk, forge("a"), { baseUrl: "http://127.0.0.1:1" });
      await assert.rejects(client.requestToken({ scopes: ["secrets:read:a/*"] }), sdk.NetworkError);
    });
  });
}
