//! The tier that a token needs to reach what its scopes match.

use warded_core::scope::Scope;
use warded_core::tier::Tier;

use crate::authorize::{Effect, Stop, scopes};

/// How many paths the engine is asked about at a time.
const BATCH: u64 = 1_000;

/// The highest tier among the live secrets that the scopes match; the standard one if there are none.
pub(super) fn highest_tier(authority: &mut Effect<'_>, scopes: &[String]) -> Result<Tier, Stop> {
    let mut highest = Tier::Standard;
    for scope in scopes {
        highest = highest.max(tier_of(authority, scope, highest)?);
    }
    Ok(highest)
}

/// The highest tier above `known` that one scope matches.
fn tier_of(authority: &mut Effect<'_>, scope: &String, known: Tier) -> Result<Tier, Stop> {
    let parsed = Scope::parse(scope).ok().filter(|scope| scope.resource() == "secrets");
    let Some(pattern) = parsed.and_then(Scope::pattern) else { return Ok(known) };
    for tier in [Tier::Critical, Tier::Sensitive].into_iter().take_while(|tier| *tier > known) {
        if matches_any(authority, scope, pattern.literal_prefix(), tier)? {
            return Ok(tier);
        }
    }
    Ok(known)
}

/// Whether a scope, whose pattern begins with `prefix`, matches a live secret of a tier.
fn matches_any(authority: &mut Effect<'_>, scope: &String, prefix: &str, tier: Tier) -> Result<bool, Stop> {
    let mut after: Option<String> = None;
    loop {
        let mut paths = authority.store.raised_paths(tier, prefix, after.as_deref(), BATCH)?;
        let among: Vec<_> = paths.iter().map(|path| format!("secrets:*:{path}")).collect();
        let one = std::slice::from_ref(scope);
        if !authority.ask_guest(|guest| scopes::overlapping(guest, one, &among, None))?.is_empty() {
            return Ok(true);
        }
        if (paths.len() as u64) < BATCH {
            return Ok(false);
        }
        after = paths.pop();
    }
}
