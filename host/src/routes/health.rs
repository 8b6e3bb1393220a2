//! `/health`, `/v1/health`, `/health/ready`, `/openapi.json`: for probes and clients, without a credential.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::Shared;
use crate::error::{ApiCode, ApiError};
use crate::openapi::words::Object;
use crate::openapi::{self, Operation};
use crate::rate_limit::Rate;
use crate::reply::{json, json_bytes};
use crate::store;

/// The server and its version.
#[derive(Serialize, JsonSchema)]
struct HealthOut {
    status: &'static str,
    version: &'static str,
    service: &'static str,
}

const HEALTHY: HealthOut = HealthOut { status: "ok", version: env!("CARGO_PKG_VERSION"), service: "warded" };

pub(super) const LIVE: Operation =
    Operation::new("health", "Whether the process answers").answer::<HealthOut>(200);

pub(super) const LIVE_IN_VERSION_1: Operation = Operation { id: "health_v1", ..LIVE };

/// The process answers.
pub(super) async fn live(_: Shared) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &HEALTHY))
}

pub(super) const READY: Operation =
    Operation::new("ready", "Whether the database can be read and the engine computes")
        .answer::<HealthOut>(200);

/// The database can be read and the engine computes.
pub(super) async fn ready(app: Shared) -> Result<Response, ApiError> {
    let checked = tokio::task::spawn_blocking(move || {
        let engine = app.guest.call(br#"{"op":"parse_path","text":"a"}"#).is_ok();
        engine && store::query(&*app.store, |read| read.counts()).is_ok()
    });
    if checked.await.unwrap_or(false) {
        return Ok(json(StatusCode::OK, &HEALTHY));
    }
    Err(ApiError::new(ApiCode::Unavailable, "the server cannot do its work, see its log"))
}

pub(super) const DOCUMENT: Operation =
    Operation::new("openapi", "This description").answer::<Object>(200).rate(Rate::Address);

/// The API's description.
pub(super) async fn document(_: Shared) -> Result<Response, ApiError> {
    Ok(json_bytes(StatusCode::OK, openapi::bytes()))
}
