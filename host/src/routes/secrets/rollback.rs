//! `POST /v1/secrets/{namespace}/{key}/rollback`: an old value as the newest version.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;
use warded_core::path::Path;

use super::super::call::Call;
use super::super::work::carry_out;
use super::delete::unknown_secret;
use super::description::SecretOut;
use super::write::{add_version, expect_version, next};
use super::{Address, IF_MATCH, if_match, sealing};
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Effect, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::permission::RollBackSecret;
use crate::reply::json;
use crate::store::SecretRow;

/// Which value is wanted back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rollback")]
struct RollbackIn {
    /// A version that is kept.
    #[schemars(range(min = 1))]
    version: u64,
}

pub(in super::super) const ROLLBACK: Operation =
    Operation::new("roll_back_secret", "Write an old version's value as a new version")
        .at("/v1/secrets/{namespace}/{key}/rollback")
        .headers(&[IF_MATCH])
        .body::<RollbackIn>()
        .answer::<SecretOut>(200)
        .codes(&[ApiCode::Conflict, ApiCode::SecretNotFound]);

pub(in super::super) async fn rollback(mut call: Call<RollBackSecret>) -> Result<Response, ApiError> {
    let path = Address::of_secret(&call)?;
    let expected = if_match(&call)?;
    let RollbackIn { version } = call.body().await?;
    if version == 0 {
        return Err(ApiError::invalid("version", "versions are counted from 1"));
    }
    let case = call.case(Subject::at(path.as_str()));
    let secret =
        carry_out(case, move |authority| roll_back(authority, path.as_path(), version, expected)).await?;
    Ok(json(StatusCode::OK, &SecretOut::written(&secret)))
}

/// Opens one version and seals it again as the newest, under the tier and with the type that the secret has now.
fn roll_back(
    authority: &mut Effect<'_>,
    path: Path<'_>,
    version: u64,
    expected: Option<u64>,
) -> Result<SecretRow, Stop> {
    let Some(stored) = authority.require_secret(Ask::path("secrets", "write", path), path)? else {
        return Err(authority.fail(unknown_secret(), "secret_not_found"));
    };
    authority.about(&stored.id);
    expect_version(authority, Some(&stored), expected)?;
    let Some(old) = authority.store.version(&stored.id, Some(version))? else {
        return Err(authority.fail(unknown_secret(), "version_not_found"));
    };
    let value = sealing::open(authority, &stored, &old)?;
    let secret = SecretRow { value_at: old.value_at, ..next(stored, authority.now()) };
    authority.store.update_secret(&secret)?;
    add_version(authority, &secret, &value)?;
    let mut event = authority.event(EventType::SecretRolledBack);
    event.details.push(("from", Detail::Integer(version)));
    event.details.push(("version", Detail::Integer(secret.version)));
    authority.record(event);
    Ok(secret)
}
