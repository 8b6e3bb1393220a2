//! `GET /v1/secrets/{…}`: a secret, or what lies below, as the caller's scopes say.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use warded_core::decision::Outcome;
use warded_core::path::Path;
use warded_core::pattern::Pattern;
use warded_core::secret::Secret;

use super::super::call::Call;
use super::super::cursor::CURSOR;
use super::super::survey::looking;
use super::super::work::carry_out;
use super::delete::unknown_secret;
use super::description::{SecretOut, metadata};
use super::list::{LIMIT, ListingOut, Page, list_below};
use super::{Address, sealing};
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Effect, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::words::{SecretType, Tier, Timestamp};
use crate::openapi::{Operation, Parameter};
use crate::permission::ReadSecret;
use crate::query::Query;
use crate::reply::json;
use crate::store::{SecretRow, VersionInfo};
use crate::timestamp::rfc3339;

/// What of a secret is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Metadata,
    Value { version: Option<u64> },
    Versions,
}

/// Whether the query settles what the path means.
#[derive(Debug, Clone)]
enum Wanted {
    Either,
    Listing(Page),
    Secret(Part),
}

/// What was found.
enum Found {
    Metadata(SecretRow),
    Value { value: Secret<Vec<u8>>, secret: SecretRow, version: u64, updated_at: String },
    Versions(SecretRow, Vec<VersionInfo>),
}

/// What a path can be answered with, as the query and the caller's scopes say.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "SecretOrListing")]
#[expect(dead_code, reason = "describes the answers; each is written as it is")]
enum Any<'a> {
    /// The value.
    Value(ValueOut<'a>),
    /// With `view=metadata`.
    Metadata(SecretOut),
    /// With `view=versions`.
    Versions(VersionsOut<'a>),
    /// What lies below.
    Listing(ListingOut<'a>),
}

pub(in super::super) const READ: Operation =
    Operation::new("read_secret", "A secret's value, or what lies below the path")
        .at("/v1/secrets/{namespace}/{key}")
        .query(&[
            Parameter::number("version", "This version, not the newest", 1, u32::MAX as u64),
            Parameter::word("view", "The secret without its value, or its versions", VIEWS),
            LIMIT,
            CURSOR,
        ])
        .answer::<Any<'_>>(200)
        .codes(&[ApiCode::SecretNotFound]);

pub(in super::super) const LIST_BELOW: Operation =
    Operation::new("list_namespace", "Secrets below a namespace, without their values")
        .at("/v1/secrets/{namespace}")
        .query(&[LIMIT, CURSOR])
        .answer::<ListingOut<'_>>(200);

const VIEWS: &[&str] = &["metadata", "versions"];

pub(in super::super) async fn read(mut call: Call<ReadSecret>) -> Result<Response, ApiError> {
    let address = Address::of(&call)?;
    let wanted = Wanted::parse(&mut call.query, address.path.as_path(), address.is_namespace)?;
    let case = call.case(Subject::at(address.path.as_str()));
    let path = address.path.clone();
    let part = match wanted {
        Wanted::Listing(page) => return Ok(list_below(case, Some(path), page).await?.answer()),
        Wanted::Secret(part) => Some(part),
        Wanted::Either => None,
    };
    let resolving = move |authority: &mut Effect<'_>| resolve(authority, address.path.as_path(), part);
    match carry_out(case.clone(), resolving).await? {
        Some(found) => Ok(answer(&found)),
        None => Ok(list_below(case, Some(path), Page::default()).await?.answer()),
    }
}

impl Wanted {
    fn parse(query: &mut Query, path: Path<'_>, is_namespace: bool) -> Result<Self, ApiError> {
        let part = Part::parse(query)?;
        let page = Page::parse(query, Some(path))?;
        match (part, page) {
            (Some(_), Some(_)) => Err(ApiError::invalid(
                "limit",
                "`limit` and `cursor` belong to a listing, `version` and `view` to a secret",
            )),
            (Some(_), None) if is_namespace => {
                Err(ApiError::invalid("path", "a namespace and a key are needed, such as `production/KEY`"))
            }
            (Some(part), None) => Ok(Self::Secret(part)),
            (None, Some(page)) => Ok(Self::Listing(page)),
            (None, None) if is_namespace => Ok(Self::Listing(Page::default())),
            (None, None) => Ok(Self::Either),
        }
    }
}

impl Part {
    fn parse(query: &mut Query) -> Result<Option<Self>, ApiError> {
        let version = query.take_number("version", 1, u64::from(u32::MAX))?;
        match (query.take("view").as_deref(), version) {
            (None, None) => Ok(None),
            (None, Some(_)) => Ok(Some(Self::Value { version })),
            (Some("metadata"), None) => Ok(Some(Self::Metadata)),
            (Some("versions"), None) => Ok(Some(Self::Versions)),
            (Some("metadata" | "versions"), Some(_)) => {
                Err(ApiError::invalid("version", "a view is of all versions"))
            }
            (Some(_), _) => Err(ApiError::invalid("view", "expected one of: metadata, versions")),
        }
    }
}

/// Only the path covered: the secret. Only what lies below: a listing. Both: whichever exists. Neither: refused without a look-up.
///
/// `None` is a listing, which is decided for itself; without a part asked for, the path may mean one.
fn resolve(authority: &mut Effect<'_>, path: Path<'_>, asked: Option<Part>) -> Result<Option<Found>, Stop> {
    let part = asked.unwrap_or(Part::Value { version: None });
    if !matches!(part, Part::Value { .. }) {
        authority.refuse_as(EventType::SecretListed);
    }
    let itself = authority.judge(Ask::path(looking(authority.asker()), "read", path))?;
    if itself.outcome() != Outcome::Allow {
        let is_listing = asked.is_none() && may_list(authority, path)?;
        return if is_listing { Ok(None) } else { Err(authority.refuse(&itself)) };
    }
    match authority.store.secret(path)? {
        Some(secret) => {
            authority.accept(&itself)?;
            read_secret(authority, path, secret, part).map(Some)
        }
        None if asked.is_none() && may_list(authority, path)? && has_below(authority, path)? => Ok(None),
        None => Err(authority.fail(unknown_secret(), "secret_not_found")),
    }
}

/// Whether all that lies below a path is covered.
fn may_list(authority: &Effect<'_>, path: Path<'_>) -> Result<bool, Stop> {
    let below = Pattern::below(path);
    let ask = Ask::listing(looking(authority.asker()), "read", below.as_pattern());
    Ok(authority.decide(ask)?.outcome() == Outcome::Allow)
}

fn has_below(authority: &mut Effect<'_>, path: Path<'_>) -> Result<bool, Stop> {
    Ok(!authority.store.secrets(&format!("{path}/"), None, 1)?.is_empty())
}

/// A secret whose path is covered, on its stored tier.
fn read_secret(
    authority: &mut Effect<'_>,
    path: Path<'_>,
    secret: SecretRow,
    part: Part,
) -> Result<Found, Stop> {
    authority.about(&secret.id);
    let reading = Ask::path("secrets", "read", path);
    if !authority.is_operator() {
        authority.require_tier(reading, &secret)?;
    } else if matches!(part, Part::Value { .. }) {
        // What operators see of secrets without their values has no tier; the value is another question.
        authority.require(reading.clone())?;
        authority.require_tier(reading, &secret)?;
    }
    show(authority, secret, part)
}

fn show(authority: &mut Effect<'_>, secret: SecretRow, part: Part) -> Result<Found, Stop> {
    let Part::Value { version } = part else {
        let view = if part == Part::Metadata { "metadata" } else { "versions" };
        let mut event = authority.event(EventType::SecretListed);
        event.details.push(("view", Detail::Text(view.to_owned())));
        authority.record(event);
        return Ok(match part {
            Part::Versions => {
                let versions = authority.store.versions(&secret.id)?;
                Found::Versions(secret, versions)
            }
            _ => Found::Metadata(secret),
        });
    };
    let Some(version) = authority.store.version(&secret.id, version)? else {
        return Err(authority.fail(unknown_secret(), "version_not_found"));
    };
    let value = sealing::open(authority, &secret, &version)?;
    let mut event = authority.event(EventType::SecretRead);
    event.details.push(("version", Detail::Integer(version.version)));
    authority.record(event);
    let updated_at = rfc3339(version.created_at);
    Ok(Found::Value { value, secret, version: version.version, updated_at })
}

/// A value.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SecretValue")]
struct ValueOut<'a> {
    value: &'a str,
    #[schemars(with = "SecretType")]
    secret_type: &'static str,
    #[schemars(with = "Tier")]
    access_tier: &'static str,
    metadata: Map<String, Value>,
    version: u64,
    #[schemars(with = "Timestamp")]
    updated_at: &'a str,
}

/// Who wrote which version when.
#[derive(Serialize, JsonSchema)]
struct VersionsOut<'a> {
    namespace: &'a str,
    key: &'a str,
    items: Vec<VersionOut<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct VersionOut<'a> {
    version: u64,
    #[schemars(with = "Timestamp")]
    created_at: String,
    created_by: &'a str,
}

fn answer(found: &Found) -> Response {
    match found {
        Found::Metadata(secret) => json(StatusCode::OK, &SecretOut::written(secret)),
        Found::Value { value, secret, version, updated_at } => json(
            StatusCode::OK,
            &ValueOut {
                value: str::from_utf8(value.expose()).unwrap_or_default(),
                secret_type: secret.secret_type.word(),
                access_tier: secret.tier.word(),
                metadata: metadata(&secret.metadata),
                version: *version,
                updated_at,
            },
        ),
        Found::Versions(secret, versions) => {
            let (namespace, key) = secret.namespace_and_key();
            let items = versions.iter().map(|info| VersionOut {
                version: info.version,
                created_at: rfc3339(info.created_at),
                created_by: &info.created_by,
            });
            json(StatusCode::OK, &VersionsOut { namespace, key, items: items.collect() })
        }
    }
}
