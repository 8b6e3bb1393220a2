//! What an operator's role may do, as scopes, and the grants that API keys come to by them.
//!
//! A key's grant is made of the role that its member has when the key is used. So a change of role holds at once for keys that
//! exist, and keys that an older version made hold what their role holds now.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use warded_core::tier::Tier;

use crate::grant::GrantParts;
use crate::guest::{CompiledGrant, Guest, GuestError};
use crate::store::{KeyBounds, Role};

/// The scope of deciding approvals, which the key must be made for too.
pub const DECIDE: &str = "approvals:decide";

/// The scopes of a role.
///
/// Beside the resources of agents there are some that only operators hold: `metadata` (what there is, without a value), `tokens`,
/// `approvals`, `audit`, `members`, `policies`, `webhooks` and `me`.
#[must_use]
pub const fn scopes(role: Role) -> &'static [&'static str] {
    match role {
        Role::Admin => &[
            "agents:manage",
            "agents:read",
            DECIDE,
            "approvals:read",
            "audit:erase",
            "audit:read",
            "me:read",
            "members:manage",
            "metadata:read:*",
            "namespaces:read",
            "policies:manage",
            "policies:read",
            "secrets:*:*",
            "tokens:manage",
            "webhooks:manage",
        ],
        Role::Auditor => &["audit:read", "me:read"],
        Role::Editor => &[
            "agents:manage",
            "agents:read",
            DECIDE,
            "approvals:read",
            "me:read",
            "metadata:read:*",
            "namespaces:read",
            "policies:manage",
            "policies:read",
            "secrets:*:*",
            "tokens:manage",
        ],
        Role::Viewer => &["agents:read", "me:read", "metadata:read:*", "namespaces:read", "policies:read"],
    }
}

/// Grants of roles within the bounds of keys, each compiled once; keys without bounds share their role's.
#[derive(Debug, Default)]
pub struct RoleGrants(Mutex<HashMap<(Role, KeyBounds), CompiledGrant>>);

/// About 1 MiB; beyond it the table starts anew.
const MOST_KEPT: usize = 1_000;

impl RoleGrants {
    /// What a role may do through a key with these bounds.
    ///
    /// # Errors
    /// The engine failed.
    pub fn compiled(
        &self,
        guest: &Guest,
        role: Role,
        bounds: &KeyBounds,
    ) -> Result<CompiledGrant, GuestError> {
        let wanted = (role, bounds.clone());
        if let Some(grant) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&wanted) {
            return Ok(grant.clone());
        }
        let grant = compile(guest, role, bounds)?;
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MOST_KEPT {
            table.clear();
        }
        table.insert(wanted, grant.clone());
        Ok(grant)
    }
}

fn compile(guest: &Guest, role: Role, bounds: &KeyBounds) -> Result<CompiledGrant, GuestError> {
    let scopes: Vec<String> = scopes(role).iter().map(|scope| (*scope).to_owned()).collect();
    let parts = GrantParts {
        ip_allowlist: bounds.ip_allowlist.as_deref(),
        expires_at: bounds.expires_at,
        // What lies above the standard tier is asked for, each time: see `Authority::decide`.
        tier_ceiling: Tier::Critical,
        ..GrantParts::of_scopes(role.word(), &scopes)
    };
    parts.compile(guest)
}

#[cfg(test)]
mod tests {
    use warded_core::scope::Scope;

    use super::*;

    #[test]
    fn every_scope_of_a_role_is_a_scope() {
        for text in Role::ALL.into_iter().flat_map(scopes) {
            assert_eq!(Scope::parse(text).unwrap().to_string(), *text);
        }
    }

    #[test]
    fn values_are_for_admins_and_editors_and_the_audit_for_admins_and_auditors() {
        let holding = |scope: &str| -> Vec<_> {
            Role::ALL.into_iter().filter(|role| scopes(*role).contains(&scope)).collect()
        };
        assert_eq!(holding("secrets:*:*"), [Role::Admin, Role::Editor]);
        assert_eq!(holding("audit:read"), [Role::Admin, Role::Auditor]);
        assert_eq!(holding("agents:manage"), [Role::Admin, Role::Editor]);
        assert_eq!(holding("metadata:read:*"), [Role::Admin, Role::Editor, Role::Viewer]);
    }
}
