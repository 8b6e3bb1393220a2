//! `PUT /v1/secrets/{namespace}/{key}`.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use warded_core::secret::Secret;

use super::super::call::Call;
use super::super::work::carry_out;
use super::description::SecretOut;
use super::fields::{Wanted, fits, object_or_null, secret_text};
use super::write::write;
use super::{Address, IF_MATCH, if_match};
use crate::authorize::Subject;
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::{Metadata, SecretType, Tier, Value as ValueText};
use crate::permission::WriteSecret;
use crate::reply::json;

/// A version to be written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewVersion")]
struct PutIn {
    /// At most 64 KiB of UTF-8.
    #[serde(deserialize_with = "secret_text")]
    #[schemars(with = "ValueText")]
    value: Secret<String>,
    /// `custom` keeps what is stored.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<SecretType>")]
    secret_type: Option<String>,
    /// Raises the tier that is stored; a lower one keeps it.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Tier>")]
    access_tier: Option<String>,
    /// At most 8 KiB of JSON; `null` keeps what is stored.
    #[serde(default, deserialize_with = "object_or_null")]
    #[schemars(with = "Metadata")]
    metadata: Option<Map<String, Value>>,
}

pub(in super::super) const PUT: Operation =
    Operation::new("put_secret", "Write a secret, or its next version")
        .at("/v1/secrets/{namespace}/{key}")
        .headers(&[IF_MATCH])
        .body::<PutIn>()
        .answer::<SecretOut>(201)
        .answer::<SecretOut>(200)
        .codes(&[ApiCode::Conflict, ApiCode::PathTaken]);

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
