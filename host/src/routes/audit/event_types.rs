//! The event types that a query may name: all of the API's, whether or not this version records them.

/// Whether the API has an event type of this name.
pub(super) fn is_event_type(name: &str) -> bool {
    name.split_once('.').is_some_and(|(resource, rest)| {
        TYPES.iter().any(|(known, happenings)| *known == resource && happenings.contains(&rest))
    })
}

/// Whether the API has event types of this resource.
pub(super) fn is_resource_type(name: &str) -> bool {
    TYPES.iter().any(|(known, _)| *known == name)
}

const TYPES: &[(&str, &[&str])] = &[
    ("agent", &["created", "updated", "revoked", "registered", "key_rotated"]),
    ("approval", &["requested", "granted", "denied", "expired", "consumed"]),
    ("audit", &["exported", "erased"]),
    ("command", &["created", "dispatched", "completed", "failed"]),
    ("device", &["registered", "authenticated", "refused", "trust_changed"]),
    ("key", &["rotated"]),
    ("llm", &["request", "refused"]),
    ("member", &["invited", "role_changed", "removed", "updated", "key_created", "key_revoked"]),
    ("policy", &["changed", "activated"]),
    ("request", &["refused"]),
    (
        "secret",
        &[
            "created",
            "updated",
            "read",
            "listed",
            "deleted",
            "restored",
            "destroyed",
            "rotated",
            "rolled_back",
            "imported",
            "tier_raised",
            "tier_lowered",
        ],
    ),
    ("session", &["login.succeeded", "login.failed", "logout"]),
    ("system", &["started", "stopped", "restored"]),
    ("token", &["issued", "used", "revoked", "refused"]),
    ("webhook", &["changed", "sent"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::EventType;

    #[test]
    fn every_type_that_is_recorded_can_be_asked_for() {
        for event_type in EventType::ALL {
            assert!(is_event_type(event_type.name()), "{}", event_type.name());
            assert!(is_resource_type(event_type.resource_type()));
        }
        assert!(is_event_type("session.login.failed") && is_event_type("secret.rotated"));
        for unknown in ["secret.eaten", "secret", "", "secret.", ".read", "planet.read"] {
            assert!(!is_event_type(unknown), "{unknown}");
        }
    }
}
