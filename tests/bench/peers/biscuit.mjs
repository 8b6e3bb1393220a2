// Biscuit in Wasm: scopes as facts of a token that was verified before, the time as its check. It knows no networks, so addresses are left out,
// and it has no counters. Its limit of one millisecond of wall-clock time for each decision is raised, or the first one fails.

import assert from "node:assert/strict";

import { authorizer, biscuit, KeyPair } from "@biscuit-auth/biscuit-wasm";

import { PATH, places, repeat, SCOPES } from "../workload.mjs";

const LIMITS = { max_facts: 10_000, max_iterations: 100, max_time_micro: 10_000_000 };

export function biscuitToken(rules) {
  const prefixes = rules === undefined ? SCOPES : places(rules);
  const ends = new Date(Date.now() + 3_600_000);
  const builder = biscuit`check if time($t), $t < ${ends};`;
  for (const prefix of prefixes) builder.addCode(`right("read", "${prefix}/");`);
  const token = builder.build(new KeyPair().getPrivateKey());
  const ask = (action) => {
    const one = authorizer`time(${new Date()}); asked(${action}, ${PATH}); allow if asked($a, $p), right($a, $r), $p.starts_with($r); deny if true;`;
    try {
      one.addToken(token);
      one.authorizeWithLimits(LIMITS);
      return true;
    } catch (error) {
      if (error.FailedLogic === undefined) throw error;
      return false;
    } finally {
      one.free();
    }
  };
  assert.equal(ask("read"), true);
  assert.equal(ask("write"), false);
  return repeat(() => ask("read"));
}
