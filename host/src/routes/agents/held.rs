//! Nobody grants what they do not hold: an agent made by an agent is covered by it, and never makes agents itself.

use warded_core::request::{Issue, MAX_TOKEN_SCOPES, Target};
use warded_core::scope::Scope;
use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::super::networks::lie_within;
use super::power::Power;
use crate::authorize::{Ask, Effect, Stop, scopes};
use crate::error::{ApiCode, ApiError};
use crate::grant::LimitDocument;
use crate::store::AgentRow;
use crate::vocabulary::AGENTS_MANAGE;

/// What the asker may pass on of what is wanted: all of it, for an operator. For an agent, what it holds itself; what is left open becomes
/// its own policy, limits and ceilings.
pub(super) fn narrow(authority: &mut Effect<'_>, wanted: &Power) -> Result<Power, Stop> {
    if authority.is_operator() {
        return Ok(wanted.clone());
    }
    let maker = authority.own_agent()?;
    let translated = wanted.translated();
    if translated.iter().any(|scope| scope == AGENTS_MANAGE) {
        return Err(refuse(authority, "an agent cannot pass on `agents:manage`", "scope_missing"));
    }
    decide(authority, &translated, wanted.ttl.unwrap_or(Millis::ZERO))?;
    check_namespaces(authority, &maker, wanted)?;
    let ip_policy = policy(authority, &maker, wanted)?;
    let limits = limits(authority, &maker, wanted)?;
    let ttl_ceiling = maker.token_ttl_ceiling.and_then(|most| Millis::new(most).ok());
    if wanted.ttl.zip(ttl_ceiling).is_some_and(|(wanted, held)| wanted > held) {
        return Err(refuse(authority, "`token_ceiling.ttl` is over the maker's own", "ttl_over_ceiling"));
    }
    if wanted.tier.is_some_and(|tier| tier > maker.token_tier_ceiling) {
        return Err(refuse(authority, "`token_ceiling.tier` is over the maker's own", "tier_exceeds_grant"));
    }
    Ok(Power {
        ip_policy,
        limits,
        ttl: wanted.ttl.or(ttl_ceiling),
        tier: wanted.tier.or(Some(maker.token_tier_ceiling)),
        ..wanted.clone()
    })
}

/// Each scope must be covered by one of the maker's and lie in one of its namespaces, as for a token.
fn decide(authority: &mut Effect<'_>, translated: &[String], ttl: Millis) -> Result<(), Stop> {
    for chunk in translated.chunks(MAX_TOKEN_SCOPES) {
        let parsed: Result<Vec<_>, _> = chunk.iter().map(|scope| Scope::parse(scope)).collect();
        let parsed = parsed.map_err(|error| authority.invalid("allowed_scopes", &error))?;
        let target = Target::Issue(Issue::new(parsed, ttl, None, None));
        authority.require(Ask { resource: "agents", action: "manage", target, tier: Tier::Standard })?;
    }
    Ok(())
}

/// Each namespace must lie in one of the maker's.
fn check_namespaces(authority: &Effect<'_>, maker: &AgentRow, wanted: &Power) -> Result<(), Stop> {
    for namespace in &wanted.namespaces {
        let inner = below(namespace);
        let mut is_held = false;
        for held in &maker.allowed_namespaces {
            is_held |= authority.ask_guest(|guest| scopes::covers(guest, &below(held), &inner))?;
        }
        if !is_held {
            let told = "an allowed namespace is outside the maker's own";
            return Err(refuse(authority, told, "namespace_not_allowed"));
        }
    }
    Ok(())
}

/// All that lies in an allowed namespace, as a scope that the engine can compare.
fn below(namespace: &str) -> String {
    if namespace == "*" { "secrets:read:*".to_owned() } else { format!("secrets:read:{namespace}/*") }
}

/// The policy of the new agent: each network within one of the maker's.
fn policy(authority: &Effect<'_>, maker: &AgentRow, wanted: &Power) -> Result<Option<Vec<String>>, Stop> {
    let Some(held) = &maker.ip_policy else { return Ok(wanted.ip_policy.clone()) };
    let Some(networks) = &wanted.ip_policy else { return Ok(Some(held.clone())) };
    if !lie_within(authority, held, networks)? {
        let told = "a network of `ip_policy` is outside the maker's own";
        return Err(refuse(authority, told, "ip_not_allowed"));
    }
    Ok(Some(networks.clone()))
}

/// The limits of the new agent: each of the maker's must be bounded by one of them.
fn limits(authority: &Effect<'_>, maker: &AgentRow, wanted: &Power) -> Result<Vec<LimitDocument>, Stop> {
    if wanted.limits.is_empty() {
        return Ok(maker.limits.clone());
    }
    if !authority.ask_guest(|guest| scopes::limits_narrow(guest, &maker.limits, &wanted.limits))? {
        let told =
            "`limits` allow more than the maker's own, each of which needs one of the same unit and kind";
        return Err(refuse(authority, told, "limits_over_own"));
    }
    Ok(wanted.limits.clone())
}

fn refuse(authority: &Effect<'_>, told: &str, reason: &'static str) -> Stop {
    authority.deny(ApiError::new(ApiCode::ScopeDenied, told), reason)
}
