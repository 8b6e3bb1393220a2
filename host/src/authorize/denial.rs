//! What a denied caller is told, and what the audit keeps.

use warded_core::ErrorCode;
use warded_core::crypto::token::TokenKind;

use crate::error::{ApiCode, ApiError};

/// A refusal of the engine, as HTTP tells it and as the audit records it.
#[derive(Debug)]
pub(super) struct Denial {
    /// For the caller: the address first and alone, then the credential's own state, then what it lacks.
    pub(super) error: ApiError,
    /// For the audit: everything, each clause once.
    pub(super) reasons: Vec<ErrorCode>,
}

impl Denial {
    /// Of the clauses that failed, outermost link first.
    pub(super) fn of(failed: &[ErrorCode], kind: TokenKind) -> Self {
        let mut reasons: Vec<ErrorCode> = Vec::new();
        for code in failed {
            if !reasons.contains(code) {
                reasons.push(*code);
            }
        }
        let among = |codes: &[ErrorCode]| -> Vec<ErrorCode> {
            reasons.iter().copied().filter(|code| codes.contains(code)).collect()
        };
        let (address, state) = (among(&ADDRESS), among(&STATE));
        let error = if !address.is_empty() {
            told(ApiCode::IpNotAllowed, &address)
        } else if !state.is_empty() {
            told(ApiCode::Unauthorized, &state)
        } else if reasons == [ErrorCode::QuotaExhausted] {
            told(ApiCode::RateLimited, &reasons)
        } else if reasons == [ErrorCode::ApprovalRequired] {
            told(ApiCode::ApprovalRequired, &reasons)
        } else if reasons == [ErrorCode::TierExceedsGrant] {
            ApiError::new(ApiCode::ApprovalRequired, approval(kind)).with_reasons(reasons.clone())
        } else {
            told(ApiCode::ScopeDenied, &reasons)
        };
        Self { error, reasons }
    }
}

const ADDRESS: [ErrorCode; 2] = [ErrorCode::IpNotAllowed, ErrorCode::IpUnknown];
const STATE: [ErrorCode; 3] = [ErrorCode::Expired, ErrorCode::NotYetValid, ErrorCode::UsesExhausted];

/// One sentence of the clauses that are told.
fn told(code: ApiCode, reasons: &[ErrorCode]) -> ApiError {
    let message: Vec<_> = reasons.iter().map(|reason| reason.message()).collect();
    ApiError::new(code, message.join("; ")).with_reasons(reasons.iter().copied())
}

const fn approval(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Agent => "the secret's tier needs an approval, ask for a scoped token",
        _ => "the secret's tier needs an approval",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_told(failed: &[ErrorCode], code: ApiCode, reasons: &[&str]) {
        let denial = Denial::of(failed, TokenKind::Scoped);
        assert_eq!((denial.error.code, denial.error.reasons.as_slice()), (code, reasons), "{failed:?}");
    }

    #[test]
    fn a_failed_address_is_the_only_reason_told() {
        let failed = [ErrorCode::Expired, ErrorCode::IpNotAllowed, ErrorCode::ScopeMissing];
        assert_told(&failed, ApiCode::IpNotAllowed, &["ip_not_allowed"]);
        assert_told(&[ErrorCode::IpUnknown], ApiCode::IpNotAllowed, &["ip_unknown"]);
        assert_eq!(Denial::of(&failed, TokenKind::Scoped).reasons, failed, "the audit has all");
    }

    #[test]
    fn a_credential_past_its_life_is_told_so_alone() {
        let failed = [ErrorCode::UsesExhausted, ErrorCode::ScopeMissing, ErrorCode::Expired];
        assert_told(&failed, ApiCode::Unauthorized, &["uses_exhausted", "expired"]);
        assert_told(&[ErrorCode::NotYetValid], ApiCode::Unauthorized, &["not_yet_valid"]);
    }

    #[test]
    fn a_tier_alone_asks_for_an_approval() {
        let twice = [ErrorCode::TierExceedsGrant, ErrorCode::TierExceedsGrant];
        assert_told(&twice, ApiCode::ApprovalRequired, &["tier_exceeds_grant"]);
        let more = [ErrorCode::ScopeMissing, ErrorCode::TierExceedsGrant];
        assert_told(&more, ApiCode::ScopeDenied, &["scope_missing", "tier_exceeds_grant"]);
    }

    #[test]
    fn a_quota_alone_is_waited_for() {
        assert_told(&[ErrorCode::QuotaExhausted], ApiCode::RateLimited, &["quota_exhausted"]);
        let more = [ErrorCode::QuotaExhausted, ErrorCode::PolicyDenied];
        assert_told(&more, ApiCode::ScopeDenied, &["quota_exhausted", "policy_denied"]);
    }

    #[test]
    fn what_the_policy_denies_is_out_of_scope() {
        assert_told(&[ErrorCode::PolicyDenied], ApiCode::ScopeDenied, &["policy_denied"]);
        let none = [ErrorCode::NoRuleAllows, ErrorCode::ModelNotAllowed];
        assert_told(&none, ApiCode::ScopeDenied, &["no_rule_allows", "model_not_allowed"]);
        assert_told(&[ErrorCode::TrustTooLow], ApiCode::ScopeDenied, &["trust_too_low"]);
        assert_told(&[ErrorCode::ApprovalRequired; 2], ApiCode::ApprovalRequired, &["approval_required"]);
    }

    #[test]
    fn everything_else_is_told_once_for_all_links() {
        let failed = [ErrorCode::ScopeMissing, ErrorCode::NamespaceNotAllowed, ErrorCode::ScopeMissing];
        assert_told(&failed, ApiCode::ScopeDenied, &["scope_missing", "namespace_not_allowed"]);
        assert_told(&[ErrorCode::UsageAhead], ApiCode::ScopeDenied, &["usage_ahead"]);
    }
}
