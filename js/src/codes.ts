// Generated from the table in core/src/error.rs by `node js/codes.mjs`: do not edit.

/** Why a decision is not an allow. */
export type ReasonCode =
  | "scope_missing"
  | "namespace_not_allowed"
  | "expired"
  | "not_yet_valid"
  | "uses_exhausted"
  | "ip_not_allowed"
  | "ip_unknown"
  | "tier_exceeds_grant"
  | "usage_ahead"
  | "chain_empty"
  | "chain_too_long"
  | "trust_too_low"
  | "quota_exhausted"
  | "policy_denied"
  | "no_rule_allows"
  | "model_not_allowed"
  | "egress_not_allowed"
  | "approval_required"
  | "approval_mismatch";

/** What is wrong with data. Codes are API: none is ever renamed. */
export type ErrorCode =
  | ReasonCode
  | "invalid_json"
  | "unknown_field"
  | "missing_field"
  | "duplicate_key"
  | "wrong_type"
  | "out_of_range"
  | "limit_exceeded"
  | "too_deep"
  | "empty_list"
  | "unknown_operation"
  | "invalid_text"
  | "invalid_path"
  | "invalid_pattern"
  | "invalid_scope"
  | "too_many_shapes"
  | "invalid_ip"
  | "invalid_network"
  | "host_bits_set"
  | "invalid_ttl"
  | "ttl_over_ceiling"
  | "invalid_tier"
  | "invalid_window"
  | "invalid_token"
  | "invalid_compiled"
  | "duplicate_key_id"
  | "chain_broken"
  | "duplicate_id"
  | "unknown_attribute"
  | "attribute_out_of_place"
  | "operator_not_allowed"
  | "contradiction"
  | "claim_in_allow"
  | "seal_rejected"
  | "key_unknown"
  | "bundle_rejected"
  | "bundle_malformed"
  | "bundle_foreign"
  | "bundle_not_yet_valid"
  | "bundle_expired"
  | "bundle_replayed"
  | "stale"
  | "invalid_buffer"
  | "internal";

/** The reasons by their number in the packed layout. */
export const REASONS: Readonly<Record<number, ReasonCode>> = {
  64: "scope_missing",
  65: "namespace_not_allowed",
  66: "expired",
  67: "not_yet_valid",
  68: "uses_exhausted",
  69: "ip_not_allowed",
  70: "ip_unknown",
  71: "tier_exceeds_grant",
  72: "usage_ahead",
  73: "chain_empty",
  74: "chain_too_long",
  75: "trust_too_low",
  76: "quota_exhausted",
  77: "policy_denied",
  78: "no_rule_allows",
  79: "model_not_allowed",
  80: "egress_not_allowed",
  81: "approval_required",
  82: "approval_mismatch",
};
