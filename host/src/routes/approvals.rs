//! `GET /v1/approvals`: what waits for a person. What would need an approval is refused so far, so nothing does.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::call::Call;
use super::work::look_up;
use crate::authorize::Subject;
use crate::error::ApiError;
use crate::permission::ReadApprovals;
use crate::reply::json;

const STATUSES: [&str; 5] = ["pending", "approved", "denied", "expired", "consumed"];

#[derive(Serialize)]
struct ApprovalsOut {
    items: [(); 0],
}

pub(super) async fn list(mut call: Call<ReadApprovals>) -> Result<Response, ApiError> {
    if call.query.take("status").is_some_and(|status| !STATUSES.contains(&status.as_str())) {
        return Err(ApiError::invalid("status", format!("expected one of: {}", STATUSES.join(", "))));
    }
    look_up(call.case(Subject::default()), |authority| authority.require_permission()).await?;
    Ok(json(StatusCode::OK, &ApprovalsOut { items: [] }))
}
