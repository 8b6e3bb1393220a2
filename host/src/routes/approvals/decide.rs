//! `POST /v1/approvals/{id}/approve` and `…/deny`: what a person says.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::call::Call;
use super::super::work::carry_out;
use super::{describe, find};
use crate::approval::{ApprovalOut, Electorate, KEEPS, announce, later};
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Stop, Subject};
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::FreeText;
use crate::permission::{Approve, Deny};
use crate::reply::json;
use crate::store::approvals::{ApprovalRow, ApprovalStatus, AskerKind, Voice};
use crate::text::free_text;

const CODES: &[ApiCode] = &[ApiCode::Conflict, ApiCode::NotFound];

pub(in super::super) const APPROVE: Operation =
    Operation::new("approve", "Approve what somebody asks").answer::<ApprovalOut>(200).codes(CODES);

pub(in super::super) async fn approve(mut call: Call<Approve>) -> Result<Response, ApiError> {
    let id = call.id()?;
    call.no_body().await?;
    let approval = carry_out(call.case(Subject::of(&id)), move |authority| {
        let row = may_decide(authority, &id)?;
        let row = give(authority, row)?;
        describe(authority, row)
    })
    .await?;
    Ok(json(StatusCode::OK, &approval))
}

/// Why it is denied.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Denial")]
struct DenyIn {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<FreeText>")]
    reason: Option<String>,
}

pub(in super::super) const DENY: Operation = Operation::new("deny", "Deny what somebody asks, for all")
    .optional_body::<DenyIn>()
    .answer::<ApprovalOut>(200)
    .codes(CODES);

pub(in super::super) async fn deny(mut call: Call<Deny>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let DenyIn { reason } = call.optional_body().await?;
    let reason = reason.map(|text| free_text("reason", &text)).transpose()?;
    let approval = carry_out(call.case(Subject::of(&id)), move |authority| {
        let row = may_decide(authority, &id)?;
        let row = refuse(authority, row, reason.as_deref())?;
        describe(authority, row)
    })
    .await?;
    Ok(json(StatusCode::OK, &approval))
}

/// An operator whose role may decide, with a key that is made for it.
fn may_decide(authority: &mut Effect<'_>, id: &str) -> Result<ApprovalRow, Stop> {
    authority.require_permission()?;
    if !authority.caller().may_approve {
        let told = "this key is not made for approvals, use one that has the flag `approve`";
        return Err(authority.deny(ApiError::new(ApiCode::ScopeDenied, told), "approve_flag_missing"));
    }
    find(authority, id)
}

fn give(authority: &mut Effect<'_>, mut row: ApprovalRow) -> Result<ApprovalRow, Stop> {
    let member_id = authority.caller().principal.clone();
    let before = authority.store.voices(&row.id)?;
    let status = row.status_at(authority.now());
    let said_so = before.iter().any(|voice| voice.approves && voice.member_id == member_id);
    if said_so && status == ApprovalStatus::Approved {
        return Ok(row);
    }
    if status != ApprovalStatus::Pending {
        return Err(decided_already(authority, status));
    }
    let electorate = authority.electorate(row.asker_kind, &row.asker_id)?;
    if !electorate.has(&member_id) {
        return Err(may_not(authority, &row));
    }
    if !said_so {
        add_voice(authority, &row, member_id, true, None)?;
    }
    let is_given = count(authority, &mut row, &electorate)?;
    if said_so && !is_given {
        // A repeated request, or another key of the same person: it counts once.
        return Ok(row);
    }
    let mut event = authority.approval_event(EventType::ApprovalGranted, &row);
    event.details.push(("status", Detail::Text(row.status.word().to_owned())));
    if electorate.is_reduced(row.asked.needed) && row.required >= row.asked.needed {
        // Its owner alone: the number is met, but not by somebody else.
        event.details.push(("quorum_reduced", Detail::Integer(row.asked.needed.into())));
    }
    authority.record(event);
    Ok(row)
}

/// Approved once enough of those who may approve now have said so; from then on it has a quarter of an hour.
///
/// How many are enough may have become fewer since the last of them said so.
fn count(authority: &mut Effect<'_>, row: &mut ApprovalRow, electorate: &Electorate) -> Result<bool, Stop> {
    let voices = authority.store.voices(&row.id)?;
    row.required = electorate.required(row.asked.needed);
    let is_given = electorate.counted(&voices) >= row.required;
    if is_given {
        let now = authority.now();
        row.status = ApprovalStatus::Approved;
        row.approved_at = Some(now);
        row.expires_at = later(now, KEEPS);
    }
    authority.store.update_approval(row)?;
    if is_given {
        announce(&mut *authority.store, "approval.granted", row)?;
    }
    Ok(is_given)
}

/// One denial ends it, whoever has approved before; those who may not approve may still deny.
fn refuse(
    authority: &mut Effect<'_>,
    mut row: ApprovalRow,
    reason: Option<&str>,
) -> Result<ApprovalRow, Stop> {
    let status = row.status_at(authority.now());
    if !matches!(status, ApprovalStatus::Approved | ApprovalStatus::Pending) {
        return Err(decided_already(authority, status));
    }
    let member_id = authority.caller().principal.clone();
    add_voice(authority, &row, member_id, false, reason)?;
    row.status = ApprovalStatus::Denied;
    row.denied_at = Some(authority.now());
    authority.store.update_approval(&row)?;
    announce(&mut *authority.store, "approval.denied", &row)?;
    let event = authority.approval_event(EventType::ApprovalDenied, &row);
    authority.record(event);
    Ok(row)
}

fn add_voice(
    authority: &mut Effect<'_>,
    row: &ApprovalRow,
    member_id: String,
    approves: bool,
    reason: Option<&str>,
) -> Result<(), Stop> {
    let created_at = authority.now();
    let voice = Voice { member_id, approves, reason: reason.map(str::to_owned), created_at };
    Ok(authority.store.add_voice(&row.id, &voice)?)
}

fn decided_already(authority: &Effect<'_>, status: ApprovalStatus) -> Stop {
    let told = format!("the approval is {} already", status.word());
    authority.fail(ApiError::new(ApiCode::Conflict, told), "approval_closed")
}

fn may_not(authority: &Effect<'_>, row: &ApprovalRow) -> Stop {
    let own = authority.caller().principal == row.asker_id;
    let (told, reason) = match (own, row.asker_kind) {
        (true, _) => ("nobody approves what they ask themselves", "own_request"),
        (false, AskerKind::Agent) => ("nobody approves what an agent of their own asks", "own_agent"),
        (false, AskerKind::Operator) => ("the member may not approve", "not_entitled"),
    };
    authority.deny(ApiError::new(ApiCode::ScopeDenied, told), reason)
}
