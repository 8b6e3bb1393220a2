import { wrongType } from "./argument.js";
import { plain } from "./document.js";
import { json, sendBytes, utf8 } from "./engine.js";
import type { GrantDocument } from "./grant.js";
import type { PolicyDocument } from "./policy.js";

/** Something that is right and still doubtful. */
export interface Warning {
  /** What is doubtful: codes are API, and docs/policy.md explains them. */
  readonly code: string;
  /** Where in the document, such as `rules[3]`. */
  readonly field: string;
  /** What to do. */
  readonly message: string;
  /** Where in the text, if it was text; counted from 1. */
  readonly line: number | null;
  readonly column: number | null;
}

/**
 * Warns of rules that never have an effect, and of what a policy allows more broadly than it seems to: its document, or the text of it.
 *
 * @throws {WardedError} the policy is wrong: only one that is right is looked at further.
 */
export function lintPolicy(policy: PolicyDocument | string): readonly Warning[] {
  return lint({ policy: document("policy", policy) });
}

/**
 * Warns of what a grant reaches more broadly, or for longer, than is usual: its document, or the text of it. `now` says how long it lives from
 * here on; it is `Date.now()` by default.
 *
 * @throws {WardedError} the grant is wrong: only one that is right is looked at further.
 */
export function lintGrant(grant: GrantDocument | string, now = Date.now()): readonly Warning[] {
  return lint({ grant: document("grant", grant), now });
}

function document(name: string, value: unknown): unknown {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) throw wrongType(name, "an object or a string", value);
  return plain(value, name);
}

function lint(call: object): readonly Warning[] {
  return json<{ warnings: readonly Warning[] }>(sendBytes("lint", utf8(JSON.stringify(call)))).warnings;
}
