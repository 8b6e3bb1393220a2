//! The routes: one resource per file.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Serialize;

use crate::app::Shared;
use crate::error::{ApiCode, ApiError};
use crate::reply::json;

pub mod api_router {
    //! How a request finds its route.

    /// The pattern of the route that answered, for the log and the counters.
    #[derive(Debug, Clone, Copy)]
    pub struct MatchedRoute(pub &'static str);
}

/// Everything under `/v1`.
pub fn router(app: Shared) -> Router {
    Router::new().route("/v1/health", get(health)).fallback(not_found).with_state(app)
}

#[derive(Serialize)]
struct HealthOut {
    status: &'static str,
    version: &'static str,
    service: &'static str,
}

async fn health() -> Response {
    json(StatusCode::OK, &HealthOut { status: "ok", version: env!("CARGO_PKG_VERSION"), service: "warded" })
}

async fn not_found() -> Response {
    ApiError::new(ApiCode::NotFound, "there is no such route").into_response()
}
