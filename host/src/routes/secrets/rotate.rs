//! `POST /v1/secrets/{namespace}/{key}/rotate`: a new value, and the end of every token that could see or set the old one.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use warded_core::path::{Path, PathBuf};
use warded_core::secret::Secret;

use super::super::call::Call;
use super::super::work::carry_out;
use super::delete::unknown_secret;
use super::fields::{fits, secret_text};
use super::holders::Holders;
use super::write::{add_version, expect_version, next};
use super::{Address, IF_MATCH, generate, if_match};
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Effect, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::Value as ValueText;
use crate::permission::RotateSecret;
use crate::reply::json;
use crate::store::{SecretRow, SecretType};

/// The value to come.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rotation")]
struct RotateIn {
    /// Absent, the server makes one, for `custom` and `db_credential` secrets.
    #[serde(default, deserialize_with = "given_secret_text")]
    #[schemars(with = "Option<ValueText>")]
    new_value: Option<Secret<String>>,
}

fn given_secret_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    secret_text(deserializer).map(Some)
}

/// A secret's new version.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rotated")]
struct RotatedOut<'a> {
    /// What the server has made, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    /// The newest version now.
    version: u64,
    /// How many tokens could read or write the path.
    revoked_tokens: usize,
}

pub(in super::super) const ROTATE: Operation =
    Operation::new("rotate_secret", "Replace a secret's value, and revoke every token that covers its path")
        .at("/v1/secrets/{namespace}/{key}/rotate")
        .headers(&[IF_MATCH])
        .optional_body::<RotateIn>()
        .answer::<RotatedOut<'_>>(200)
        .codes(&[ApiCode::Conflict, ApiCode::NewValueRequired, ApiCode::SecretNotFound]);

/// A secret as rotated.
struct Rotated {
    /// The value that the server made.
    made: Option<Secret<String>>,
    version: u64,
    revoked: usize,
}

pub(in super::super) async fn rotate(mut call: Call<RotateSecret>) -> Result<Response, ApiError> {
    let path = Address::of_secret(&call)?;
    let expected = if_match(&call)?;
    let RotateIn { new_value } = call.optional_body().await?;
    if new_value.as_ref().is_some_and(|value| !fits(value)) {
        return Err(ApiError::invalid("new_value", "at most 64 KiB"));
    }
    let case = call.case(Subject::at(path.as_str()));
    let known = Holders::look(case.clone(), path.clone()).await?;
    let rotated =
        carry_out(case, move |authority| replace(authority, &path, new_value.as_ref(), expected, &known))
            .await?;
    let value = rotated.made.as_ref().map(|made| made.expose().as_str());
    let out = RotatedOut { value, version: rotated.version, revoked_tokens: rotated.revoked };
    Ok(json(StatusCode::OK, &out))
}

/// What rotating a path asks for.
pub(super) const fn rotating(path: Path<'_>) -> Ask<'_> {
    Ask::path("secrets", "rotate", path)
}

fn replace(
    authority: &mut Effect<'_>,
    path: &PathBuf,
    given: Option<&Secret<String>>,
    expected: Option<u64>,
    known: &Holders,
) -> Result<Rotated, Stop> {
    let Some(stored) = authority.require_secret(rotating(path.as_path()), path.as_path())? else {
        return Err(authority.fail(unknown_secret(), "secret_not_found"));
    };
    authority.about(&stored.id);
    expect_version(authority, Some(&stored), expected)?;
    let made = if given.is_some() { None } else { Some(make(authority, &stored)?) };
    let secret = next(stored, authority.now());
    authority.store.update_secret(&secret)?;
    if let Some(value) = given.or(made.as_ref()) {
        add_version(authority, &secret, value)?;
    }
    let revoked = known.revoke(authority, path.as_path())?;
    record(authority, &secret, &revoked);
    Ok(Rotated { made, version: secret.version, revoked: revoked.len() })
}

/// The server makes what nobody else has to know first; a key of somebody's API comes from there.
fn make(authority: &Effect<'_>, stored: &SecretRow) -> Result<Secret<String>, Stop> {
    if !matches!(stored.secret_type, SecretType::Custom | SecretType::DbCredential) {
        let told = format!(
            "a new {} comes from where it is used, give it as `new_value`",
            stored.secret_type.word()
        );
        return Err(authority.fail(ApiError::new(ApiCode::NewValueRequired, told), "new_value_required"));
    }
    authority.ask_guest(|_| Ok(generate::value()?))
}

/// How many revoked tokens one record names.
const NAMED: usize = 100;

fn record(authority: &mut Effect<'_>, secret: &SecretRow, revoked: &[String]) {
    let mut event = authority.event(EventType::SecretRotated);
    event.details.push(("version", Detail::Integer(secret.version)));
    event.details.push(("revoked_tokens", Detail::Integer(u64::try_from(revoked.len()).unwrap_or(u64::MAX))));
    authority.record(event);
    for ids in revoked.chunks(NAMED) {
        let mut event = authority.event(EventType::TokenRevoked);
        event.resource_id = None;
        event.details.push(("secret_id", Detail::Text(secret.id.clone())));
        event.details.push(("tokens", Detail::List(ids.to_vec())));
        authority.record(event);
    }
}
