import { type DecideOptions, type Decision, askDocument, readAsked } from "./decide.js";
import type { RuleDocument } from "./policy.js";

/** The decision of a request, and why it is so. */
export interface Explanation {
  readonly decision: Decision;
  /** What decided: a field of a grant of the chain, a part of a rule such as `when.any[1]`, or with neither one of the policy or the request. */
  readonly decided_by: readonly { readonly link?: number; readonly rule?: string; readonly clause: string }[];
  /** Where no rule allows: the rule that lacked least to do so. */
  readonly nearest: { readonly rule: string; readonly missing: readonly MissingClause[] } | null;
  /** Every rule in the order of ids: whether it is for the request, and what its condition then came to. */
  readonly rules: readonly {
    readonly id: string;
    readonly effect: RuleDocument["effect"];
    readonly matched: boolean;
    readonly when: boolean | "unknown" | null;
  }[];
}

/** What a rule lacked: of a test of its condition, the attribute, and what the test came to. */
export interface MissingClause {
  readonly clause: string;
  readonly attribute?: string;
  readonly is?: boolean | "unknown";
}

/**
 * Decides as `decide` does, and says which clause decided, and of a denial by the policy which rule came nearest to allowing. Not for the hot path.
 *
 * @throws as `decide`.
 */
export function explain(options: DecideOptions): Explanation {
  return askDocument<Explanation>("explain_document", readAsked(options));
}
