//! Which of many paths may be reached: a decision for each, with what is the same for all of them done once.

use alloc::vec::Vec;

use crate::decide::{Link, MAX_LINKS, decide, is_usable, is_within_reach};
use crate::decision::Outcome;
use crate::document::{Item, Value};
use crate::error::{Error, ErrorCode, Place};
use crate::path::Path;
use crate::policy::Policy;
use crate::request::{Request, Target};
use crate::tier::Tier;

#[cfg(test)]
mod tests;

/// How many paths one call may ask about: each with its tier is three values, and a document has at most 262,144 of them.
pub const MAX_PATHS: usize = 80_000;

/// The places of those paths, with their stored tiers, for which [`decide`] would allow the request; ascending. Consumes nothing.
///
/// Each path is asked about for itself: all of them together may cost more than the limits have left.
/// The target and the tier of the request play no part.
#[must_use]
pub fn filter(
    chain: &[Link<'_>],
    policy: Option<&Policy>,
    request: &Request<'_>,
    paths: &[(Path<'_>, Tier)],
) -> Vec<usize> {
    let fits = (1..=MAX_LINKS).contains(&chain.len());
    if !fits || !chain.iter().all(|link| is_usable(link, request)) {
        return Vec::new();
    }
    let mut request = request.clone();
    let mut allowed = Vec::new();
    for (index, (path, tier)) in paths.iter().enumerate() {
        request.target = Target::Path(*path);
        request.tier = *tier;
        if chain.iter().all(|link| is_within_reach(link, &request)) && is_allowed(chain, policy, &request) {
            allowed.push(index);
        }
    }
    allowed
}

/// Whether the policy allows what the chain does.
fn is_allowed(chain: &[Link<'_>], policy: Option<&Policy>, request: &Request<'_>) -> bool {
    let Some(policy) = policy else { return true };
    let weighed = policy.weigh(request);
    // A rule that asks can have been answered already, for just this path: that is seldom, and the decision knows.
    weighed.is_allowed
        && weighed.denying.is_empty()
        && (weighed.asking.is_empty() || decide(chain, Some(policy), request).outcome() == Outcome::Allow)
}

/// The same for documents: `paths` is a list of texts, or of `{path, tier?}`; the answer is `{"indices":[…]}`.
///
/// # Errors
/// A path that is not canonical, with its place; a request that has a target.
pub fn filter_document(
    chain: &[Link<'_>],
    policy: Option<&Policy>,
    request: &Request<'_>,
    paths: &Item<'_, '_>,
) -> Result<Value, Error> {
    if request.target != Target::None {
        return Err(Error::because(ErrorCode::UnknownField, "the targets are `paths`")
            .at(Place::Name(&Place::Root, "request")));
    }
    let paths = paths.each(MAX_PATHS, |item| match item.value() {
        Value::Object(_) => {
            let mut fields = item.fields()?;
            let path = fields.required("path")?.parsed(Path::parse)?;
            let tier = fields.optional("tier").map(|tier| tier.parsed(Tier::parse)).transpose()?;
            fields.finish()?;
            Ok((path, tier.unwrap_or(request.tier)))
        }
        _ => Ok((item.parsed(Path::parse)?, request.tier)),
    })?;
    let places = filter(chain, policy, request, &paths).into_iter();
    let places = places.map(|place| Value::Integer(u64::try_from(place).unwrap_or_default()));
    Ok(Value::object([("indices", Value::List(places.collect()))]))
}
