//! The tier that a token needs to reach what its scopes match.

use warded_core::pattern::PatternBuf;
use warded_core::scope::Scope;
use warded_core::tier::Tier;

use crate::authorize::{Effect, Stop, scopes};

/// The highest tier among the live secrets that the scopes match; the standard one if there are none.
pub(super) fn highest_tier(authority: &mut Effect<'_>, scopes: &[String]) -> Result<Tier, Stop> {
    let mut highest = Tier::Standard;
    for scope in scopes {
        let pattern = Scope::parse(scope).ok().filter(|scope| scope.resource() == "secrets");
        let Some(pattern) = pattern.and_then(Scope::pattern).map(PatternBuf::from) else { continue };
        let prefix = pattern.as_pattern().literal_prefix();
        let raised = authority.store.secrets_above_standard(prefix)?;
        let raised: Vec<_> = raised.into_iter().filter(|(_, tier)| *tier > highest).collect();
        let among: Vec<_> = raised.iter().map(|(path, _)| format!("secrets:*:{path}")).collect();
        let one = std::slice::from_ref(scope);
        let matched = authority.ask_guest(|guest| scopes::overlapping(guest, one, &among, None))?;
        let tiers = matched.into_iter().filter_map(|index| raised.get(index)).map(|(_, tier)| *tier);
        highest = tiers.max().unwrap_or(highest).max(highest);
    }
    Ok(highest)
}
