//! `GET /v1/namespaces`: where there are secrets that the caller may reach.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use warded_core::decision::Outcome;
use warded_core::scope::Scope;

use super::call::Call;
use super::work::carry_out;
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Effect, Judgement, Stop, Subject, scopes};
use crate::error::ApiError;
use crate::openapi::Operation;
use crate::permission::ReadNamespaces;
use crate::reply::json;
use crate::store::{AgentRow, CallerId};
use crate::vocabulary;

/// Namespaces that hold secrets, sorted.
#[derive(Serialize, JsonSchema)]
struct NamespacesOut {
    items: Vec<String>,
}

pub(super) const LIST: Operation =
    Operation::new("list_namespaces", "Namespaces with secrets within reach").answer::<NamespacesOut>(200);

pub(super) async fn list(call: Call<ReadNamespaces>) -> Result<Response, ApiError> {
    let items = carry_out(call.case(Subject::default()), |authority| {
        let reach = reach(authority)?;
        let all = authority.store.namespaces()?;
        let items = match reach {
            None => all,
            Some(reach) => reach.among(authority, &all)?,
        };
        let mut event = authority.event(EventType::TokenUsed);
        event.details.push(("namespaces", Detail::Integer(u64::try_from(items.len()).unwrap_or(u64::MAX))));
        authority.record(event);
        Ok(items)
    })
    .await?;
    Ok(json(StatusCode::OK, &NamespacesOut { items }))
}

/// What a caller may know of.
struct Reach {
    scopes: Vec<String>,
    action: &'static str,
    within: Vec<String>,
}

/// Operators reach all. With `namespaces:read`, what the agent's own scopes reach; without, what the caller's scopes of reading do.
fn reach(authority: &mut Effect<'_>) -> Result<Option<Reach>, Stop> {
    let judgement = authority.judge(Ask::whole("namespaces", "read"))?;
    if authority.is_operator() {
        authority.accept(&judgement)?;
        return Ok(None);
    }
    let agent = authority.own_agent()?;
    let own = vocabulary::translate_all(&agent.allowed_scopes, &agent.allowed_namespaces);
    if judgement.outcome() == Outcome::Allow {
        authority.accept(&judgement)?;
        return Ok(Some(Reach { scopes: own, action: "*", within: agent.allowed_namespaces }));
    }
    let reading = reading(authority, &agent, own, &judgement)?;
    Ok(Some(Reach { scopes: reading, action: "read", within: agent.allowed_namespaces }))
}

/// The caller's scopes that let it read; each is decided, since the agent may have been narrowed since the token was issued.
fn reading(
    authority: &mut Effect<'_>,
    agent: &AgentRow,
    own: Vec<String>,
    refused: &Judgement,
) -> Result<Vec<String>, Stop> {
    let CallerId::Token(id) = authority.asker().id.clone() else { return decided(authority, own, refused) };
    let token = authority.store.token(&id)?;
    let scopes = token.map(|token| vocabulary::translate_all(&token.scopes, &agent.allowed_namespaces));
    decided(authority, scopes.unwrap_or_default(), refused)
}

fn decided(authority: &mut Effect<'_>, all: Vec<String>, refused: &Judgement) -> Result<Vec<String>, Stop> {
    let mut allowed = Vec::new();
    for text in all {
        let scope = Scope::parse(&text).ok().filter(|scope| scope.resource() == "secrets");
        let Some(pattern) = scope.and_then(Scope::pattern) else { continue };
        let judgement = authority.judge(Ask::listing("secrets", "read", pattern))?;
        if judgement.outcome() == Outcome::Allow {
            authority.accept(&judgement)?;
            allowed.push(text);
        }
    }
    if allowed.is_empty() { Err(authority.refuse(refused)) } else { Ok(allowed) }
}

/// How many namespaces the engine is asked about at a time.
const BATCH: usize = 10_000;

impl Reach {
    fn among(&self, authority: &Effect<'_>, all: &[String]) -> Result<Vec<String>, Stop> {
        let Self { scopes, action, within } = self;
        let mut reached = Vec::new();
        for batch in all.chunks(BATCH) {
            // The secrets that stand in the namespace itself: one below that is within reach does not show those above it.
            let inside: Vec<_> =
                batch.iter().map(|namespace| format!("secrets:{action}:{namespace}/+")).collect();
            let found =
                authority.ask_guest(|guest| scopes::overlapping(guest, scopes, &inside, Some(within)))?;
            reached.extend(found.into_iter().filter_map(|index| batch.get(index).cloned()));
        }
        Ok(reached)
    }
}
