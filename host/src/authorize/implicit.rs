//! The implicit grant: what an agent key may do with secrets without a token.

use std::sync::OnceLock;

use crate::grant::GrantParts;
use crate::guest::{CompiledGrant, Guest, GuestError};

/// The second link of an agent key's chain on the routes of secrets: it narrows the agent's own grant to these resources and to the
/// standard tier, and leaves the agent's ceiling to its tokens.
///
/// # Errors
/// The engine failed.
pub(super) fn grant(guest: &Guest) -> Result<&'static CompiledGrant, GuestError> {
    // The same bytes for every engine, since a grant compiles to bytes that depend on nothing else.
    static GRANT: OnceLock<CompiledGrant> = OnceLock::new();
    if let Some(grant) = GRANT.get() {
        return Ok(grant);
    }
    let scopes = ["secrets:*:*", "namespaces:read"].map(str::to_owned);
    let compiled = GrantParts::of_scopes("implicit", &scopes).compile(guest)?;
    Ok(GRANT.get_or_init(|| compiled))
}
