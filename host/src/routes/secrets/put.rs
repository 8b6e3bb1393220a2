//! `PUT /v1/secrets/{namespace}/{key}`.

use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};
use warded_core::secret::Secret;

use super::super::call::Call;
use super::super::work::carry_out;
use super::Address;
use super::description::SecretOut;
use super::fields::{Wanted, fits, object_or_null, secret_text};
use super::write::write;
use crate::authorize::Subject;
use crate::body::not_null;
use crate::error::ApiError;
use crate::permission::WriteSecret;
use crate::reply::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutIn {
    #[serde(deserialize_with = "secret_text")]
    value: Secret<String>,
    #[serde(default, deserialize_with = "not_null")]
    secret_type: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    access_tier: Option<String>,
    #[serde(default, deserialize_with = "object_or_null")]
    metadata: Option<Map<String, Value>>,
}

pub(in super::super) async fn put(mut call: Call<WriteSecret>) -> Result<Response, ApiError> {
    let path = Address::of_secret(&call)?;
    let expected = if_match(&call)?;
    let body: PutIn = call.body().await?;
    if !fits(&body.value) {
        return Err(ApiError::invalid("value", "at most 64 KiB"));
    }
    let tier = body.access_tier.as_deref();
    let wanted = Wanted::parse(body.secret_type.as_deref(), tier, body.metadata.as_ref())?;
    let case = call.case(Subject::at(path.as_str()));
    let written =
        carry_out(case, move |authority| write(authority, path.as_path(), &wanted, &body.value, expected))
            .await?;
    let status = if written.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json(status, &SecretOut::written(&written.secret)))
}

/// The version that the caller has seen: a plain number, since versions are what replies give.
fn if_match(call: &Call<WriteSecret>) -> Result<Option<u64>, ApiError> {
    let Some(text) = call.header(&header::IF_MATCH, "If-Match")? else { return Ok(None) };
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let version = text.parse().ok().filter(|version| is_number && *version > 0);
    version.map(Some).ok_or_else(|| ApiError::invalid("If-Match", "expected a version, such as `3`"))
}
