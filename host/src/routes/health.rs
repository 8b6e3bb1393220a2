//! `/health`, `/v1/health`, `/health/ready`: for probes and clients, without a credential.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::app::Shared;
use crate::error::{ApiCode, ApiError};
use crate::reply::json;
use crate::store;

#[derive(Serialize)]
struct HealthOut {
    status: &'static str,
    version: &'static str,
    service: &'static str,
}

const HEALTHY: HealthOut = HealthOut { status: "ok", version: env!("CARGO_PKG_VERSION"), service: "warded" };

/// The process answers.
pub(super) async fn live(_: Shared) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &HEALTHY))
}

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
