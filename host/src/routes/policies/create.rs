//! `POST /v1/policies` and `POST /v1/policies/lint`: a new version, or only a look at what would be one.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::call::Call;
use super::super::work::carry_out;
use super::{Known, PolicyOut, at_length, screen};
use crate::app::Shared;
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Stop, Subject};
use crate::error::ApiError;
use crate::guest::CompiledPolicy;
use crate::openapi::Operation;
use crate::openapi::words::Object;
use crate::permission::{ManagePolicies, ReadPolicies};
use crate::policy::judge::{Warning, judge};
use crate::reply::json;

/// What is doubtful in a policy.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PolicyWarnings")]
struct LintOut {
    warnings: Vec<Warning>,
}

pub(in super::super) const LINT: Operation =
    Operation::new("lint_policy", "What is wrong or doubtful in a policy")
        .body::<Object>()
        .answer::<LintOut>(200);

/// Looks at a policy and stores nothing.
pub(in super::super) async fn lint(mut call: Call<ReadPolicies>) -> Result<Response, ApiError> {
    screen(call.case(Subject::default())).await?;
    let text = call.document().await?;
    let (_, warnings) = at_length(call.app(), move |app| judge(&app.guest, &text)).await?;
    Ok(json(StatusCode::OK, &LintOut { warnings }))
}

/// A new version, and what is doubtful in it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedPolicy")]
struct CreatedOut {
    #[serde(flatten)]
    policy: PolicyOut,
    warnings: Vec<Warning>,
}

pub(in super::super) const CREATE: Operation =
    Operation::new("create_policy", "Make the next version of the policy")
        .body::<Object>()
        .answer::<CreatedOut>(201);

/// Stores the next version, which decides nothing until it is activated.
pub(in super::super) async fn create(mut call: Call<ManagePolicies>) -> Result<Response, ApiError> {
    screen(call.case(Subject::default())).await?;
    let text = call.document().await?;
    // Compiling a large policy takes longer than the writer may wait.
    let judged = move |app: &Shared| {
        let (compiled, warnings) = judge(&app.guest, &text)?;
        Ok((text, compiled, warnings))
    };
    let (text, compiled, warnings) = at_length(call.app(), judged).await?;
    let policy =
        carry_out(call.case(Subject::default()), move |authority| add(authority, &text, &compiled)).await?;
    Ok(json(StatusCode::CREATED, &CreatedOut { policy, warnings }))
}

fn add(authority: &mut Effect<'_>, text: &str, compiled: &CompiledPolicy) -> Result<PolicyOut, Stop> {
    authority.require_permission()?;
    let maker = authority.caller().principal.clone();
    let info = authority.store.add_policy(text, compiled, &maker)?;
    let mut event = authority.event(EventType::PolicyChanged);
    event.details.push(("change", Detail::Text("created".to_owned())));
    event.details.push(("digest", Detail::Text(hex::encode(info.digest))));
    event.details.push(("version", Detail::Integer(info.version)));
    authority.record(event);
    let state = authority.store.policy_state()?;
    Ok(PolicyOut::of(Known::from(info), &state))
}
