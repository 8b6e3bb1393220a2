//! `DELETE /v1/secrets/{namespace}/{key}`.

use axum::http::StatusCode;
use axum::response::Response;

use super::super::call::Call;
use super::super::work::carry_out;
use super::write::expect_version;
use super::{Address, IF_MATCH, if_match};
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::permission::DeleteSecret;
use crate::reply::empty;

pub(in super::super) const DELETE: Operation =
    Operation::new("delete_secret", "Delete a secret, so that it can be restored")
        .at("/v1/secrets/{namespace}/{key}")
        .headers(&[IF_MATCH])
        .empty()
        .codes(&[ApiCode::Conflict, ApiCode::SecretNotFound]);

pub(in super::super) async fn delete(call: Call<DeleteSecret>) -> Result<Response, ApiError> {
    let path = Address::of_secret(&call)?;
    let expected = if_match(&call)?;
    let case = call.case(Subject::at(path.as_str()));
    carry_out(case, move |authority| {
        let path = path.as_path();
        let Some(secret) = authority.require_secret(Ask::path("secrets", "delete", path), path)? else {
            return Err(authority.fail(unknown_secret(), "secret_not_found"));
        };
        authority.about(&secret.id);
        expect_version(authority, Some(&secret), expected)?;
        authority.store.delete_secret(&secret.id)?;
        let mut event = authority.event(EventType::SecretDeleted);
        event.details.push(("version", Detail::Integer(secret.version)));
        authority.record(event);
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// What a caller who may know is told of a path without a secret.
pub(super) fn unknown_secret() -> ApiError {
    ApiError::new(ApiCode::SecretNotFound, "there is no such secret")
}
