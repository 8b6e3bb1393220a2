//! `POST /v1/agents`.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warded_core::crypto::token::TokenKind;
use warded_core::namespaces::Namespaces;
use warded_core::secret::Secret;
use warded_core::time::Millis;

use super::super::call::Call;
use super::super::work::carry_out;
use super::AgentOut;
use super::held::narrow;
use super::power::{CeilingIn, LimitSchema, MAX_NETWORKS, MAX_SCOPES, Power, PowerIn};
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Stop, Subject};
use crate::body::{not_null, object};
use crate::error::{ApiCode, ApiError};
use crate::grant::LimitDocument;
use crate::guest::MintedToken;
use crate::id::{Prefix, looks_like_id, new_id};
use crate::openapi::Operation;
use crate::openapi::words::{FreeText, Name, Namespace, Network, Scope};
use crate::permission::CreateAgent;
use crate::reply::json;
use crate::store::AgentRow;
use crate::text::free_text;

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
    /// How much the agent and its tokens may use together.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<LimitSchema>>", length(max = 8))]
    limits: Option<Vec<LimitDocument>>,
    #[serde(default, deserialize_with = "object")]
    token_ceiling: Option<CeilingIn>,
}

/// What is asked for, checked.
struct Wanted {
    name: String,
    description: Option<String>,
    power: Power,
}

/// An agent with its new key, which is shown this once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AgentWithKey")]
pub(super) struct WithKeyOut<'a> {
    pub(super) api_key: &'a str,
    #[serde(flatten)]
    pub(super) agent: AgentOut,
}

pub(in super::super) const CREATE: Operation = Operation::new("create_agent", "Make an agent and its key")
    .body::<CreateIn>()
    .answer::<WithKeyOut<'_>>(201)
    .codes(&[ApiCode::Conflict]);

pub(in super::super) async fn create(mut call: Call<CreateAgent>) -> Result<Response, ApiError> {
    let body: CreateIn = call.body().await?;
    check_name(&body.name)?;
    let description = body.description.map(|text| free_text("description", &text)).transpose()?;
    let power = PowerIn {
        allowed_namespaces: Some(body.allowed_namespaces),
        allowed_scopes: Some(body.allowed_scopes),
        ip_policy: body.ip_policy,
        limits: body.limits,
        token_ceiling: body.token_ceiling,
    };
    let power = power.parse(call.app())?.of(&Power::default());
    let wanted = Wanted { name: body.name, description, power };
    let (agent, key) =
        carry_out(call.case(Subject::default()), move |authority| make(authority, &wanted)).await?;
    let out = WithKeyOut { api_key: key.expose(), agent: AgentOut::from(&agent) };
    Ok(json(StatusCode::CREATED, &out))
}

/// Whether a text has the form of a name.
pub(super) fn is_name(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(is_word)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if !is_name(name) {
        return Err(ApiError::invalid("name", "a name is 1 to 64 of `A-Z a-z 0-9 _ -`"));
    }
    if looks_like_id(name) {
        return Err(ApiError::invalid("name", "a name must not begin as an id does, such as `agt_`"));
    }
    Ok(())
}

fn make(authority: &mut Effect<'_>, wanted: &Wanted) -> Result<(AgentRow, Secret<String>), Stop> {
    authority.require_permission()?;
    let power = narrow(authority, &wanted.power)?;
    let key = authority.ask_guest(|guest| guest.mint_token(TokenKind::Agent))?;
    let agent = row(authority, wanted, power, &key)?;
    if !authority.store.add_agent(&agent)? {
        let told = "the name is or was another agent's, and names are never used again";
        return Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "name_taken"));
    }
    record(authority, &agent);
    Ok((agent, key.text))
}

fn row(authority: &Effect<'_>, wanted: &Wanted, power: Power, key: &MintedToken) -> Result<AgentRow, Stop> {
    let id = authority.ask_guest(|_| Ok(new_id(Prefix::Agent)?))?;
    Ok(AgentRow {
        grant: power.compile(authority, &id)?,
        id,
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        token_tier_ceiling: power.tier_ceiling(),
        allowed_namespaces: power.namespaces,
        allowed_scopes: power.scopes,
        ip_policy: power.ip_policy,
        limits: power.limits,
        token_ttl_ceiling: power.ttl.map(Millis::as_u64),
        key_hash: key.hash,
        key_display: key.display.clone(),
        key_owner: authority.caller().principal.clone(),
        former_key_until: None,
        former_key_owner: None,
        owner: authority.caller().principal.clone(),
        active: true,
        revoked: false,
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
