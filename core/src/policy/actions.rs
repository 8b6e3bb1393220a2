//! The actions of a rule: `resource:action` or `resource:*`.

use crate::error::{Error, ErrorCode};
use crate::scope::{Action, Scope};

use super::texts::Texts;

/// Checks one entry.
pub(super) fn check(entry: &str) -> Result<(), Error> {
    if Scope::parse(entry)?.pattern().is_none() {
        return Ok(());
    }
    Err(Error::because(ErrorCode::InvalidScope, "write `resource:action`, and paths in `resources`"))
}

/// Whether one entry means all that the action means, or if `some` is enough, some of it.
#[inline(never)]
pub(super) fn meet(entries: &Texts, resource: &str, action: Action<'_>, some: bool) -> bool {
    entries.iter().any(|entry| {
        let ours = entry.strip_prefix(resource).and_then(|rest| rest.strip_prefix(':'));
        ours.is_some_and(|ours| ours == "*" || ours == action.as_str() || (some && action == Action::Any))
    })
}

/// The resource and the action of an entry that was checked.
fn split(entry: &str) -> (&str, Action<'_>) {
    match entry.split_once(':') {
        Some((resource, "*")) => (resource, Action::Any),
        Some((resource, action)) => (resource, Action::Named(action)),
        None => (entry, Action::Any),
    }
}

/// Whether each of `inner` is covered.
pub(super) fn cover_all(entries: &Texts, inner: &Texts) -> bool {
    inner.iter().map(split).all(|(resource, action)| meet(entries, resource, action, false))
}

/// The one resource whose actions they all are; empty if there are several.
#[inline(never)]
pub(super) fn resource(entries: &Texts) -> &str {
    let mut resources = entries.iter().map(|entry| split(entry).0);
    let first = resources.next().unwrap_or_default();
    if resources.all(|resource| resource == first) { first } else { "" }
}
