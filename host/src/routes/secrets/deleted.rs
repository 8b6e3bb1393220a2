//! `POST /v1/secrets/{namespace}/{key}/restore` and `…/destroy`: what becomes of a deleted secret.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warded_core::path::Path;

use super::super::call::Call;
use super::super::work::carry_out;
use super::Address;
use super::delete::unknown_secret;
use super::description::SecretOut;
use super::write::{record_tier, refuse_taken_path};
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Effect, Stop, Subject};
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::Id;
use crate::permission::{DestroySecret, RestoreSecret};
use crate::reply::json;
use crate::store::{DeletedRow, SecretRow};

/// Which of the secrets that were deleted at a path.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Deleted")]
struct DeletedIn {
    /// The secret's id, if it is not the one that was deleted last, or not all.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Id>")]
    id: Option<String>,
}

pub(in super::super) const RESTORE: Operation =
    Operation::new("restore_secret", "Bring back a deleted secret with its id, versions and tier")
        .at("/v1/secrets/{namespace}/{key}/restore")
        .optional_body::<DeletedIn>()
        .answer::<SecretOut>(200)
        .codes(&[ApiCode::Conflict, ApiCode::PathTaken, ApiCode::SecretNotFound]);

pub(in super::super) async fn restore(mut call: Call<RestoreSecret>) -> Result<Response, ApiError> {
    let path = Address::of_secret(&call)?;
    let DeletedIn { id } = call.optional_body().await?;
    let case = call.case(Subject::at(path.as_str()));
    let secret =
        carry_out(case, move |authority| bring_back(authority, path.as_path(), id.as_deref())).await?;
    Ok(json(StatusCode::OK, &SecretOut::written(&secret)))
}

/// The secret that was deleted last, or the one named, is there again: id, versions and tier as they were.
fn bring_back(authority: &mut Effect<'_>, path: Path<'_>, id: Option<&str>) -> Result<SecretRow, Stop> {
    authority.require(Ask::path("secrets", "restore", path))?;
    if let Some(live) = authority.store.secret(path)? {
        authority.about(&live.id);
        let told = "another secret stands at the path, which has to be deleted first";
        return Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "secret_exists"));
    }
    let mut deleted = matching(authority, path, id)?.into_iter();
    let Some(DeletedRow { secret, .. }) = deleted.next() else {
        return Err(authority.fail(unknown_secret(), "secret_not_found"));
    };
    authority.about(&secret.id);
    refuse_taken_path(authority, path)?;
    let tier = authority.store.last_tier(path)?.map_or(secret.tier, |last| last.max(secret.tier));
    let (from, secret) = (secret.tier, SecretRow { tier, ..secret });
    authority.store.restore_secret(&secret.id)?;
    let mut event = authority.event(EventType::SecretRestored);
    event.details.push(("tier", Detail::Text(secret.tier.word().to_owned())));
    event.details.push(("version", Detail::Integer(secret.version)));
    authority.record(event);
    if tier > from {
        // An older secret does not bring back the lower tier that it had.
        authority.store.update_secret(&secret)?;
        record_tier(authority, &secret, from);
    }
    Ok(secret)
}

/// What is gone for good.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Destroyed")]
struct DestroyedOut {
    /// The ids of the secrets.
    destroyed: Vec<String>,
    /// How many versions they had.
    versions: u64,
}

pub(in super::super) const DESTROY: Operation = Operation::new(
    "destroy_secret",
    "Remove what was deleted at a path, with its versions and data keys, for good",
)
.at("/v1/secrets/{namespace}/{key}/destroy")
.optional_body::<DeletedIn>()
.answer::<DestroyedOut>(200)
.codes(&[ApiCode::Conflict, ApiCode::SecretNotFound]);

pub(in super::super) async fn destroy(mut call: Call<DestroySecret>) -> Result<Response, ApiError> {
    let path = Address::of_secret(&call)?;
    let DeletedIn { id } = call.optional_body().await?;
    let case = call.case(Subject::at(path.as_str()));
    let out = carry_out(case, move |authority| destroy_all(authority, path.as_path(), id.as_deref())).await?;
    Ok(json(StatusCode::OK, &out))
}

/// Every secret that was deleted at the path, or the one named, is gone for good. A live one is not touched.
fn destroy_all(authority: &mut Effect<'_>, path: Path<'_>, id: Option<&str>) -> Result<DestroyedOut, Stop> {
    authority.require(Ask::path("secrets", "destroy", path))?;
    let deleted = matching(authority, path, id)?;
    if deleted.is_empty() {
        return Err(nothing_deleted(authority, path)?);
    }
    let mut out = DestroyedOut { destroyed: Vec::new(), versions: 0 };
    for DeletedRow { secret, .. } in deleted {
        let versions = authority.store.destroy_secret(&secret.id)?;
        out.versions = out.versions.saturating_add(versions);
        let mut event = authority.event(EventType::SecretDestroyed);
        event.resource_id = Some(secret.id.clone());
        event.details.push(("versions", Detail::Integer(versions)));
        authority.record(event);
        out.destroyed.push(secret.id);
    }
    Ok(out)
}

fn nothing_deleted(authority: &mut Effect<'_>, path: Path<'_>) -> Result<Stop, Stop> {
    let Some(live) = authority.store.secret(path)? else {
        return Ok(authority.fail(unknown_secret(), "secret_not_found"));
    };
    authority.about(&live.id);
    let told = "the secret is not deleted, and only what is deleted can be destroyed";
    Ok(authority.fail(ApiError::new(ApiCode::Conflict, told), "secret_exists"))
}

fn matching(authority: &mut Effect<'_>, path: Path<'_>, id: Option<&str>) -> Result<Vec<DeletedRow>, Stop> {
    let mut deleted = authority.store.deleted_secrets(path)?;
    deleted.retain(|row| id.is_none_or(|id| row.secret.id == id));
    Ok(deleted)
}
