//! `GET /v1/me`: who the operator is.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::work::look_up;
use crate::authorize::Subject;
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::Role;
use crate::permission::ReadMe;
use crate::reply::json;

/// `plan` and `subscription_status` are what a hosted service would say; one client shows them.
#[derive(Serialize, JsonSchema)]
struct MeOut {
    id: String,
    email: String,
    name: String,
    #[schemars(with = "Role")]
    role: &'static str,
    plan: &'static str,
    subscription_status: &'static str,
    secret_count: u64,
    agent_count: u64,
}

pub(super) const GET: Operation =
    Operation::new("me", "Who the operator is").answer::<MeOut>(200).codes(&[ApiCode::NotFound]);

pub(super) async fn get(call: Call<ReadMe>) -> Result<Response, ApiError> {
    let me = look_up(call.case(Subject::default()), |authority| {
        authority.require_permission()?;
        let id = authority.caller().principal.clone();
        let counts = authority.store.counts()?;
        let Some(member) = authority.store.member(&id)? else {
            return Err(authority
                .fail(ApiError::new(ApiCode::NotFound, "there is no such member"), "member_not_found"));
        };
        Ok(MeOut {
            id,
            email: member.email,
            name: member.name,
            role: member.role.word(),
            plan: "self-hosted",
            subscription_status: "active",
            secret_count: counts.secrets,
            agent_count: counts.agents,
        })
    })
    .await?;
    Ok(json(StatusCode::OK, &me))
}
