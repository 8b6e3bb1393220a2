//! `/v1/members/{id}/keys`: API keys. Everybody manages their own, admins everybody's; no key makes one that may more than itself.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warded_core::crypto::token::TokenKind;
use warded_core::secret::Secret;
use warded_core::time::Millis;

use super::super::call::Call;
use super::super::networks::{lie_within, networks};
use super::super::work::{carry_out, look_up};
use super::{find, find_active, require_working_admin};
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Authority, Effect, Stop, Subject};
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::id::{Prefix, new_id};
use crate::openapi::Operation;
use crate::openapi::words::{FreeText, Network, Timestamp};
use crate::permission::{CreateKey, ReadKeys, RevokeKey};
use crate::reply::{empty, json};
use crate::store::{KeyBounds, KeyRow, Read, Role};
use crate::text::check_name;
use crate::timestamp::{parse_time, rfc3339};

/// How many networks a key's allowlist may name.
const MAX_NETWORKS: usize = 256;
/// How many live keys a member may have.
const MOST_LIVE: usize = 100;

/// An API key without its text.
#[derive(Debug, Serialize, JsonSchema)]
struct KeyOut {
    id: String,
    member_id: String,
    name: String,
    api_key_prefix: String,
    /// Whether approvals may be decided with it, if the member's role may.
    approve: bool,
    ip_allowlist: Option<Vec<String>>,
    /// Neither revoked nor expired.
    active: bool,
    #[schemars(with = "Timestamp")]
    created_at: String,
    #[schemars(with = "Option<Timestamp>")]
    expires_at: Option<String>,
    #[schemars(with = "Option<Timestamp>")]
    revoked_at: Option<String>,
    #[schemars(with = "Option<Timestamp>")]
    last_used_at: Option<String>,
}

impl KeyOut {
    fn new(key: &KeyRow, now: Millis) -> Self {
        Self {
            id: key.id.clone(),
            member_id: key.member_id.clone(),
            name: key.name.clone(),
            api_key_prefix: key.display.clone(),
            approve: key.approve,
            ip_allowlist: key.bounds.ip_allowlist.clone(),
            active: is_live(key, now),
            created_at: rfc3339(key.created_at),
            expires_at: key.bounds.expires_at.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
            last_used_at: key.last_used_at.map(rfc3339),
        }
    }
}

fn is_live(key: &KeyRow, now: Millis) -> bool {
    key.revoked_at.is_none() && key.bounds.expires_at.is_none_or(|end| now < end)
}

/// A member's keys, revoked ones included.
#[derive(Serialize, JsonSchema)]
struct KeysOut {
    items: Vec<KeyOut>,
}

pub(in super::super) const LIST: Operation = Operation::new("list_member_keys", "A member's API keys")
    .answer::<KeysOut>(200)
    .codes(&[ApiCode::NotFound]);

pub(in super::super) async fn list(call: Call<ReadKeys>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let items = look_up(call.case(Subject::of(&id)), move |authority| {
        require_own_or_all(authority, &id)?;
        find(authority, &id)?;
        let now = authority.store.now();
        Ok(authority.store.keys_of(&id)?.iter().map(|key| KeyOut::new(key, now)).collect())
    })
    .await?;
    Ok(json(StatusCode::OK, &KeysOut { items }))
}

/// One's own keys are everybody's to manage; those of others, which then need not exist, an admin's.
fn require_own_or_all<S: Read + ?Sized>(authority: &mut Authority<'_, S>, member: &str) -> Result<(), Stop> {
    if authority.caller().principal == member {
        return authority.require_permission();
    }
    authority.require(Ask::whole("members", "manage"))
}

/// A key to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewKey")]
struct CreateIn {
    #[schemars(with = "FreeText")]
    name: String,
    /// Whether approvals may be decided with it.
    #[serde(default, deserialize_with = "not_null")]
    approve: Option<bool>,
    /// Never, or with the key that makes it, if absent.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Timestamp>")]
    expires_at: Option<String>,
    /// Anywhere, or where the key that makes it may be used, if absent.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<Network>>", length(min = 1, max = MAX_NETWORKS))]
    ip_allowlist: Option<Vec<String>>,
}

/// What is asked for, checked.
struct Wanted {
    name: String,
    approve: bool,
    bounds: KeyBounds,
}

/// The new key with its text, which is shown this once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeyWithText")]
struct CreatedOut<'a> {
    api_key: &'a str,
    #[serde(flatten)]
    key: KeyOut,
}

pub(in super::super) const CREATE: Operation = Operation::new("create_member_key", "Make an API key")
    .body::<CreateIn>()
    .answer::<CreatedOut<'_>>(201)
    .codes(&[ApiCode::Conflict, ApiCode::NotFound]);

pub(in super::super) async fn create(mut call: Call<CreateKey>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let wanted = Wanted::parse(call.body().await?, call.app().clock.now())?;
    let (key, text) =
        carry_out(call.case(Subject::of(&id)), move |authority| make(authority, &id, &wanted)).await?;
    let out = CreatedOut { api_key: text.expose(), key: KeyOut::new(&key, key.created_at) };
    Ok(json(StatusCode::CREATED, &out))
}

impl Wanted {
    fn parse(body: CreateIn, now: Millis) -> Result<Self, ApiError> {
        check_name("name", &body.name)?;
        let expires_at = body.expires_at.map(|text| parse_time("expires_at", &text)).transpose()?;
        if expires_at.is_some_and(|end| end <= now) {
            return Err(ApiError::invalid("expires_at", "is not in the future"));
        }
        let ip_allowlist =
            body.ip_allowlist.map(|list| networks("ip_allowlist", &list, MAX_NETWORKS)).transpose()?;
        let bounds = KeyBounds { ip_allowlist, expires_at };
        Ok(Self { name: body.name, approve: body.approve.unwrap_or_default(), bounds })
    }
}

fn make(authority: &mut Effect<'_>, member: &str, wanted: &Wanted) -> Result<(KeyRow, Secret<String>), Stop> {
    require_own_or_all(authority, member)?;
    let member = find_active(authority, member)?;
    let bounds = narrow(authority, wanted)?;
    let now = authority.now();
    if authority.store.keys_of(&member.id)?.iter().filter(|key| is_live(key, now)).count() >= MOST_LIVE {
        let told = format!("the member has {MOST_LIVE} live keys, the most there may be: revoke some");
        return Err(authority.deny(ApiError::new(ApiCode::Conflict, told), "limit_exceeded"));
    }
    let minted = authority.ask_guest(|guest| guest.mint_token(TokenKind::ApiKey))?;
    let key = KeyRow {
        id: authority.ask_guest(|_| Ok(new_id(Prefix::Key)?))?,
        member_id: member.id,
        name: wanted.name.clone(),
        hash: minted.hash,
        display: minted.display,
        approve: wanted.approve,
        bounds,
        created_at: now,
        revoked_at: None,
        last_used_at: None,
    };
    authority.store.add_key(&key)?;
    let mut event = authority.event(EventType::MemberKeyCreated);
    event.details.push(("new_key_id", Detail::Text(key.id.clone())));
    event.details.push(("approve", Detail::Text(key.approve.to_string())));
    authority.record(event);
    Ok((key, minted.text))
}

/// Nobody grants what they do not hold: what is left open becomes the bounds of the key that asks.
fn narrow(authority: &Effect<'_>, wanted: &Wanted) -> Result<KeyBounds, Stop> {
    let refuse = |told: &str, reason| Err(authority.deny(ApiError::new(ApiCode::ScopeDenied, told), reason));
    let caller = authority.caller();
    let own = caller.key.as_ref().map(|key| key.bounds.clone()).unwrap_or_default();
    if wanted.approve && !caller.may_approve {
        return refuse("a key without `approve` cannot make one with it", "approve_not_held");
    }
    if wanted.bounds.expires_at.zip(own.expires_at).is_some_and(|(wanted, own)| wanted > own) {
        return refuse("`expires_at` is after the end of the key that asks", "expires_after_maker");
    }
    if let (Some(networks), Some(held)) = (&wanted.bounds.ip_allowlist, &own.ip_allowlist)
        && !lie_within(authority, held, networks)?
    {
        return refuse("a network of `ip_allowlist` is outside that of the key that asks", "ip_not_allowed");
    }
    Ok(KeyBounds {
        ip_allowlist: wanted.bounds.ip_allowlist.clone().or(own.ip_allowlist),
        expires_at: wanted.bounds.expires_at.or(own.expires_at),
    })
}

pub(in super::super) const REVOKE: Operation = Operation::new("revoke_member_key", "Revoke an API key")
    .empty()
    .codes(&[ApiCode::Conflict, ApiCode::NotFound]);

/// A key that is revoked already stays so: the answer is the same, and nothing new is recorded.
pub(in super::super) async fn revoke(call: Call<RevokeKey>) -> Result<Response, ApiError> {
    let (id, key_id) = (call.id()?, call.id_at(1, "key_id")?);
    carry_out(call.case(Subject::of(&id)), move |authority| {
        require_own_or_all(authority, &id)?;
        let is_admins = authority.store.member(&id)?.is_some_and(|member| member.role == Role::Admin);
        let key = authority.store.keys_of(&id)?.into_iter().find(|key| key.id == key_id);
        let unknown = || ApiError::new(ApiCode::NotFound, "the member has no such key");
        let key = key.ok_or_else(|| authority.fail(unknown(), "key_not_found"))?;
        if key.revoked_at.is_none() {
            authority.store.revoke_key(&key.id)?;
            // Who loses a key must be able to end it, also where no admin has had a live one for long.
            if is_admins {
                require_working_admin(authority)?;
            }
            let mut event = authority.event(EventType::MemberKeyRevoked);
            event.details.push(("revoked_key_id", Detail::Text(key.id)));
            authority.record(event);
        }
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
