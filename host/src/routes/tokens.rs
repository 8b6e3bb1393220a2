//! `/v1/tokens`: issue, list, look at and revoke scoped tokens. Their text is answered once.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use warded_core::ErrorCode;

use super::call::Call;
use super::cursor::{self, CURSOR};
use super::page::page;
use super::work::{carry_out, look_up};
use crate::audit::EventType;
use crate::authorize::{Authority, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::words::{Tier, Timestamp};
use crate::openapi::{Operation, Parameter};
use crate::permission::{InspectToken, ReadTokens, RevokeToken};
use crate::reply::{empty, json};
use crate::store::{CallerId, Read, TokenRow};
use crate::timestamp::rfc3339;

mod issue;
mod lifetime;
mod revoke_many;
mod tier;

pub(super) use issue::{ISSUE, issue};
pub(super) use lifetime::Lifetime;
pub(super) use revoke_many::{REVOKE_MANY, revoke_many};

/// How many tokens one listing shows.
const MOST: u64 = 1_000;

/// A token without its text.
#[derive(Debug, Serialize, JsonSchema)]
struct TokenOut {
    token_id: String,
    agent_id: String,
    token_prefix: String,
    scopes: Vec<String>,
    ip_allowlist: Option<Vec<String>>,
    max_uses: Option<u32>,
    uses: u64,
    uses_remaining: Option<u64>,
    #[schemars(with = "Tier")]
    access_tier: &'static str,
    reason: Option<String>,
    active: bool,
    #[schemars(with = "Timestamp")]
    created_at: String,
    #[schemars(with = "Timestamp")]
    expires_at: String,
    #[schemars(with = "Option<Timestamp>")]
    revoked_at: Option<String>,
}

impl TokenOut {
    fn new(token: &TokenRow, now: warded_core::time::Millis) -> Self {
        let remaining = token.max_uses.map(|most| u64::from(most).saturating_sub(token.usage.uses));
        Self {
            token_id: token.id.clone(),
            agent_id: token.agent_id.clone(),
            token_prefix: token.display.clone(),
            scopes: token.scopes.clone(),
            ip_allowlist: token.ip_allowlist.clone(),
            max_uses: token.max_uses,
            uses: token.usage.uses,
            uses_remaining: remaining,
            access_tier: token.tier_ceiling.word(),
            reason: token.reason.clone(),
            active: token.revoked_at.is_none() && now < token.expires_at && remaining != Some(0),
            created_at: rfc3339(token.created_at),
            expires_at: rfc3339(token.expires_at),
            revoked_at: token.revoked_at.map(rfc3339),
        }
    }
}

/// Tokens, newest first.
#[derive(Serialize, JsonSchema)]
struct TokensOut {
    items: Vec<TokenOut>,
    /// For the next page, if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(super) const LIST: Operation = Operation::new("list_tokens", "Tokens: an agent's own, or all")
    .query(&[Parameter::number("limit", "How many at most", 1, MOST), CURSOR])
    .answer::<TokensOut>(200);

pub(super) async fn list(mut call: Call<ReadTokens>) -> Result<Response, ApiError> {
    let limit = call.query.take_number("limit", 1, MOST)?.unwrap_or(MOST);
    let before = call.query.take("cursor");
    let out = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let agent = authority.confined_to().map(str::to_owned);
        let now = authority.store.now();
        if let Some(id) = &before {
            known(authority, id)?.ok_or_else(|| authority.fail(cursor::foreign(), "cursor_unknown"))?;
        }
        let (tokens, has_more) =
            page(limit, |limit| authority.store.tokens(agent.as_deref(), before.as_deref(), limit))?;
        let next_cursor = tokens.last().filter(|_| has_more).map(|token| token.id.clone());
        Ok(TokensOut { items: tokens.iter().map(|token| TokenOut::new(token, now)).collect(), next_cursor })
    })
    .await?;
    Ok(json(StatusCode::OK, &out))
}

pub(super) const GET: Operation =
    Operation::new("get_token", "One token").answer::<TokenOut>(200).codes(&[ApiCode::NotFound]);

pub(super) async fn get(call: Call<ReadTokens>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let token = look_up(call.case(Subject::of(&id)), move |authority| {
        authority.require_permission()?;
        let token = find(authority, &id)?;
        Ok(TokenOut::new(&token, authority.store.now()))
    })
    .await?;
    Ok(json(StatusCode::OK, &token))
}

pub(super) const REVOKE: Operation =
    Operation::new("revoke_token", "Revoke a token").empty().codes(&[ApiCode::NotFound]);

/// A token that is revoked already stays so: the answer is the same, and nothing new is recorded.
pub(super) async fn revoke(call: Call<RevokeToken>) -> Result<Response, ApiError> {
    let id = call.id()?;
    carry_out(call.case(Subject::of(&id)), move |authority| {
        authority.require_permission()?;
        let token = find(authority, &id)?;
        if token.revoked_at.is_none() {
            authority.store.revoke_token(&token.id)?;
            let event = authority.event(EventType::TokenRevoked);
            authority.record(event);
        }
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) const INSPECT: Operation =
    Operation::new("inspect_token", "What the token is and what remains of it").answer::<TokenOut>(200);
pub(super) const INSPECT_BY_POST: Operation = Operation { id: "inspect_token_by_post", ..INSPECT };

/// What a token is and what remains of it; asking spends nothing, and a used-up token may still ask.
pub(super) async fn inspect(mut call: Call<InspectToken>) -> Result<Response, ApiError> {
    call.no_body().await?;
    let token = look_up(call.case(Subject::default()), |authority| {
        authority.require_standing(&[ErrorCode::UsesExhausted])?;
        let CallerId::Token(id) = authority.asker().id.clone() else { return Err(authority.refuse_kind()) };
        let token = find(authority, &id)?;
        Ok(TokenOut::new(&token, authority.store.now()))
    })
    .await?;
    Ok(json(StatusCode::OK, &token))
}

/// A token that the caller may know of: somebody else's does not exist for an agent.
fn find<S: Read + ?Sized>(authority: &mut Authority<'_, S>, id: &str) -> Result<TokenRow, Stop> {
    let unknown = || ApiError::new(ApiCode::NotFound, "there is no such token");
    known(authority, id)?.ok_or_else(|| authority.fail(unknown(), "token_not_found"))
}

fn known<S: Read + ?Sized>(authority: &mut Authority<'_, S>, id: &str) -> Result<Option<TokenRow>, Stop> {
    let token = authority.store.token(id)?;
    Ok(token.filter(|token| authority.confined_to().is_none_or(|agent| token.agent_id == agent)))
}
