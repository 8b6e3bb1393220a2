//! Shadow policies: what the next version would have answered, while the active one goes on answering.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use warded_core::decision::Outcome;

use super::super::call::Call;
use super::super::work::{carry_out, look_up};
use super::{Known, StateOut, find, version};
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::{Object, Timestamp};
use crate::permission::{ManagePolicies, ReadPolicies};
use crate::policy::shadow::{Example, OUTCOMES, Seen};
use crate::reply::{empty, json};
use crate::store::policies::FIRST;
use crate::timestamp::rfc3339;

pub(in super::super) const START_SHADOW: Operation =
    Operation::new("start_shadow", "Compare a version with the active one on every request")
        .optional_body::<Object>()
        .answer::<StateOut>(200)
        .codes(&[ApiCode::NotFound, ApiCode::Conflict]);

/// Compares with this version from now on; the report begins anew.
pub(in super::super) async fn start_shadow(mut call: Call<ManagePolicies>) -> Result<Response, ApiError> {
    let version = version(&call)?;
    call.no_body().await?;
    let state = carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let (known, _) = find(authority, version)?;
        let active = authority.store.policy_state()?.active_version();
        if version == active || version == FIRST {
            let told = "a shadow is a version that people made, and that is not the active one";
            return Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "not_a_shadow"));
        }
        authority.store.shadow_policy(Some(version))?;
        record(authority, "shadow", &known);
        Ok(StateOut::from(&authority.store.policy_state()?))
    })
    .await?;
    Ok(json(StatusCode::OK, &state))
}

pub(in super::super) const STOP_SHADOW: Operation =
    Operation::new("stop_shadow", "Compare no version with the active one any more").empty();

/// Where nothing is compared, the answer is the same, and nothing is recorded.
pub(in super::super) async fn stop_shadow(mut call: Call<ManagePolicies>) -> Result<Response, ApiError> {
    call.no_body().await?;
    carry_out(call.case(Subject::default()), |authority| {
        authority.require_permission()?;
        let Some(shadow) = authority.store.policy_state()?.shadow else { return Ok(()) };
        let (known, _) = find(authority, shadow.version)?;
        authority.store.shadow_policy(None)?;
        record(authority, "shadow_ended", &known);
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn record(authority: &mut Effect<'_>, change: &'static str, known: &Known) {
    let mut event = authority.event(EventType::PolicyChanged);
    event.details.push(("change", Detail::Text(change.to_owned())));
    event.details.push(("digest", Detail::Text(hex::encode(known.digest))));
    event.details.push(("version", Detail::Integer(known.version)));
    authority.record(event);
}

/// What was seen since the shadow was set, the active version changed, or the server started.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ShadowReport")]
struct ReportOut {
    #[serde(flatten)]
    state: StateOut,
    /// When the first request was compared; nothing before that.
    #[schemars(with = "Option<Timestamp>")]
    since: Option<String>,
    /// Requests by what the active version answered, and then by what the shadow would have.
    counts: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    differing: u64,
    failed: u64,
    examples: Vec<ExampleOut>,
}

/// A request on which both differ.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ShadowExample")]
struct ExampleOut {
    #[serde(flatten)]
    example: Example,
    #[schemars(with = "Timestamp")]
    last_seen: String,
}

pub(in super::super) const REPORT: Operation =
    Operation::new("shadow_report", "Where the shadow would have answered otherwise")
        .answer::<ReportOut>(200);

pub(in super::super) async fn report(call: Call<ReadPolicies>) -> Result<Response, ApiError> {
    let out = look_up(call.case(Subject::default()), |authority| {
        authority.require_permission()?;
        let state = authority.store.policy_state()?;
        let seen = state.shadow.map(|shadow| authority.app.shadow.seen((state.active, shadow)));
        Ok(of(StateOut::from(&state), seen.unwrap_or_default()))
    })
    .await?;
    Ok(json(StatusCode::OK, &out))
}

fn of(state: StateOut, seen: Seen) -> ReportOut {
    let row = |counts: [u64; 3]| OUTCOMES.map(Outcome::word).into_iter().zip(counts).collect();
    let counts = OUTCOMES.map(Outcome::word).into_iter().zip(seen.counts.map(row)).collect();
    let all: u64 = seen.counts.iter().flatten().sum();
    let agreeing: u64 = seen.counts.iter().enumerate().filter_map(|(index, row)| row.get(index)).sum();
    let shown = |example: Example| ExampleOut { last_seen: rfc3339(example.last), example };
    ReportOut {
        state,
        since: seen.since.map(rfc3339),
        counts,
        differing: all.saturating_sub(agreeing),
        failed: seen.failed,
        examples: seen.examples.into_iter().rev().map(shown).collect(),
    }
}
