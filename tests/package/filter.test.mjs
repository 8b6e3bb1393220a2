// Filtering paths: what JavaScript adds to what the vectors say.

import assert from "node:assert/strict";
import { test } from "node:test";

import { warded } from "./project.mjs";

const { compileGrant, compilePolicy, decide, filter, WardedError } = warded;
const grant = compileGrant({ scopes: ["secrets:read:production/*"], tier_ceiling: "sensitive", max_uses: 1 });
const request = { resource: "secrets", action: "read" };

test("the paths that a decision would allow come back in their order", () => {
  const paths = ["production/b", "staging/a", { path: "production/a", tier: "sensitive" }, { path: "production/c", tier: "critical" }];
  assert.deepEqual(filter({ chain: [{ grant }], request, paths }), ["production/b", "production/a"]);
  assert.deepEqual(filter({ chain: [{ grant, usage: { uses: 1 } }], request, paths }), []);
  assert.deepEqual(filter({ chain: [{ grant }], request, paths: [] }), []);
});

test("10,000 paths are filtered as 10,000 decisions are taken", () => {
  const policy = compilePolicy({
    version: 1,
    rules: [{ id: "all", effect: "allow" }, { id: "no", effect: "deny", resources: ["production/+/k7", "production/n3/*"] }],
  });
  const paths = Array.from({ length: 10_000 }, (_, index) => `${index % 3 ? "production" : "staging"}/n${index % 11}/k${index % 97}`);
  const options = { chain: [{ grant }], policy, request };
  const allows = (path) => decide({ ...options, request: { ...request, path } }).decision === "allow";
  const expected = paths.filter(allows);
  assert.deepEqual(filter({ ...options, paths }), expected);
  assert.ok(expected.length > 5000 && expected.length < 7000, `${expected.length}`);
});

test("80,000 paths with their tiers are filtered, one more and more than 17 MiB are refused", () => {
  const refused = (field) => (error) => error instanceof WardedError && error.code === "limit_exceeded" && error.field === field;
  const paths = (count) => Array.from({ length: count }, (_, index) => ({ path: `production/n${index % 11}`, tier: "sensitive" }));
  assert.equal(filter({ chain: [{ grant }], request, paths: paths(80_000) }).length, 80_000);
  assert.throws(() => filter({ chain: [{ grant }], request, paths: paths(80_001) }), refused("paths"));
  const segment = "n".repeat(100);
  const long = Array(80_000).fill(`production/${segment}/${segment}/${segment}`);
  assert.throws(() => filter({ chain: [{ grant }], request, paths: long }), refused(undefined));
});

test("what is given is read once and left as it is", () => {
  let reads = 0;
  const entry = { get path() { return reads++ === 0 ? "production/a" : "staging/a"; } };
  const paths = Object.freeze([Object.freeze(entry)]);
  assert.deepEqual(filter({ chain: [{ grant }], request, paths }), ["production/a"]);
  assert.equal(reads, 1);
});

test("a path that is none is named by its place", () => {
  for (const path of ["a//b", "a/*", "/a", "", "a\nb", "é"]) {
    assert.throws(() => filter({ chain: [{ grant }], request, paths: ["a", path] }), (error) => {
      assert.ok(error instanceof WardedError);
      assert.deepEqual([error.code, error.field], ["invalid_path", "paths[1]"]);
      return true;
    });
  }
});

test("a mistake in the options is a TypeError that names it", () => {
  const options = { chain: [{ grant }], request, paths: [] };
  const cases = [
    [{ ...options, paths: undefined }, /^paths: expected an array, got undefined$/],
    [{ chain: [{ grant }], request }, /^paths: expected an array, got undefined$/],
    [{ ...options, paths: "a" }, /^paths: expected an array, got a string$/],
    [{ ...options, paths: [1] }, /^paths\[0\]: expected a string or an object, got a number$/],
    [{ ...options, paths: ["a", undefined] }, /^paths\[1\]: expected a string or an object, got undefined$/],
    [{ ...options, paths: [{ path: "a", tier: undefined }] }, /^`paths\[0\]\.tier`: expected a value, or no such field, got undefined$/],
    [{ ...options, policy: undefined }, /^policy: expected a policy/],
    [{ ...options, path: "a" }, /^options: unknown property `path`$/],
  ];
  for (const [given, message] of cases) assert.throws(() => filter(given), { name: "TypeError", message });
  assert.throws(() => decide({ chain: [{ grant }], request, paths: [] }), { name: "TypeError", message: "options: unknown property `paths`" });
});
