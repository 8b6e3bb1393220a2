//! `GET /v1/audit/checkpoints`: what the installation has signed its audit to be, newest first.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use warded_core::audit::checkpoint::{Checkpoint, PublicKey};
use warded_core::time::Millis;

use super::super::call::Call;
use super::super::work::look_up;
use super::{CURSOR, DEFAULT_LIMIT, LIMIT, MAX_LIMIT};
use crate::audit::checkpoint::document;
use crate::authorize::Subject;
use crate::error::ApiError;
use crate::openapi::Operation;
use crate::openapi::words::Timestamp;
use crate::permission::ReadAudit;
use crate::reply::json;
use crate::timestamp::rfc3339;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Checkpoints")]
struct CheckpointsOut {
    items: Vec<CheckpointOut>,
    /// To be compared with the key that was kept elsewhere: whoever answers could answer any key.
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Checkpoint")]
struct CheckpointOut {
    seq: u64,
    #[schemars(with = "Timestamp")]
    created_at: String,
    /// As it is signed, and as `warded audit verify` takes it.
    #[schemars(with = "serde_json::Map<String, Value>")]
    checkpoint: Value,
}

pub(in super::super) const LIST: Operation =
    Operation::new("list_checkpoints", "What the audit was signed to be, newest first")
        .query(&[LIMIT, CURSOR])
        .answer::<CheckpointsOut>(200);

pub(in super::super) async fn list(mut call: Call<ReadAudit>) -> Result<Response, ApiError> {
    let limit = call.query.take_number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let below = call.query.take_number("cursor", 1, Millis::MAX.as_u64())?.unwrap_or(u64::MAX);
    let (checkpoints, key) = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let checkpoints = authority.store.newest_checkpoints(below, limit)?;
        let key = authority.app.checkpoints.public_key(&mut *authority.store)?;
        Ok((checkpoints, key))
    })
    .await?;
    let is_full = u64::try_from(checkpoints.len()).is_ok_and(|count| count == limit);
    let out = CheckpointsOut {
        next_cursor: checkpoints.last().filter(|_| is_full).map(|oldest| oldest.seq.to_string()),
        items: checkpoints.iter().map(CheckpointOut::new).collect(),
        public_key: key.as_ref().map(PublicKey::as_bytes).map(hex::encode),
    };
    Ok(json(StatusCode::OK, &out))
}

impl CheckpointOut {
    fn new(checkpoint: &Checkpoint) -> Self {
        Self { seq: checkpoint.seq, created_at: rfc3339(checkpoint.time), checkpoint: document(checkpoint) }
    }
}
