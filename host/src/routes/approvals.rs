//! `/v1/approvals`: what waits for people, and what they say.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::cursor::{self, CURSOR};
use super::page::page;
use super::work::look_up;
use crate::approval::ApprovalOut;
use crate::authorize::{Authority, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::words::Timestamp;
use crate::openapi::{Operation, Parameter};
use crate::permission::{ReadApprovals, ReadOwnApproval};
use crate::reply::json;
use crate::store::Read;
use crate::store::approvals::{ApprovalQuery, ApprovalRow, ApprovalStatus};
use crate::timestamp::rfc3339;

mod decide;

pub(super) use decide::{APPROVE, DENY, approve, deny};

/// How many approvals one listing shows.
const MOST: u64 = 1_000;
const USUAL: u64 = 100;
const STATUSES: &[&str] = &["pending", "approved", "denied", "expired", "consumed"];

/// Approvals that the caller may know of, newest first.
#[derive(Serialize, JsonSchema)]
struct ApprovalsOut {
    items: Vec<ApprovalOut>,
    /// For the next page, if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(super) const LIST: Operation = Operation::new("list_approvals", "Approvals that the caller may know of")
    .query(&[
        Parameter::word("status", "Only those that stand so", STATUSES),
        Parameter::number("limit", "How many at most", 1, MOST),
        CURSOR,
    ])
    .answer::<ApprovalsOut>(200);

pub(super) async fn list(mut call: Call<ReadApprovals>) -> Result<Response, ApiError> {
    let status = call.query.take("status").as_deref().and_then(ApprovalStatus::parse);
    let limit = call.query.take_number("limit", 1, MOST)?.unwrap_or(USUAL);
    let before = call.query.take("cursor");
    let out = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let asker_id = authority.confined_to().map(str::to_owned);
        if let Some(id) = &before {
            known(authority, id)?.ok_or_else(|| authority.fail(cursor::foreign(), "cursor_unknown"))?;
        }
        let (rows, has_more) = page(limit, |limit| {
            authority.store.approvals(&ApprovalQuery { status, asker_id, before, limit })
        })?;
        let next_cursor = rows.last().filter(|_| has_more).map(|row| row.id.clone());
        let items: Result<_, Stop> = rows.into_iter().map(|row| describe(authority, row)).collect();
        Ok(ApprovalsOut { items: items?, next_cursor })
    })
    .await?;
    Ok(json(StatusCode::OK, &out))
}

pub(super) const GET: Operation = Operation::new("get_approval", "One approval, and what people said")
    .answer::<ApprovalOut>(200)
    .codes(&[ApiCode::NotFound]);

pub(super) async fn get(call: Call<ReadApprovals>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let found = look_up(call.case(Subject::of(&id)), move |authority| {
        authority.require_permission()?;
        let row = find(authority, &id)?;
        describe(authority, row)
    })
    .await?;
    Ok(json(StatusCode::OK, &found))
}

/// Where an agent's own approval stands.
#[derive(Serialize, JsonSchema)]
struct OwnApprovalOut {
    id: String,
    status: &'static str,
    #[schemars(with = "Option<Timestamp>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<String>,
    #[schemars(with = "Option<Timestamp>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    denied_at: Option<String>,
    #[schemars(with = "Timestamp")]
    expires_at: String,
}

pub(super) const GET_OWN: Operation =
    Operation::new("get_own_approval", "Where an approval of the agent's own stands")
        .answer::<OwnApprovalOut>(200)
        .codes(&[ApiCode::NotFound]);

pub(super) async fn get_own(call: Call<ReadOwnApproval>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let found = look_up(call.case(Subject::of(&id)), move |authority| {
        authority.require_permission()?;
        let (row, now) = (find(authority, &id)?, authority.store.now());
        Ok(OwnApprovalOut {
            status: row.status_at(now).word(),
            approved_at: row.approved_at.map(rfc3339),
            denied_at: row.denied_at.map(rfc3339),
            expires_at: rfc3339(row.expires_at),
            id: row.id,
        })
    })
    .await?;
    Ok(json(StatusCode::OK, &found))
}

fn describe<S: Read + ?Sized>(
    authority: &mut Authority<'_, S>,
    row: ApprovalRow,
) -> Result<ApprovalOut, Stop> {
    let voices = authority.store.voices(&row.id)?;
    Ok(ApprovalOut::new(row, voices, authority.store.now()))
}

/// An approval that the caller may know of: somebody else's does not exist for an agent.
fn find<S: Read + ?Sized>(authority: &mut Authority<'_, S>, id: &str) -> Result<ApprovalRow, Stop> {
    let unknown = || ApiError::new(ApiCode::NotFound, "there is no such approval");
    known(authority, id)?.ok_or_else(|| authority.fail(unknown(), "approval_not_found"))
}

fn known<S: Read + ?Sized>(authority: &mut Authority<'_, S>, id: &str) -> Result<Option<ApprovalRow>, Stop> {
    let row = authority.store.approval(id)?;
    Ok(row.filter(|row| authority.confined_to().is_none_or(|agent| row.asker_id == agent)))
}
