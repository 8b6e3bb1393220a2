// The declarations, as a user's compiler reads them: strict, with both ways of resolving modules.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import { file, project, repository } from "./project.mjs";

const PROGRAM = `
import { compileGrant, compilePolicy, covers, decide, explain, hashToken, Keyring, lintGrant, lintPolicy, mintToken, openBundle, overlaps, parseToken, verifyChain, verifyToken, WardedError } from "warded";
import type { Bundle, CheckpointDocument, CompiledGrant, CompiledPolicy, Condition, Context, Decision, ErrorCode, Explanation, Grant, GrantDocument, Policy, PolicyDocument, ReasonCode, RequestDocument, TokenKind, Usage, VerifiedChain, Warning } from "warded";
import { aesGcmOpen, aesGcmSeal, audienceKey, hmacSha256, kbkdfCounter, loadGrant, loadPolicy, makeBundle, sealWithSalt, sha256 } from "warded/hazmat";
import { guard, memoryUsage } from "warded/edge";
import { argon2id, pbkdf2Sha256 } from "warded/derive";
import { argon2id as anyArgon2id, pbkdf2Sha256 as anyPbkdf2Sha256 } from "warded/hazmat";

const document: GrantDocument = { scopes: ["secrets:read:a/*"], max_uses: 5, tier_ceiling: "critical" };
const compiled: CompiledGrant = compileGrant(document);
const grant: Grant = loadGrant(compiled.bytes);
const stored: Usage | undefined = undefined;
const request: RequestDocument = { resource: "secrets", action: "read", path: "a/KEY", subject: { kind: "agent", id: "agt_1" } };
const decision: Decision = decide({ chain: [{ grant, usage: stored }, { grant: compiled }], request });
const usage: Usage | undefined = decision.usages[0];
const code: ReasonCode | undefined = decision.reasons[0]?.code;
const listing = decide({ chain: [{ grant }], request: { resource: "secrets", action: "read", listing: "a/*", now: 1 } });
const issue = decide({ chain: [{ grant }], request: { resource: "tokens", action: "issue", issue: { scopes: ["a:b"], ttl_ms: 1 } } });

const when: Condition = { any: [{ attribute: "trust", gte: 2 }, { not: { all: [{ attribute: "ip", cidr: ["10.0.0.0/8"] }] } }, { attribute: "time", from: "08:00", to: "18:00" }] };
const rules: PolicyDocument = { version: 1, approvals: { critical: 3 }, rules: [{ id: "a", effect: "allow", actions: ["secrets:read"], when }] };
const policy: CompiledPolicy = compilePolicy(rules);
const loaded: Policy = loadPolicy(compilePolicy("{}").bytes);
const asked: string | undefined = decide({ chain: [{ grant }], policy, request }).approval?.digest;
const explained: Explanation = explain({ chain: [{ grant }], policy: loaded, request });
const warnings: readonly Warning[] = [...lintPolicy(policy.document), ...lintGrant(document, 0)];
const lacked: string | undefined = explained.nearest?.missing[0]?.clause;

const context: Context = { purpose: "value", version: 1 };
const keyring = new Keyring([Keyring.generate()]);
const sealed: Uint8Array = keyring.seal(new Uint8Array(1), context);
const opened: Uint8Array = keyring.open(sealed, context);

const resealed: Uint8Array = keyring.reseal(sealed, context);
const large: Promise<Uint8Array>[] = [keyring.sealAsync(opened), keyring.openAsync(resealed, context)];
const key: Uint8Array = audienceKey(opened, "", "edge");
const bundle: Bundle = openBundle(makeBundle({ tenant: "", audience: "edge", serial: 1, not_before: 0, grants: [{ id: "a", grant }] }, key), { key, audience: "edge", minSerial: 1 });
const derived: Promise<Uint8Array>[] = [
  argon2id({ password: "p", salt: opened }), pbkdf2Sha256({ password: opened, salt: opened, iterations: 700_000 }),
  anyArgon2id({ password: "p", salt: opened, memory: 64, iterations: 1, associatedData: opened }), anyPbkdf2Sha256({ password: "p", salt: opened, iterations: 1, length: 64 }),
];
// @ts-expect-error: the safe one has one length only
argon2id({ password: "p", salt: opened, length: 64 });
const held: CheckpointDocument[] = [];
const verified: Promise<VerifiedChain> = verifyChain(["line"], { publicKey: opened, checkpoints: held });
const bundled: Grant | undefined = bundle.grants[0]?.grant;

// As in docs/edge.md.
const guarded = guard({ findGrant: () => undefined, usage: memoryUsage(), clientIp: (request) => request.headers.get("CF-Connecting-IP") });

const kind: TokenKind = "s";
const minted: { token: string; hash: Uint8Array; display: string } = mintToken(kind);
const parsed: TokenKind = parseToken(minted.token).kind;
const same: boolean = verifyToken(minted.token, hashToken(minted.token)) && covers("a:b", "a:b") && overlaps("a:b", "a:b");

const primitives: Uint8Array[] = [
  sha256(opened), hmacSha256(opened, opened), aesGcmSeal(opened, opened, opened, opened), aesGcmOpen(opened, opened, opened, opened),
  kbkdfCounter(opened, opened, opened, 32), sealWithSalt(keyring, opened, opened, context),
];

try {
  compileGrant(document);
} catch (error) {
  if (error instanceof WardedError) {
    const code: ErrorCode = error.code;
    const field: string | undefined = error.field;
    console.log(code, field);
    // @ts-expect-error: no such code
    if (error.code === "no_such_code") console.log();
  }
}

// @ts-expect-error: scopes are missing
compileGrant({});
// @ts-expect-error: a field of another spelling
compileGrant({ scopes: [], maxUses: 1 });
// @ts-expect-error: a grant that was not compiled
decide({ chain: [{ grant: document }], request });
// @ts-expect-error: a tier that does not exist
decide({ chain: [{ grant }], request: { resource: "a", action: "b", tier: "top" } });
// @ts-expect-error: no such kind
mintToken("x");
// @ts-expect-error: keys are bytes
new Keyring(["key"]);
// @ts-expect-error: a decision is read-only
decision.decision = "allow";

console.log(usage, code, listing, issue, parsed, same, primitives, large, derived, verified, bundled, guarded);
`;

const OPTIONS = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--types", "", "--pretty", "false"];

function check(name, options) {
  const compiler = join(repository, "js/node_modules/typescript/bin/tsc");
  const run = spawnSync(process.execPath, [compiler, ...OPTIONS, ...options, file(name, PROGRAM)], { cwd: project, encoding: "utf8" });
  assert.equal(`${run.stdout}${run.stderr}`, "");
  assert.equal(run.status, 0);
}

test("an ES module with node16 resolution", () => check("types.mts", ["--module", "node16", "--moduleResolution", "node16"]));
test("a CommonJS module with node16 resolution", () => check("types.cts", ["--module", "node16", "--moduleResolution", "node16"]));
test("a module with bundler resolution", () => check("types.ts", ["--module", "esnext", "--moduleResolution", "bundler"]));
test("a module with bundler resolution and exact optional properties", () =>
  check("exact.ts", ["--module", "esnext", "--moduleResolution", "bundler", "--exactOptionalPropertyTypes"]));
