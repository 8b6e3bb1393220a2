//! `/v1/agents`: register, list, look at, change and revoke agents. An agent that manages agents manages those that it made.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use warded_core::time::Millis;

use super::call::Call;
use super::cursor::{self, CURSOR};
use super::page::page;
use super::tokens::Lifetime;
use super::work::{carry_out, look_up};
use crate::audit::{Detail, EventType};
use crate::authorize::{Authority, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::grant::LimitDocument;
use crate::openapi::words::{Tier, Timestamp};
use crate::openapi::{Operation, Parameter};
use crate::permission::{ReadAgents, RevokeAgent};
use crate::reply::{empty, json};
use crate::store::{AgentQuery, AgentRow, Read};
use crate::timestamp::rfc3339;

mod change;
mod create;
mod held;
mod power;
mod take_over;

pub(super) use change::{CHANGE, ROTATE_KEY, change, rotate_key};
use create::is_name;
pub(super) use create::{CREATE, create};

/// An agent without its key.
#[derive(Debug, Serialize, JsonSchema)]
struct AgentOut {
    id: String,
    name: String,
    description: Option<String>,
    api_key_prefix: String,
    allowed_namespaces: Vec<String>,
    allowed_scopes: Vec<String>,
    ip_policy: Option<Vec<String>>,
    #[schemars(with = "Vec<power::LimitSchema>")]
    limits: Vec<LimitDocument>,
    token_ceiling: CeilingOut,
    /// Who made it, or last changed its key or what it may do.
    owner: String,
    /// Who was shown its key.
    key_owner: String,
    /// Neither disabled nor revoked.
    active: bool,
    /// `active`, `disabled` or `revoked`, the last for ever.
    status: &'static str,
    /// When the key before the present one ends or ended.
    #[schemars(with = "Option<Timestamp>")]
    previous_key_expires_at: Option<String>,
    #[schemars(with = "Timestamp")]
    created_at: String,
    #[schemars(with = "Option<Timestamp>")]
    last_active_at: Option<String>,
}

/// The longest life, in seconds, and the highest tier of an agent's tokens.
#[derive(Debug, Serialize, JsonSchema)]
struct CeilingOut {
    ttl: Option<u64>,
    #[schemars(with = "Tier")]
    tier: &'static str,
}

impl From<&AgentRow> for AgentOut {
    fn from(agent: &AgentRow) -> Self {
        Self {
            id: agent.id.clone(),
            name: agent.name.clone(),
            description: agent.description.clone(),
            api_key_prefix: agent.key_display.clone(),
            allowed_namespaces: agent.allowed_namespaces.clone(),
            allowed_scopes: agent.allowed_scopes.clone(),
            ip_policy: agent.ip_policy.clone(),
            token_ceiling: CeilingOut {
                ttl: agent.token_ttl_ceiling.map(|millis| millis / 1_000),
                tier: agent.token_tier_ceiling.word(),
            },
            limits: agent.limits.clone(),
            owner: agent.owner.clone(),
            key_owner: agent.key_owner.clone(),
            active: agent.active,
            status: match (agent.revoked, agent.active) {
                (true, _) => "revoked",
                (false, true) => "active",
                (false, false) => "disabled",
            },
            previous_key_expires_at: agent.former_key_until.map(rfc3339),
            created_at: rfc3339(agent.created_at),
            last_active_at: agent.last_active_at.map(rfc3339),
        }
    }
}

/// Agents that the caller may know of, by name.
#[derive(Serialize, JsonSchema)]
struct AgentsOut {
    items: Vec<AgentOut>,
    /// Leads to the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// How many agents one listing shows.
const MOST: u64 = 1_000;
/// The longest time of idleness that can be asked about, in milliseconds: ten years.
const LONGEST_IDLE: u64 = 3_652 * 86_400_000;

pub(super) const LIST: Operation = Operation::new("list_agents", "Agents that the caller may know of")
    .query(&[
        Parameter::text("idle", "Only active agents that were not seen for so long, such as `30d`"),
        Parameter::number("limit", "How many at most", 1, MOST),
        CURSOR,
    ])
    .answer::<AgentsOut>(200);

pub(super) async fn list(mut call: Call<ReadAgents>) -> Result<Response, ApiError> {
    let longest = Millis::new(LONGEST_IDLE).unwrap_or(Millis::MAX);
    let idle = call.query.take("idle").map(|text| Lifetime::Text(text).parse("idle", longest)).transpose()?;
    let limit = call.query.take_number("limit", 1, MOST)?.unwrap_or(MOST);
    let after = call.query.take("cursor").map(|text| cursor::decode(&text, is_name)).transpose()?;
    let out = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let owner = authority.confined_to().map(str::to_owned);
        let idle_since = idle.map(|idle| before(authority.store.now(), idle));
        let (agents, has_more) =
            page(limit, |limit| authority.store.agents(&AgentQuery { owner, idle_since, after, limit }))?;
        let last = agents.last().filter(|_| has_more);
        Ok(AgentsOut {
            next_cursor: last.map(|agent| cursor::encode(&agent.name)),
            items: agents.iter().map(AgentOut::from).collect(),
        })
    })
    .await?;
    Ok(json(StatusCode::OK, &out))
}

fn before(now: Millis, time: Millis) -> Millis {
    Millis::new(now.as_u64().saturating_sub(time.as_u64())).unwrap_or(Millis::ZERO)
}

pub(super) const GET: Operation =
    Operation::new("get_agent", "One agent").answer::<AgentOut>(200).codes(&[ApiCode::NotFound]);

pub(super) async fn get(call: Call<ReadAgents>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let agent = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        Ok(AgentOut::from(&find(authority, &id)?))
    })
    .await?;
    Ok(json(StatusCode::OK, &agent))
}

pub(super) const REVOKE: Operation =
    Operation::new("revoke_agent", "Revoke an agent and all its tokens").empty().codes(&[ApiCode::NotFound]);

/// An agent that is revoked already stays so: the answer is the same, and nothing new is recorded.
pub(super) async fn revoke(call: Call<RevokeAgent>) -> Result<Response, ApiError> {
    let id = call.id()?;
    carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let agent = find(authority, &id)?;
        if !agent.revoked {
            let tokens = authority.store.revoke_agent(&agent.id)?;
            authority.about(&agent.id);
            let mut event = authority.event(EventType::AgentRevoked);
            event.details.push(("tokens", Detail::Integer(tokens)));
            authority.record(event);
        }
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Operators know all agents, an agent those that it made.
fn may_know<S: ?Sized>(authority: &Authority<'_, S>, agent: &AgentRow) -> bool {
    authority.confined_to().is_none_or(|owner| agent.owner == owner)
}

/// An agent that the caller may know of: for an agent, somebody else's does not exist.
fn find<S: Read + ?Sized>(authority: &mut Authority<'_, S>, id_or_name: &str) -> Result<AgentRow, Stop> {
    let agent = authority.store.agent(id_or_name)?.filter(|agent| may_know(authority, agent));
    let unknown = || ApiError::new(ApiCode::NotFound, "there is no such agent");
    agent.ok_or_else(|| authority.fail(unknown(), "agent_not_found"))
}
