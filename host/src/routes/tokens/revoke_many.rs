//! `POST /v1/tokens/revoke`: many tokens at once, in force before it is answered.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::call::Call;
use super::super::work::carry_out;
use super::find;
use crate::audit::EventType;
use crate::authorize::{Effect, Stop, Subject, scopes};
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::{Id, Scope as ScopeText};
use crate::permission::RevokeToken;
use crate::reply::json;
use crate::store::tokens::TokenScopes;
use crate::vocabulary;

/// Which tokens to revoke: exactly one of these.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Revocation")]
struct RevokeIn {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Id>")]
    token_id: Option<String>,
    /// An id, or else a name.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Id>")]
    agent_id: Option<String>,
    /// Every token that overlaps it.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<ScopeText>")]
    scope: Option<String>,
    /// Only `true` means something.
    #[serde(default, deserialize_with = "not_null")]
    all: Option<bool>,
}

/// Which tokens to revoke.
enum Which {
    Agent(String),
    All,
    Scope(String),
    Token(String),
}

impl RevokeIn {
    fn parse(self) -> Result<Which, ApiError> {
        match self {
            Self { token_id: Some(id), agent_id: None, scope: None, all: None } => Ok(Which::Token(id)),
            Self { token_id: None, agent_id: Some(id), scope: None, all: None } => Ok(Which::Agent(id)),
            Self { token_id: None, agent_id: None, scope: Some(scope), all: None } => {
                vocabulary::check("scope", &scope)?;
                Ok(Which::Scope(scope))
            }
            Self { token_id: None, agent_id: None, scope: None, all: Some(true) } => Ok(Which::All),
            _ => Err(ApiError::invalid(
                "body",
                "exactly one of `token_id`, `agent_id`, `scope` and `all: true`",
            )),
        }
    }
}

/// How many tokens have ended by it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Revoked")]
struct RevokedOut {
    revoked: usize,
}

pub(in super::super) const REVOKE_MANY: Operation =
    Operation::new("revoke_tokens", "Revoke tokens by id, agent or scope, or all of them")
        .body::<RevokeIn>()
        .answer::<RevokedOut>(200)
        .codes(&[ApiCode::NotFound]);

pub(in super::super) async fn revoke_many(mut call: Call<RevokeToken>) -> Result<Response, ApiError> {
    let which = call.body::<RevokeIn>().await?.parse()?;
    let revoked = carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let tokens = live(authority, &which)?;
        for token in &tokens {
            authority.store.revoke_token(&token.id)?;
            let mut event = authority.event(EventType::TokenRevoked);
            event.resource_id = Some(token.id.clone());
            authority.record(event);
        }
        Ok(tokens.len())
    })
    .await?;
    Ok(json(StatusCode::OK, &RevokedOut { revoked }))
}

/// The live tokens that are meant: an agent's own, whatever else it asks.
fn live(authority: &mut Effect<'_>, which: &Which) -> Result<Vec<TokenScopes>, Stop> {
    let own = authority.confined_to().map(str::to_owned);
    match which {
        Which::All => Ok(authority.store.live_scopes(own.as_deref())?),
        Which::Agent(id) => {
            let agent = authority.store.agent(id)?;
            let agent = agent.filter(|agent| own.as_ref().is_none_or(|own| *own == agent.id));
            let unknown = || ApiError::new(ApiCode::NotFound, "there is no such agent");
            let agent = agent.ok_or_else(|| authority.fail(unknown(), "agent_not_found"))?;
            Ok(authority.store.live_scopes(Some(&agent.id))?)
        }
        Which::Scope(scope) => {
            let tokens = authority.store.live_scopes(own.as_deref())?;
            overlapping(authority, scope, tokens)
        }
        Which::Token(id) => {
            let token = find(authority, id)?;
            let mut tokens = authority.store.live_scopes(Some(&token.agent_id))?;
            tokens.retain(|live| live.id == token.id);
            Ok(tokens)
        }
    }
}

/// How many scopes the engine is asked about at a time.
const BATCH: usize = 10_000;

/// Those whose scopes overlap a scope; the words that some clients use stand for scopes, on both sides.
fn overlapping(
    authority: &mut Effect<'_>,
    scope: &str,
    tokens: Vec<TokenScopes>,
) -> Result<Vec<TokenScopes>, Stop> {
    let everywhere = ["*".to_owned()];
    let wanted = vocabulary::translate(scope, &everywhere);
    let mut namespaces: HashMap<String, Vec<String>> = HashMap::new();
    let mut flat: Vec<(usize, String)> = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        if !namespaces.contains_key(&token.agent_id) {
            let agent = authority.store.agent(&token.agent_id)?;
            let allowed = agent.map(|agent| agent.allowed_namespaces).unwrap_or_default();
            namespaces.insert(token.agent_id.clone(), allowed);
        }
        let allowed = namespaces.get(&token.agent_id).map_or(&[][..], Vec::as_slice);
        let scopes = vocabulary::translate_all(&token.scopes, allowed);
        flat.extend(scopes.into_iter().map(|scope| (place, scope)));
    }
    let mut met = vec![false; tokens.len()];
    for batch in flat.chunks(BATCH) {
        let among: Vec<String> = batch.iter().map(|(_, scope)| scope.clone()).collect();
        let found = authority.ask_guest(|guest| scopes::overlapping(guest, &wanted, &among, None))?;
        for (place, _) in found.into_iter().filter_map(|index| batch.get(index)) {
            if let Some(met) = met.get_mut(*place) {
                *met = true;
            }
        }
    }
    Ok(tokens.into_iter().zip(met).filter_map(|(token, met)| met.then_some(token)).collect())
}
