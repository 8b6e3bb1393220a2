//! What is doubtful in a grant.

use crate::document::Value;
use crate::error::Place;
use crate::grant::Grant;
use crate::scope::{Action, Scope};
use crate::time::{DAY, Millis};

use super::{Advice, Warnings, entries, pattern, text};

const ANY_ACTION: Advice =
    ("any_action", "`*` means actions that are yet to come: name those that are meant");
const BARE_STAR: Advice =
    ("bare_star", "`*` means every path: name what is meant, such as `production/payments/*`");
const LONG_LIVED: Advice = ("long_lived", "for secrets, 24 hours are enough: issue a new one when it ends");
const NO_ALLOWLIST: Advice = ("no_allowlist", "it reaches production from anywhere: add `ip_allowlist`");
const NO_EXPIRY: Advice = ("no_expiry", "it reads secrets for ever: add `expires_at`");

/// How the first segment of what is in production begins.
const PRODUCTION: [&str; 3] = ["prod", "prd", "live"];

/// Warns about a grant, which was compiled from the document; `now` says how long it lives if it does not say when it begins.
pub(super) fn lint(grant: &Grant, document: &Value, now: Option<Millis>, warnings: &mut Warnings<'_>) {
    let place = Place::Name(&Place::Root, "scopes");
    let mut reads_secrets = false;
    let mut production = None;
    for (index, entry) in entries(document, "scopes").iter().enumerate() {
        let Ok(scope) = Scope::parse(text(entry)) else { continue };
        let place = Place::Index(&place, index);
        reads_secrets |= scope.resource() == "secrets";
        if scope.action() == Action::Any {
            warnings.add(&place, ANY_ACTION);
        }
        let Some(paths) = scope.pattern().map(|pattern| pattern.as_str()) else { continue };
        if paths == "*" {
            warnings.add(&place, BARE_STAR);
        }
        pattern(paths, &place, warnings);
        if paths == "*" || PRODUCTION.iter().any(|name| paths.starts_with(name)) {
            production.get_or_insert(index);
        }
    }
    if let Some(index) = production.filter(|_| grant.ip_allowlist().is_none()) {
        warnings.add(&Place::Index(&place, index), NO_ALLOWLIST);
    }
    if reads_secrets {
        lifetime(grant, now, warnings);
    }
}

fn lifetime(grant: &Grant, now: Option<Millis>, warnings: &mut Warnings<'_>) {
    let place = Place::Name(&Place::Root, "expires_at");
    let Some(end) = grant.expires_at() else { return warnings.add(&place, NO_EXPIRY) };
    let begin = Some(grant.not_before()).filter(|begin| *begin > Millis::ZERO).max(now);
    if begin.and_then(|begin| begin.checked_add(DAY)).is_some_and(|day| end > day) {
        warnings.add(&place, LONG_LIVED);
    }
}
