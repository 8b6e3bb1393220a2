// Refusals as the server gives them: the same form, codes and order of what is told.

import type { Decision } from "./internal.js";

/** What a refused request is answered with. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Reason codes that may be told. */
  readonly reasons?: readonly string[];
  /** When the request may be repeated, in milliseconds since the Unix epoch. */
  readonly retryAt?: number | undefined;
}

/** The same for a bad form and for an unknown token: nothing is learnt by guessing. */
export const UNAUTHORIZED: Refusal = {
  status: 401,
  code: "UNAUTHORIZED",
  message: "a valid bearer token is required",
};

export const USAGE_UNAVAILABLE: Refusal = {
  status: 503,
  code: "UNAVAILABLE",
  message: "the use of the token cannot be counted, try again",
};

export const AUDIT_UNAVAILABLE: Refusal = {
  status: 503,
  code: "AUDIT_UNAVAILABLE",
  message: "the request cannot be recorded, so nothing was done",
};

/** The platform's address is none: nobody knows whom an allowlist, or a rule of the policy, would have to let in. */
export const NO_ADDRESS = told(403, "IP_NOT_ALLOWED", "the address is not allowed", ["ip_unknown"]);

const ADDRESS = ["ip_not_allowed", "ip_unknown"];
const STATE = ["expired", "not_yet_valid", "uses_exhausted"];
const QUOTA = ["quota_exhausted"];
const APPROVAL = ["tier_exceeds_grant", "approval_required", "approval_mismatch"];

/** What the one who asked is told of a decision that is no allow: the address first and alone, then the token's own state. */
export function refusalOf(decision: Decision): Refusal {
  const reasons = [...new Set<string>(decision.reasons.map(({ code }) => code))];
  const among = (codes: readonly string[]): string[] => reasons.filter((code) => codes.includes(code));
  const [address, state, quota] = [among(ADDRESS), among(STATE), among(QUOTA)];
  if (address.length > 0) return told(403, "IP_NOT_ALLOWED", "the address is not allowed", address);
  if (state.length > 0) return told(401, "UNAUTHORIZED", "the token is not valid now, get a new one", state);
  if (quota.length === reasons.length && quota.length > 0) return exhausted(decision);
  if (among(APPROVAL).length === reasons.length) {
    return told(403, "APPROVAL_REQUIRED", "this needs an approval", reasons);
  }
  return told(403, "SCOPE_DENIED", "the token does not allow this", reasons);
}

function told(status: number, code: string, message: string, reasons: readonly string[]): Refusal {
  return { status, code, message, reasons };
}

/**
 * The latest of the times at which limits that refused have room again; none if waiting helps with none of them.
 *
 * A cost above the size of a limit says `null`, as a limit does that did not refuse: whoever waited for the others is then told no time.
 */
function exhausted(decision: Decision): Refusal {
  const times = decision.limits.filter(({ retry_after }) => retry_after !== null).map(({ retry_after }) => retry_after as number);
  const retryAt = times.length > 0 ? Math.max(...times) : undefined;
  return { ...told(429, "RATE_LIMITED", "the token's limit is used up", ["quota_exhausted"]), retryAt };
}

/** The refusal as a response. */
export function response(refusal: Refusal, now: number): Response {
  const { status, code, message, reasons, retryAt } = refusal;
  const id = crypto.randomUUID();
  const headers = new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
    vary: "Authorization",
    "x-content-type-options": "nosniff",
    "x-request-id": id,
  });
  if (status === 401) headers.set("www-authenticate", "Bearer");
  if (retryAt !== undefined) headers.set("retry-after", String(Math.max(1, Math.ceil((retryAt - now) / 1000))));
  const error = { code, message, ...(reasons === undefined ? {} : { reasons }) };
  return new Response(JSON.stringify({ error, detail: message, request_id: id }), { status, headers });
}
