//! `POST /v1/tokens`: a scoped token for an agent's own key.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warded_core::crypto::token::TokenKind;
use warded_core::ip::{Allowlist, Network};
use warded_core::request::{Issue, MAX_TOKEN_NETWORKS, MAX_TOKEN_SCOPES, Target};
use warded_core::scope::Scope;
use warded_core::secret::Secret;
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::usage::Usage;

use super::super::call::Call;
use super::super::networks::networks;
use super::super::work::carry_out;
use super::Lifetime;
use super::tier::highest_tier;
use crate::approval::{REPLACES, later};
use crate::audit::{Detail, EventType};
use crate::authorize::{self, Answer, Ask, Effect, Judgement, Stop, Subject};
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::grant::GrantParts;
use crate::guest::MintedToken;
use crate::id::{Prefix, new_id};
use crate::openapi::Operation;
use crate::openapi::words::{
    FreeText, Lifetime as LifetimeText, Network as NetworkText, Scope as ScopeText, Timestamp,
};
use crate::permission::IssueToken;
use crate::rate_limit::Rate;
use crate::reply::json;
use crate::store::approvals::{ApprovalKind, ApprovalRow, Asked};
use crate::store::{AgentRow, TokenRow};
use crate::text::free_text;
use crate::timestamp::rfc3339;
use crate::vocabulary;

/// A token to be issued.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewToken")]
struct IssueIn {
    #[schemars(with = "Vec<ScopeText>", length(min = 1, max = MAX_TOKEN_SCOPES))]
    scopes: Vec<String>,
    /// An hour if absent.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<LifetimeText>")]
    ttl: Option<Lifetime>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(range(min = 1, max = u32::MAX))]
    max_uses: Option<u64>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<NetworkText>>", length(min = 1, max = MAX_TOKEN_NETWORKS))]
    ip_allowlist: Option<Vec<String>>,
    /// For those who may have to approve it.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<FreeText>")]
    reason: Option<String>,
}

/// What is asked for, checked.
struct Wanted {
    scopes: Vec<String>,
    ttl: Option<Lifetime>,
    max_uses: Option<u32>,
    ip_allowlist: Option<Vec<String>>,
    reason: Option<String>,
}

/// How long a token lives if nothing is said: an hour.
const DEFAULT_TTL: u64 = 3_600_000;

pub(in super::super) const ISSUE: Operation = Operation::new("issue_token", "Issue a token to the agent")
    .body::<IssueIn>()
    .answer::<IssuedOut<'_>>(200)
    .answer::<AskedOut<'_>>(202)
    .codes(&[ApiCode::Conflict])
    .rate(Rate::Tokens);

pub(in super::super) async fn issue(mut call: Call<IssueToken>) -> Result<Response, ApiError> {
    let body: IssueIn = call.body().await?;
    let wanted = Wanted::parse(body, call.app().config.token_ttl_ceiling)?;
    let case = call.case(Subject::default());
    match carry_out(case, move |authority| issue_or_ask(authority, &wanted)).await? {
        Issued::Asked(Answer::Pending(row)) => Ok(json(StatusCode::ACCEPTED, &AskedOut::new(&row))),
        Issued::Asked(Answer::Refused(error)) => Err(error),
        Issued::Token(token, text) => Ok(json(StatusCode::OK, &IssuedOut::new(&token, &text))),
    }
}

/// What a request for a token comes to.
enum Issued {
    Asked(Answer),
    Token(Box<TokenRow>, Secret<String>),
}

impl Wanted {
    fn parse(body: IssueIn, ceiling: Millis) -> Result<Self, ApiError> {
        if !(1..=MAX_TOKEN_SCOPES).contains(&body.scopes.len()) {
            return Err(ApiError::invalid("scopes", "1 to 64 scopes"));
        }
        for (index, scope) in body.scopes.iter().enumerate() {
            vocabulary::check(&format!("scopes[{index}]"), scope)?;
        }
        if let Some(ttl) = &body.ttl {
            ttl.parse("ttl", ceiling)?;
        }
        let max_uses = body.max_uses.map(|uses| {
            let uses = u32::try_from(uses).ok().filter(|uses| *uses > 0);
            uses.ok_or_else(|| ApiError::invalid("max_uses", "1 to 4294967295"))
        });
        let reason = body.reason.map(|text| free_text("reason", &text)).transpose()?;
        let ip_allowlist =
            body.ip_allowlist.map(|list| networks("ip_allowlist", &list, MAX_TOKEN_NETWORKS)).transpose()?;
        Ok(Self { scopes: body.scopes, ttl: body.ttl, max_uses: max_uses.transpose()?, ip_allowlist, reason })
    }

    /// The lifetime under the agent's own ceiling too; without one asked for, an hour or what the ceilings leave.
    fn lifetime(&self, ceiling: Millis) -> Result<Millis, ApiError> {
        match &self.ttl {
            Some(ttl) => ttl.parse("ttl", ceiling),
            None => Ok(Millis::new(DEFAULT_TTL).unwrap_or(ceiling).min(ceiling)),
        }
    }
}

/// What a token comes to under the agent's ceilings.
struct Terms<'a> {
    wanted: &'a Wanted,
    agent: AgentRow,
    scopes: Vec<String>,
    ttl: Millis,
    tier: Tier,
}

/// Decides, and makes the token or asks people for it in the same transaction.
fn issue_or_ask(authority: &mut Effect<'_>, wanted: &Wanted) -> Result<Issued, Stop> {
    let terms = Terms::under(authority, wanted)?;
    authority.refuse_denied(ApprovalKind::Issue, &terms.scopes)?;
    // A word stands for a scope in each namespace, so there can be more than the engine takes at once.
    for chunk in terms.scopes.chunks(MAX_TOKEN_SCOPES) {
        let judgement = authority.judge(terms.ask(authority, chunk)?)?;
        if let Some(wanted) = judgement.wanted() {
            return ask_or_replace(authority, &terms, wanted);
        }
        authority.accept(&judgement)?;
    }
    mint(authority, &terms)
}

impl<'a> Terms<'a> {
    fn under(authority: &mut Effect<'_>, wanted: &'a Wanted) -> Result<Self, Stop> {
        // An address outside its policy is told nothing about the agent, not even its ceiling.
        authority.require_standing(&[])?;
        let agent = authority.own_agent()?;
        let ceiling = agent.token_ttl_ceiling.and_then(|most| Millis::new(most).ok());
        let ceiling = ceiling.unwrap_or(Millis::MAX).min(authority.app.config.token_ttl_ceiling);
        let ttl = wanted.lifetime(ceiling).map_err(|error| authority.deny(error, "ttl_over_ceiling"))?;
        let scopes = vocabulary::translate_all(&wanted.scopes, &agent.allowed_namespaces);
        if scopes.is_empty() {
            let told = "the agent has no allowed namespace that the scopes could mean";
            return Err(authority.deny(ApiError::new(ApiCode::ScopeDenied, told), "namespace_not_allowed"));
        }
        // What lies above the agent's own ceiling stays out of the token's reach, so it need not be asked for.
        let tier = highest_tier(authority, &scopes)?.min(agent.token_tier_ceiling);
        Ok(Self { wanted, agent, scopes, ttl, tier })
    }

    /// Every scope must be covered by one of the agent's and lie in one of its namespaces.
    fn ask<'s>(&self, authority: &Effect<'_>, scopes: &'s [String]) -> Result<Ask<'s>, Stop> {
        let parsed: Result<Vec<_>, _> = scopes.iter().map(|scope| Scope::parse(scope)).collect();
        let parsed = parsed.map_err(|error| authority.invalid("scopes", &error))?;
        let networks = self.wanted.ip_allowlist.as_deref().map(allowlist).transpose();
        let networks = networks.map_err(|error| authority.invalid("ip_allowlist", &error))?;
        let target = Target::Issue(Issue::new(parsed, self.ttl, self.wanted.max_uses, networks));
        Ok(Ask { resource: "tokens", action: "issue", target, tier: self.tier })
    }
}

fn allowlist(networks: &[String]) -> Result<Allowlist, warded_core::Error> {
    let parsed: Vec<_> = networks.iter().map(|text| Network::parse(text)).collect::<Result<_, _>>()?;
    Allowlist::compile(&parsed)
}

/// Asks people, or issues once more what they have approved if the reply may have been lost.
fn ask_or_replace(
    authority: &mut Effect<'_>,
    terms: &Terms<'_>,
    wanted: &authorize::Wanted,
) -> Result<Issued, Stop> {
    if terms.scopes.len() > MAX_TOKEN_SCOPES {
        let told = "a token that people have to approve has at most 64 scopes, ask for fewer at a time";
        return Err(authority.deny(ApiError::new(ApiCode::ApprovalRequired, told), "limit_exceeded"));
    }
    if let Some(mut row) = replaceable(authority, &wanted.asked.digest)?
        && let Some(decision) =
            authority.decide_approved(terms.ask(authority, &terms.scopes)?, &row, wanted.asked.needed)?
    {
        authority.accept(&Judgement::of_spent(decision))?;
        revoke_unused(authority, row.token_id.as_deref().unwrap_or_default())?;
        let issued = mint(authority, terms)?;
        if let Issued::Token(token, _) = &issued {
            row.token_id = Some(token.id.clone());
            authority.store.update_approval(&row)?;
        }
        return Ok(issued);
    }
    let asked = Asked {
        requested_scopes: terms.wanted.scopes.clone(),
        ttl: Some(terms.ttl.as_u64()),
        max_uses: terms.wanted.max_uses,
        ip_allowlist: terms.wanted.ip_allowlist.clone(),
        reason: terms.wanted.reason.clone(),
        ..wanted.asked.clone()
    };
    let event = wanted.event.clone();
    authority.ask_people(&authorize::Wanted { asked, event }).map(Issued::Asked)
}

/// The approval of exactly this, if it was spent a moment ago on a token that nobody has used.
fn replaceable(authority: &mut Effect<'_>, digest: &[u8; 32]) -> Result<Option<ApprovalRow>, Stop> {
    let (now, agent) = (authority.now(), authority.caller().principal.clone());
    let newest = authority.store.newest_approval(&agent, digest)?;
    let is_recent = |row: &ApprovalRow| row.consumed_at.is_some_and(|at| now < later(at, REPLACES));
    let Some(row) = newest.filter(is_recent) else { return Ok(None) };
    let Some(token_id) = &row.token_id else { return Ok(None) };
    let unused =
        |token: &TokenRow| token.usage.uses == 0 && token.revoked_at.is_none() && now < token.expires_at;
    let token = authority.store.token(token_id)?;
    Ok(token.is_some_and(|token| unused(&token)).then_some(row))
}

fn revoke_unused(authority: &mut Effect<'_>, token_id: &str) -> Result<(), Stop> {
    authority.store.revoke_token(token_id)?;
    let mut event = authority.event(EventType::TokenRevoked);
    event.resource_id = Some(token_id.to_owned());
    event.details.push(("replaced", Detail::Integer(1)));
    authority.record(event);
    Ok(())
}

/// Makes the token: the only place that mints scoped tokens.
fn mint(authority: &mut Effect<'_>, terms: &Terms<'_>) -> Result<Issued, Stop> {
    refuse_too_many(authority, &terms.agent)?;
    let minted = authority.ask_guest(|guest| guest.mint_token(TokenKind::Scoped))?;
    let token = row(authority, terms, &minted)?;
    authority.store.add_token(&token)?;
    record(authority, &token);
    authority.issued(&token.id);
    Ok(Issued::Token(Box::new(token), minted.text))
}

fn refuse_too_many(authority: &mut Effect<'_>, agent: &AgentRow) -> Result<(), Stop> {
    let most = u64::from(authority.app.config.tokens_per_agent);
    if authority.store.has_room_for_token(&agent.id, most)? {
        return Ok(());
    }
    let told =
        format!("the agent has {most} live tokens, the most there may be: revoke some or let them end");
    Err(authority.deny(ApiError::new(ApiCode::Conflict, told), "limit_exceeded"))
}

fn row(authority: &Effect<'_>, terms: &Terms<'_>, minted: &MintedToken) -> Result<TokenRow, Stop> {
    let Terms { wanted, agent, scopes, ttl, tier } = terms;
    let id = authority.ask_guest(|_| Ok(new_id(Prefix::Token)?))?;
    let now = authority.now();
    let expires_at = now.checked_add(*ttl).unwrap_or(Millis::MAX);
    let parts = GrantParts {
        id: &id,
        scopes,
        // The agent's link of the chain confines the token to the agent's namespaces, as they are at each use.
        namespaces: None,
        ip_allowlist: wanted.ip_allowlist.as_deref(),
        expires_at: Some(expires_at),
        max_uses: wanted.max_uses,
        tier_ceiling: *tier,
    };
    let compiled = parts.compile(&authority.app.guest);
    Ok(TokenRow {
        grant: compiled.map_err(|error| authority.uncompiled("scopes", &error))?,
        id,
        agent_id: agent.id.clone(),
        hash: minted.hash,
        display: minted.display.clone(),
        scopes: wanted.scopes.clone(),
        ip_allowlist: wanted.ip_allowlist.clone(),
        max_uses: wanted.max_uses,
        reason: wanted.reason.clone(),
        tier_ceiling: *tier,
        usage: Usage::default(),
        created_at: now,
        expires_at,
        revoked_at: None,
    })
}

fn record(authority: &mut Effect<'_>, token: &TokenRow) {
    authority.about(&token.id);
    let mut event = authority.event(EventType::TokenIssued);
    event.details.push(("expires_at", Detail::Text(rfc3339(token.expires_at))));
    event.details.push(("scopes", Detail::List(token.scopes.clone())));
    event.details.push(("access_tier", Detail::Text(token.tier_ceiling.word().to_owned())));
    if let Some(uses) = token.max_uses {
        event.details.push(("max_uses", Detail::Integer(uses.into())));
    }
    if let Some(networks) = &token.ip_allowlist {
        event.details.push(("ip_allowlist", Detail::List(networks.clone())));
    }
    authority.record(event);
}

/// A request that waits for people.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AskedToken")]
struct AskedOut<'a> {
    requires_approval: bool,
    approval_id: &'a str,
    #[schemars(with = "Timestamp")]
    expires_at: String,
    status: &'static str,
}

impl<'a> AskedOut<'a> {
    fn new(row: &'a ApprovalRow) -> Self {
        Self {
            requires_approval: true,
            approval_id: &row.id,
            expires_at: rfc3339(row.expires_at),
            status: row.status.word(),
        }
    }
}

/// The new token with its text, which is shown this once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "IssuedToken")]
struct IssuedOut<'a> {
    token: &'a str,
    token_id: &'a str,
    #[schemars(with = "Timestamp")]
    expires_at: String,
    scopes: &'a [String],
    agent_id: &'a str,
    max_uses: Option<u32>,
    ip_allowlist: Option<&'a [String]>,
}

impl<'a> IssuedOut<'a> {
    fn new(token: &'a TokenRow, text: &'a Secret<String>) -> Self {
        Self {
            token: text.expose(),
            token_id: &token.id,
            expires_at: rfc3339(token.expires_at),
            scopes: &token.scopes,
            agent_id: &token.agent_id,
            max_uses: token.max_uses,
            ip_allowlist: token.ip_allowlist.as_deref(),
        }
    }
}
