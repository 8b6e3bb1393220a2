//! `/v1/agents`: register, list, look at and revoke agents. An agent that manages agents sees and revokes those that it made.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::timestamp::rfc3339;
use super::work::{carry_out, look_up};
use crate::audit::{Detail, EventType};
use crate::authorize::{Authority, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::{Tier, Timestamp};
use crate::permission::{ReadAgents, RevokeAgent};
use crate::reply::{empty, json};
use crate::store::{AgentRow, Read};

mod create;
mod held;

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
    token_ceiling: CeilingOut,
    owner: String,
    active: bool,
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
            owner: agent.owner.clone(),
            active: agent.active,
            created_at: rfc3339(agent.created_at),
            last_active_at: agent.last_active_at.map(rfc3339),
        }
    }
}

/// Agents that the caller may know of.
#[derive(Serialize, JsonSchema)]
struct AgentsOut {
    items: Vec<AgentOut>,
}

pub(super) const LIST: Operation =
    Operation::new("list_agents", "Agents that the caller may know of").answer::<AgentsOut>(200);

pub(super) async fn list(call: Call<ReadAgents>) -> Result<Response, ApiError> {
    let items = look_up(call.case(Subject::default()), |authority| {
        authority.require_permission()?;
        let agents = authority.store.agents()?;
        Ok(agents.iter().filter(|agent| may_know(authority, agent)).map(AgentOut::from).collect())
    })
    .await?;
    Ok(json(StatusCode::OK, &AgentsOut { items }))
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
        if agent.active {
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
    authority.is_operator() || agent.owner == authority.caller().principal
}

/// An agent that the caller may know of: for an agent, somebody else's does not exist.
fn find<S: Read + ?Sized>(authority: &mut Authority<'_, S>, id_or_name: &str) -> Result<AgentRow, Stop> {
    let agent = authority.store.agent(id_or_name)?.filter(|agent| may_know(authority, agent));
    let unknown = || ApiError::new(ApiCode::NotFound, "there is no such agent");
    agent.ok_or_else(|| authority.fail(unknown(), "agent_not_found"))
}
