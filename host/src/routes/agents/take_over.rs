//! Making somebody else's agent one's own.

use crate::authorize::{Effect, Stop};
use crate::config::SecondOperator;
use crate::error::{ApiCode, ApiError};
use crate::store::AgentRow;

/// Requires that an operator does not become the owner of another active member's agent, where that needs both of them.
///
/// The owner then changes it, and whoever finds it dangerous can still disable or revoke it.
///
/// # Errors
/// The refusal, or the database's failure.
pub(super) fn require_owner(authority: &mut Effect<'_>, agent: &AgentRow) -> Result<(), Stop> {
    let is_required = authority.app.config.second_operator == SecondOperator::Required;
    if !is_required || !authority.is_operator() || agent.owner == authority.caller().principal {
        return Ok(());
    }
    let owner = authority.store.member(&agent.owner)?;
    if owner.is_none_or(|member| member.removed_at.is_some()) {
        return Ok(());
    }
    let told = "it would make the agent of another member yours: its owner can change it, and you can disable or revoke it";
    Err(authority.deny(ApiError::new(ApiCode::ApprovalRequired, told), "second_operator_required"))
}
