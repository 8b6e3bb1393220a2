//! What an operator's role may do, as scopes: an operator's key is compiled from them when it is made.

use crate::store::Role;

/// The scopes of a role, for the grant of an operator's key.
///
/// Beside the resources of agents there are some that only operators hold: `metadata` (what there is, without a value), `tokens`,
/// `approvals`, `audit`, `members`, `policies`, `webhooks` and `me`.
#[must_use]
pub const fn scopes(role: Role) -> &'static [&'static str] {
    match role {
        Role::Admin => &[
            "agents:manage",
            "agents:read",
            "approvals:decide",
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
            "approvals:decide",
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
