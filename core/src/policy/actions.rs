//! The actions of a rule: `resource:action` or `resource:*`.

use crate::error::{Error, ErrorCode};
use crate::scope::{Action, Scope};

use super::texts::Texts;

/// Checks one entry.
pub(super) fn check(entry: &str) -> Result<&str, Error> {
    match Scope::parse(entry) {
        Ok(scope) if scope.pattern().is_none() => Ok(entry),
        Ok(_) => {
            Err(Error::because(ErrorCode::InvalidScope, "write `resource:action`, and paths in `resources`"))
        }
        Err(error) => Err(error),
    }
}

/// The resource and the action of an entry that was checked.
fn split(entry: &str) -> (&str, Action<'_>) {
    match entry.split_once(':') {
        Some((resource, "*")) => (resource, Action::Any),
        Some((resource, action)) => (resource, Action::Named(action)),
        None => (entry, Action::Any),
    }
}

/// Whether one entry means all that the action means.
pub(super) fn cover(entries: &Texts, resource: &str, action: Action<'_>) -> bool {
    entries
        .iter()
        .map(split)
        .any(|(ours, named)| ours == resource && (named == Action::Any || named == action))
}

/// Whether one entry means some of what the action means.
pub(super) fn overlap(entries: &Texts, resource: &str, action: Action<'_>) -> bool {
    (action == Action::Any && entries.iter().map(split).any(|(ours, _)| ours == resource))
        || cover(entries, resource, action)
}

/// Whether each of `inner` is covered.
pub(super) fn cover_all(entries: &Texts, inner: &Texts) -> bool {
    inner.iter().map(split).all(|(resource, action)| cover(entries, resource, action))
}

/// Whether each entry is an action of the resource.
pub(super) fn are_of(entries: &Texts, resource: &str) -> bool {
    entries.iter().map(split).all(|(ours, _)| ours == resource)
}
