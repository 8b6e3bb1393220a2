//! The tier that a token needs to reach what its scopes match.

use warded_core::scope::Scope;
use warded_core::tier::Tier;

use crate::authorize::{Effect, Stop, scopes};

/// How many paths the engine is asked about at a time.
const BATCH: usize = 1_000;

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
    let raised = authority.store.secrets_above_standard(pattern.literal_prefix())?;
    // The highest come first, so the first that is matched decides.
    let higher: Vec<_> = raised.into_iter().take_while(|(_, tier)| *tier > known).collect();
    for batch in higher.chunks(BATCH) {
        let among: Vec<_> = batch.iter().map(|(path, _)| format!("secrets:*:{path}")).collect();
        let one = std::slice::from_ref(scope);
        let matched = authority.ask_guest(|guest| scopes::overlapping(guest, one, &among, None))?;
        if let Some((_, tier)) = matched.first().and_then(|index| batch.get(*index)) {
            return Ok(*tier);
        }
    }
    Ok(known)
}
