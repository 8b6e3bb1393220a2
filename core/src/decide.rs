//! The decision: the only function that grants anything.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::ask;
use crate::decision::{Decision, Outcome, Standing};
use crate::error::ErrorCode;
use crate::grant::Grant;
use crate::pattern::Pattern;
use crate::policy::Policy;
use crate::quota::{has_enough, tally};
use crate::reason::Reason;
use crate::request::{Request, Target};
use crate::scope::Scope;
use crate::time::{DAY, Millis};
use crate::usage::Usage;

#[cfg(test)]
mod tests;

/// How many links a chain may have.
pub const MAX_LINKS: usize = 4;

/// A grant with what has been used of it.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a link is a grant and its usage, nothing else")]
pub struct Link<'a> {
    /// What the credential may do.
    pub grant: &'a Grant,
    /// What has been used of it.
    pub usage: &'a Usage,
}

/// Decides a request that comes through a chain of grants, outermost first: agent, token, narrower tokens.
///
/// Pure and total. Every clause of every link must hold, and a rule of the policy must allow it and none deny it; otherwise the answer names
/// each clause that fails, and the usages are unchanged. An empty chain is denied. Without a policy, what the chain allows is allowed.
///
/// # Security
/// An allow is provisional until its usages are stored, by compare-and-set on the revision or in one transaction with the effect.
#[must_use]
pub fn decide(chain: &[Link<'_>], policy: Option<&Policy>, request: &Request<'_>) -> Decision {
    let mut decision = Decision::new();
    decide_into(&mut decision, chain, policy, request);
    decision
}

/// As [`decide`], in the place of an earlier decision whose memory is used again.
pub fn decide_into(
    decision: &mut Decision,
    chain: &[Link<'_>],
    policy: Option<&Policy>,
    request: &Request<'_>,
) {
    let Decision { outcome, reasons, usages, links, limits, approval } = decision;
    reasons.clear();
    limits.clear();
    *approval = None;
    *links = chain.len();
    if chain.is_empty() {
        reasons.push(Reason::new(ErrorCode::ChainEmpty, 0));
    }
    if chain.len() > MAX_LINKS {
        reasons.push(Reason::new(ErrorCode::ChainTooLong, 0));
        (*outcome, *links) = (Outcome::Deny, 0);
        return;
    }
    for (index, (link, usage)) in (0..).zip(chain.iter().zip(&mut *usages)) {
        usage.limits.clear();
        let mut fail = |code| reasons.push(Reason::new(code, index));
        check(link, request, &mut fail);
        // As if all else allowed: it does whenever this has to be fast.
        if !tally((index, link), request, limits, Some(&mut usage.limits)) {
            fail(ErrorCode::QuotaExhausted);
        }
    }
    *approval = policy.and_then(|policy| ask::consult(policy, chain, request, reasons));
    *outcome = match approval {
        Some(_) => Outcome::Ask,
        None if reasons.is_empty() => Outcome::Allow,
        None => Outcome::Deny,
    };
    // INVARIANT: counters move together, and only when nothing speaks against it.
    if *outcome == Outcome::Allow {
        for (link, usage) in chain.iter().zip(usages) {
            usage.count(link.usage, request.now.as_u64());
        }
    } else {
        untake(chain, request, usages, limits);
    }
}

/// The usages as they were given, and how each limit stands without the request.
fn untake(chain: &[Link<'_>], request: &Request<'_>, usages: &mut [Usage], limits: &mut Vec<Standing>) {
    limits.clear();
    for (index, (link, usage)) in (0..).zip(chain.iter().zip(usages)) {
        usage.clone_from(link.usage);
        tally((index, link), request, limits, None);
    }
}

/// Names each clause of one link that does not hold.
fn check(link: &Link<'_>, request: &Request<'_>, fail: &mut dyn FnMut(ErrorCode)) {
    check_use(link, request, fail);
    let grant = link.grant;
    let (covered, contained) = reach(grant, request);
    if !covered {
        fail(ErrorCode::ScopeMissing);
    }
    if !contained {
        fail(ErrorCode::NamespaceNotAllowed);
    }
    if request.tier > grant.tier_ceiling() {
        fail(ErrorCode::TierExceedsGrant);
    }
    if request.trust < grant.trust_floor() {
        fail(ErrorCode::TrustTooLow);
    }
}

/// Of the clauses that have nothing to do with the target, all but trust.
fn check_use(link: &Link<'_>, request: &Request<'_>, fail: &mut dyn FnMut(ErrorCode)) {
    let Link { grant, usage } = link;
    let last = Millis::new(usage.last).unwrap_or(Millis::MAX);
    if request.now.checked_add(DAY).is_some_and(|tomorrow| last > tomorrow) {
        fail(ErrorCode::UsageAhead);
    }
    // A clock that goes back refunds nothing.
    let now = request.now.max(last);
    if now < grant.not_before() {
        fail(ErrorCode::NotYetValid);
    }
    if grant.expires_at().is_some_and(|end| now >= end) {
        fail(ErrorCode::Expired);
    }
    if grant.max_uses().is_some_and(|most| usage.uses >= u64::from(most.get())) {
        fail(ErrorCode::UsesExhausted);
    }
    if let Some(code) = address(grant, request.ip) {
        fail(code);
    }
}

/// Whether a link holds up to all that has nothing to do with the target.
pub(crate) fn is_usable(link: &Link<'_>, request: &Request<'_>) -> bool {
    let mut holds = request.trust >= link.grant.trust_floor();
    check_use(link, request, &mut |_| holds = false);
    holds && has_enough(link, request)
}

/// Whether a link holds up to all that has to do with the target.
pub(crate) fn is_within_reach(link: &Link<'_>, request: &Request<'_>) -> bool {
    request.tier <= link.grant.tier_ceiling() && reach(link.grant, request) == (true, true)
}

/// The clause that the source address fails, if it does.
fn address(grant: &Grant, ip: Option<IpAddr>) -> Option<ErrorCode> {
    match (grant.ip_allowlist(), ip) {
        (None, _) => None,
        (Some(_), None) => Some(ErrorCode::IpUnknown),
        (Some(list), Some(ip)) if list.contains(ip) => None,
        (Some(_), Some(_)) => Some(ErrorCode::IpNotAllowed),
    }
}

/// Whether one scope covers the target, and whether the target lies in the namespaces.
fn reach(grant: &Grant, request: &Request<'_>) -> (bool, bool) {
    let inside = |text: &str| grant.namespaces().is_none_or(|namespaces| namespaces.contain(text));
    let (scopes, resource, action) = (grant.scopes(), request.resource, request.action);
    match &request.target {
        Target::None => (scopes.allows(resource, action, None), true),
        Target::Path(path) => (scopes.allows(resource, action, Some(*path)), inside(path.as_str())),
        Target::Listing(pattern) => {
            (scopes.covers(&Scope::new(resource, action, Some(*pattern))), inside(pattern.as_str()))
        }
        Target::Issue(issue) => (
            issue.scopes.iter().all(|scope| scopes.covers(scope)),
            issue.scopes.iter().filter_map(|scope| scope.pattern()).map(Pattern::as_str).all(inside),
        ),
    }
}
