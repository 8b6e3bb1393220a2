//! `PATCH /v1/agents/{id}` and `POST /v1/agents/{id}/rotate-key`. What is narrowed is narrower for the agent's tokens at once.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;
use warded_core::crypto::token::TokenKind;
use warded_core::namespaces::Namespaces;
use warded_core::quota::State;
use warded_core::time::Millis;

use super::super::call::Call;
use super::super::tokens::Lifetime;
use super::super::work::carry_out;
use super::create::WithKeyOut;
use super::held::narrow;
use super::power::{CeilingIn, LimitSchema, MAX_NETWORKS, MAX_SCOPES, Power, PowerChange, PowerIn};
use super::take_over::require_owner;
use super::{AgentOut, find};
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Stop, Subject};
use crate::body::{not_null, object};
use crate::error::{ApiCode, ApiError};
use crate::grant::LimitDocument;
use crate::openapi::Operation;
use crate::openapi::words::{FreeText, Lifetime as LifetimeText, Namespace, Network, Scope};
use crate::permission::{ChangeAgent, RotateAgentKey};
use crate::reply::json;
use crate::store::{AgentRow, CallerId, NewKey};
use crate::text::free_text;

/// What is to change of an agent; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AgentChange")]
struct ChangeIn {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<FreeText>")]
    description: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<Namespace>>", length(max = Namespaces::MAX))]
    allowed_namespaces: Option<Vec<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<Scope>>", length(max = MAX_SCOPES))]
    allowed_scopes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<Network>>", length(min = 1, max = MAX_NETWORKS))]
    ip_policy: Option<Vec<String>>,
    /// An empty list takes all limits away. A limit that keeps id and unit keeps what was used of it.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<LimitSchema>>", length(max = 8))]
    limits: Option<Vec<LimitDocument>>,
    #[serde(default, deserialize_with = "object")]
    token_ceiling: Option<CeilingIn>,
    /// `false` disables the agent and its tokens until it is `true` again.
    #[serde(default, deserialize_with = "not_null")]
    active: Option<bool>,
}

/// The same, checked.
struct Change {
    description: Option<String>,
    power: PowerChange,
    active: Option<bool>,
}

pub(in super::super) const CHANGE: Operation =
    Operation::new("change_agent", "Change, disable or enable an agent")
        .body::<ChangeIn>()
        .answer::<AgentOut>(200)
        .codes(&[ApiCode::Conflict, ApiCode::NotFound]);

pub(in super::super) async fn change(mut call: Call<ChangeAgent>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let body: ChangeIn = call.body().await?;
    let description = body.description.map(|text| free_text("description", &text)).transpose()?;
    let power = PowerIn {
        allowed_namespaces: body.allowed_namespaces,
        allowed_scopes: body.allowed_scopes,
        ip_policy: body.ip_policy,
        limits: body.limits,
        token_ceiling: body.token_ceiling,
    };
    let wanted = Change { description, power: power.parse(call.app())?, active: body.active };
    let agent = carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let old = find_unrevoked(authority, &id)?;
        let new = changed(authority, &old, &wanted)?;
        store(authority, &old, &new)?;
        Ok(AgentOut::from(&new))
    })
    .await?;
    Ok(json(StatusCode::OK, &agent))
}

fn find_unrevoked(authority: &mut Effect<'_>, id_or_name: &str) -> Result<AgentRow, Stop> {
    let agent = find(authority, id_or_name)?;
    authority.about(&agent.id);
    if !agent.revoked {
        return Ok(agent);
    }
    let told = "the agent has been revoked, which is for ever: make another";
    Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "agent_revoked"))
}

/// The agent as it is to be. An agent that asks must cover what it changes or enables; to describe or to disable it need not.
fn changed(authority: &mut Effect<'_>, old: &AgentRow, wanted: &Change) -> Result<AgentRow, Stop> {
    let held = Power::held_by(old);
    let mut power = wanted.power.of(&held);
    let active = wanted.active.unwrap_or(old.active);
    if power != held || (active && !old.active) {
        power = narrow(authority, &power)?;
    }
    let description = wanted.description.clone().or_else(|| old.description.clone());
    if power == held {
        return Ok(AgentRow { description, active, ..old.clone() });
    }
    require_owner(authority, old)?;
    Ok(AgentRow {
        description,
        active,
        grant: power.compile(authority, &old.id)?,
        token_tier_ceiling: power.tier_ceiling(),
        token_ttl_ceiling: power.ttl.map(Millis::as_u64),
        allowed_namespaces: power.namespaces,
        allowed_scopes: power.scopes,
        ip_policy: power.ip_policy,
        limits: power.limits,
        owner: authority.caller().principal.clone(),
        ..old.clone()
    })
}

fn store(authority: &mut Effect<'_>, old: &AgentRow, new: &AgentRow) -> Result<(), Stop> {
    let fields = [
        ("active", old.active != new.active),
        ("allowed_namespaces", old.allowed_namespaces != new.allowed_namespaces),
        ("allowed_scopes", old.allowed_scopes != new.allowed_scopes),
        ("description", old.description != new.description),
        ("ip_policy", old.ip_policy != new.ip_policy),
        ("limits", old.limits != new.limits),
        (
            "token_ceiling",
            (old.token_ttl_ceiling, old.token_tier_ceiling)
                != (new.token_ttl_ceiling, new.token_tier_ceiling),
        ),
    ];
    let changed: Vec<_> =
        fields.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    authority.store.change_agent(new)?;
    if old.limits != new.limits {
        keep_states(authority, old, new)?;
    }
    let mut event = authority.event(EventType::AgentUpdated);
    event.details.push(("active", Detail::Text(new.active.to_string())));
    event.details.push(("allowed_namespaces", Detail::List(new.allowed_namespaces.clone())));
    event.details.push(("allowed_scopes", Detail::List(new.allowed_scopes.clone())));
    event.details.push(("changed", Detail::List(changed)));
    event.details.push(("old_owner", Detail::Text(old.owner.clone())));
    authority.record(event);
    Ok(())
}

/// States lie in the order of the limits: a limit that keeps id and unit keeps what was used of it, any other begins afresh.
fn keep_states(authority: &mut Effect<'_>, old: &AgentRow, new: &AgentRow) -> Result<(), Stop> {
    let caller = authority.store.caller(&CallerId::Agent(old.id.clone()))?;
    let states = caller
        .and_then(|caller| caller.chain.into_iter().next())
        .map(|link| link.usage.limits)
        .unwrap_or_default();
    let same = |one: &LimitDocument, other: &LimitDocument| {
        one.get("id") == other.get("id") && one.get("unit") == other.get("unit")
    };
    let state = |limit: &LimitDocument| {
        let place = old.limits.iter().position(|before| same(before, limit));
        place.and_then(|place| states.get(place)).copied().unwrap_or_default()
    };
    let kept: Vec<State> = new.limits.iter().map(state).collect();
    Ok(authority.store.set_limit_states(&old.id, &kept)?)
}

/// How long the old key works beside the new one.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyRotation")]
struct RotateIn {
    /// At most 30 days; the old key ends at once if absent.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<LifetimeText>")]
    overlap: Option<Lifetime>,
}

/// 30 days.
const LONGEST_OVERLAP: u64 = 30 * 86_400_000;

pub(in super::super) const ROTATE_KEY: Operation =
    Operation::new("rotate_agent_key", "Give an agent a new key")
        .optional_body::<RotateIn>()
        .answer::<WithKeyOut<'_>>(200)
        .codes(&[ApiCode::Conflict, ApiCode::NotFound]);

/// The key before the old one, if that is still working, ends with the answer.
pub(in super::super) async fn rotate_key(mut call: Call<RotateAgentKey>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let body: RotateIn = call.optional_body().await?;
    let longest = Millis::new(LONGEST_OVERLAP).unwrap_or(Millis::ZERO);
    let overlap = body.overlap.map(|time| time.parse("overlap", longest)).transpose()?;
    let overlap = overlap.unwrap_or(Millis::ZERO);
    let (agent, key) = carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let agent = find_unrevoked(authority, &id)?;
        // Who has the key has what the agent may do.
        require_covered(authority, &agent)?;
        require_owner(authority, &agent)?;
        let minted = authority.ask_guest(|guest| guest.mint_token(TokenKind::Agent))?;
        let former_until = authority.now().checked_add(overlap).unwrap_or(Millis::MAX);
        let owner = authority.caller().principal.clone();
        let key = NewKey { hash: &minted.hash, display: &minted.display, former_until, owner: &owner };
        authority.store.rotate_agent_key(&agent.id, &key)?;
        let mut event = authority.event(EventType::AgentKeyRotated);
        event.details.push(("old_owner", Detail::Text(agent.owner.clone())));
        event.details.push(("overlap_seconds", Detail::Integer(overlap.as_u64() / 1_000)));
        authority.record(event);
        Ok((find(authority, &agent.id)?, minted.text))
    })
    .await?;
    let out = WithKeyOut { api_key: key.expose(), agent: AgentOut::from(&agent) };
    Ok(json(StatusCode::OK, &out))
}

/// Requires an asker that covers all that an agent may do, also where the agent has no policy, limit or ceiling of its own.
fn require_covered(authority: &mut Effect<'_>, agent: &AgentRow) -> Result<(), Stop> {
    let held = Power::held_by(agent);
    if narrow(authority, &held)? == held {
        return Ok(());
    }
    let told = "the agent is free of a policy, limit or ceiling of the one that asks: give it one first";
    Err(authority.deny(ApiError::new(ApiCode::ScopeDenied, told), "power_over_own"))
}
