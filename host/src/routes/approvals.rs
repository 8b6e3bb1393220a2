//! `GET /v1/approvals`: what waits for a person. What would need an approval is refused so far, so nothing does.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::work::look_up;
use crate::authorize::Subject;
use crate::error::ApiError;
use crate::openapi::{Operation, Parameter};
use crate::permission::ReadApprovals;
use crate::reply::json;

const STATUSES: &[&str] = &["pending", "approved", "denied", "expired", "consumed"];

/// Approvals that the caller may know of.
#[derive(Serialize, JsonSchema)]
struct ApprovalsOut {
    items: [(); 0],
}

pub(super) const LIST: Operation = Operation::new("list_approvals", "Approvals that the caller may know of")
    .query(&[Parameter::word("status", "Only those that stand so", STATUSES)])
    .answer::<ApprovalsOut>(200);

pub(super) async fn list(call: Call<ReadApprovals>) -> Result<Response, ApiError> {
    look_up(call.case(Subject::default()), |authority| authority.require_permission()).await?;
    Ok(json(StatusCode::OK, &ApprovalsOut { items: [] }))
}
