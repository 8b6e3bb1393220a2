//! `POST /v1/agents`.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warded_core::crypto::token::TokenKind;
use warded_core::namespaces::Namespaces;
use warded_core::secret::Secret;
use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::super::call::Call;
use super::super::networks::networks;
use super::super::tokens::Lifetime;
use super::super::work::carry_out;
use super::AgentOut;
use super::held::narrow;
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Stop, Subject};
use crate::body::{not_null, object};
use crate::error::{ApiCode, ApiError};
use crate::grant::GrantParts;
use crate::id::{Prefix, looks_like_id, new_id};
use crate::openapi::Operation;
use crate::openapi::words::{
    FreeText, Lifetime as LifetimeText, Name, Namespace, Network, Scope, Tier as TierWord,
};
use crate::permission::CreateAgent;
use crate::reply::json;
use crate::store::AgentRow;
use crate::text::check_free_text;
use crate::vocabulary;

/// How many scopes an agent may have.
const MAX_SCOPES: usize = 256;
/// How many networks an agent's policy may name.
const MAX_NETWORKS: usize = 10_000;
/// The longest name.
const MAX_NAME: usize = 64;

/// An agent to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAgent")]
struct CreateIn {
    /// Never used again; does not begin as an id does.
    #[schemars(with = "Name")]
    name: String,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<FreeText>")]
    description: Option<String>,
    /// What lies in none of them is out of reach; none grants nothing.
    #[schemars(with = "Vec<Namespace>", length(max = Namespaces::MAX))]
    allowed_namespaces: Vec<String>,
    #[schemars(with = "Vec<Scope>", length(max = MAX_SCOPES))]
    allowed_scopes: Vec<String>,
    /// Where the agent and its tokens may come from; anywhere if absent.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<Network>>", length(min = 1, max = MAX_NETWORKS))]
    ip_policy: Option<Vec<String>>,
    #[serde(default, deserialize_with = "object")]
    token_ceiling: Option<CeilingIn>,
}

/// The longest life and the highest tier of an agent's tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewCeiling")]
struct CeilingIn {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<LifetimeText>")]
    ttl: Option<Lifetime>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<TierWord>")]
    tier: Option<String>,
}

/// What is asked for, checked. An absent ceiling or policy is the maker's own, or none.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) namespaces: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) ip_policy: Option<Vec<String>>,
    pub(super) ttl: Option<Millis>,
    pub(super) tier: Option<Tier>,
}

/// The new agent with its key, which is shown this once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AgentWithKey")]
struct CreatedOut<'a> {
    api_key: &'a str,
    #[serde(flatten)]
    agent: AgentOut,
}

pub(in super::super) const CREATE: Operation = Operation::new("create_agent", "Make an agent and its key")
    .body::<CreateIn>()
    .answer::<CreatedOut<'_>>(201)
    .codes(&[ApiCode::Conflict]);

pub(in super::super) async fn create(mut call: Call<CreateAgent>) -> Result<Response, ApiError> {
    let body: CreateIn = call.body().await?;
    let wanted = Wanted::parse(body, call.app().config.token_ttl_ceiling)?;
    let (agent, key) =
        carry_out(call.case(Subject::default()), move |authority| make(authority, &wanted)).await?;
    let out = CreatedOut { api_key: key.expose(), agent: AgentOut::from(&agent) };
    Ok(json(StatusCode::CREATED, &out))
}

impl Wanted {
    fn parse(body: CreateIn, ceiling: Millis) -> Result<Self, ApiError> {
        check_name(&body.name)?;
        if let Some(description) = &body.description {
            check_free_text("description", description)?;
        }
        check_namespaces(&body.allowed_namespaces)?;
        check_scopes(&body.allowed_scopes)?;
        let ip_policy = body.ip_policy.map(|list| networks("ip_policy", &list, MAX_NETWORKS)).transpose()?;
        let (ttl, tier) = body.token_ceiling.map(|ceiling| (ceiling.ttl, ceiling.tier)).unwrap_or_default();
        let ttl = ttl.map(|ttl| ttl.parse("token_ceiling.ttl", ceiling)).transpose()?;
        let parse_tier = |word: String| {
            Tier::parse(&word).map_err(|error| ApiError::from_core("token_ceiling.tier", &error))
        };
        Ok(Self {
            name: body.name,
            description: body.description,
            namespaces: body.allowed_namespaces,
            scopes: body.allowed_scopes,
            ip_policy,
            ttl,
            tier: tier.map(parse_tier).transpose()?,
        })
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(is_word) {
        return Err(ApiError::invalid("name", "a name is 1 to 64 of `A-Z a-z 0-9 _ -`"));
    }
    if looks_like_id(name) {
        return Err(ApiError::invalid("name", "a name must not begin as an id does, such as `agt_`"));
    }
    Ok(())
}

fn check_namespaces(namespaces: &[String]) -> Result<(), ApiError> {
    if namespaces.len() > Namespaces::MAX {
        return Err(ApiError::invalid("allowed_namespaces", "at most 256 namespaces"));
    }
    for (index, namespace) in namespaces.iter().enumerate() {
        Namespaces::check(namespace)
            .map_err(|error| ApiError::from_core(&format!("allowed_namespaces[{index}]"), &error))?;
    }
    Ok(())
}

fn check_scopes(scopes: &[String]) -> Result<(), ApiError> {
    if scopes.len() > MAX_SCOPES {
        return Err(ApiError::invalid("allowed_scopes", "at most 256 scopes"));
    }
    for (index, scope) in scopes.iter().enumerate() {
        vocabulary::check(&format!("allowed_scopes[{index}]"), scope)?;
    }
    Ok(())
}

fn make(authority: &mut Effect<'_>, wanted: &Wanted) -> Result<(AgentRow, Secret<String>), Stop> {
    authority.require_permission()?;
    let scopes = vocabulary::translate_all(&wanted.scopes, &wanted.namespaces);
    let wanted = if authority.is_operator() { wanted.clone() } else { narrow(authority, wanted, &scopes)? };
    let key = authority.ask_guest(|guest| guest.mint_token(TokenKind::Agent))?;
    let agent = row(authority, wanted, &scopes, key.hash, key.display)?;
    if !authority.store.add_agent(&agent)? {
        let told = "the name is or was another agent's, and names are never used again";
        return Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "name_taken"));
    }
    record(authority, &agent);
    Ok((agent, key.text))
}

fn row(
    authority: &Effect<'_>,
    wanted: Wanted,
    scopes: &[String],
    key_hash: [u8; 32],
    key_display: String,
) -> Result<AgentRow, Stop> {
    let id = authority.ask_guest(|_| Ok(new_id(Prefix::Agent)?))?;
    let tier = wanted.tier.unwrap_or(Tier::Critical);
    let parts = GrantParts {
        id: &id,
        scopes,
        namespaces: Some(&wanted.namespaces),
        ip_allowlist: wanted.ip_policy.as_deref(),
        expires_at: None,
        max_uses: None,
        tier_ceiling: tier,
    };
    let compiled = parts.compile(&authority.app.guest);
    Ok(AgentRow {
        grant: compiled.map_err(|error| authority.uncompiled("allowed_scopes", &error))?,
        id,
        name: wanted.name,
        description: wanted.description,
        allowed_namespaces: wanted.namespaces,
        allowed_scopes: wanted.scopes,
        ip_policy: wanted.ip_policy,
        token_ttl_ceiling: wanted.ttl.map(Millis::as_u64),
        token_tier_ceiling: tier,
        key_hash,
        key_display,
        owner: authority.caller().principal.clone(),
        active: true,
        created_at: authority.now(),
        last_active_at: None,
    })
}

fn record(authority: &mut Effect<'_>, agent: &AgentRow) {
    authority.about(&agent.id);
    let mut event = authority.event(EventType::AgentCreated);
    event.details.push(("name", Detail::Text(agent.name.clone())));
    event.details.push(("allowed_namespaces", Detail::List(agent.allowed_namespaces.clone())));
    event.details.push(("allowed_scopes", Detail::List(agent.allowed_scopes.clone())));
    authority.record(event);
}
