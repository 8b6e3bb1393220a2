//! `GET /v1/audit`: what happened, newest first; its export, its checkpoints, and erasure.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use warded_core::ip::parse_address;
use warded_core::time::Millis;

use super::call::Call;
use super::cursor;
use super::work::look_up;
use crate::authorize::Subject;
use crate::error::ApiError;
use crate::openapi::words::Timestamp;
use crate::openapi::{Operation, Parameter};
use crate::permission::ReadAudit;
use crate::query::Query;
use crate::reply::json;
use crate::store::{AuditQuery, AuditRow};
use crate::timestamp::parse_time;

pub(super) mod checkpoints;
pub(super) mod erase;
mod event_types;
pub(super) mod export;

use event_types::{is_event_type, is_resource_type};

/// The parameters that say what is looked for.
const FILTERS: [Parameter; 8] = [
    Parameter::text("event_type", "Such as `secret.read`"),
    Parameter::text("resource_type", "The first word of the event type, such as `secret`"),
    Parameter::text("actor_id", "Who did it or was refused"),
    Parameter::text("path", "Exactly this path"),
    Parameter::word("outcome", "What came of it", OUTCOMES),
    Parameter::text("ip", "From this address"),
    Parameter::time("start_time", "From this time on"),
    Parameter::time("end_time", "Before this time"),
];

/// The parameters of the query.
const PARAMETERS: &[Parameter] = &{
    let [a, b, c, d, e, f, g, h] = FILTERS;
    [a, b, c, d, e, f, g, h, PAGE, LIMIT, CURSOR]
};
const PAGE: Parameter = Parameter::number("page", "Which page, from 1", 1, MAX_PAGE);
const LIMIT: Parameter = Parameter::number("limit", "Entries of one page", 1, MAX_LIMIT);
const CURSOR: Parameter = Parameter::number("cursor", cursor::CURSOR.about, 1, Millis::MAX.as_u64());

/// Up to here the total is exact.
const MOST_COUNTED: u64 = 10_000;
const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 1_000;
/// Beyond it a cursor leads on.
const MAX_PAGE: u64 = 1_000_000;
const OUTCOMES: &[&str] = &["allow", "deny", "ask", "error"];

/// A page of the audit, newest first.
#[derive(Serialize, JsonSchema)]
struct AuditOut {
    events: Vec<EventOut>,
    /// Exact up to 10,000.
    total: u64,
    /// Whether there are more than `total` says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_floor: bool,
    page: u64,
    limit: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One record.
#[derive(Serialize, JsonSchema)]
struct EventOut {
    id: String,
    seq: u64,
    event_type: String,
    actor_id: String,
    actor_type: String,
    resource_type: String,
    resource_id: Option<String>,
    path: Option<String>,
    outcome: String,
    reasons: Vec<String>,
    ip_address: Option<String>,
    request_id: Option<String>,
    metadata: Map<String, Value>,
    #[schemars(with = "Timestamp")]
    created_at: String,
    link: String,
}

/// The record as hashed.
#[derive(Deserialize)]
struct Record {
    actor: Actor,
    details: Map<String, Value>,
    event_type: String,
    id: String,
    ip: Option<String>,
    outcome: String,
    path: Option<String>,
    reasons: Vec<String>,
    request_id: Option<String>,
    resource_id: Option<String>,
    resource_type: String,
    time: String,
}

#[derive(Deserialize)]
struct Actor {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

pub(super) const LIST: Operation =
    Operation::new("list_audit", "What happened, newest first").query(PARAMETERS).answer::<AuditOut>(200);

pub(super) async fn list(mut call: Call<ReadAudit>) -> Result<Response, ApiError> {
    let (query, page) = parse(&mut call.query)?;
    let limit = query.limit;
    let (events, counted) = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let rows = authority.store.audit(&query)?;
        let all = AuditQuery { below: None, ..query };
        Ok((rows, authority.store.audit_count(&all, MOST_COUNTED.saturating_add(1))?))
    })
    .await?;
    let is_full = u64::try_from(events.len()).is_ok_and(|count| count == limit);
    let next_cursor = events.last().filter(|_| is_full).map(|row| row.seq.to_string());
    let out = AuditOut {
        events: events.into_iter().filter_map(event).collect(),
        total: counted.min(MOST_COUNTED),
        total_is_floor: counted > MOST_COUNTED,
        page,
        limit,
        next_cursor,
    };
    Ok(json(StatusCode::OK, &out))
}

fn event(row: AuditRow) -> Option<EventOut> {
    let record: Record = serde_json::from_slice(&row.record).ok()?;
    Some(EventOut {
        id: record.id,
        seq: row.seq,
        event_type: record.event_type,
        actor_id: record.actor.id,
        actor_type: record.actor.kind,
        resource_type: record.resource_type,
        resource_id: record.resource_id,
        path: record.path,
        outcome: record.outcome,
        reasons: record.reasons,
        ip_address: record.ip,
        request_id: record.request_id,
        metadata: record.details,
        created_at: record.time,
        link: hex::encode(row.link),
    })
}

fn parse(query: &mut Query) -> Result<(AuditQuery, u64), ApiError> {
    let limit = query.take_number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let cursor = query.take_number("cursor", 1, Millis::MAX.as_u64())?;
    let page = query.take_number("page", 1, MAX_PAGE)?;
    if cursor.is_some() && page.is_some() {
        return Err(ApiError::invalid("cursor", "give either `page` or `cursor`"));
    }
    let page = page.unwrap_or(1);
    let offset = page.saturating_sub(1).saturating_mul(limit);
    Ok((AuditQuery { below: cursor, offset, limit, ..parse_filters(query)? }, page))
}

/// What is looked for, however much of it.
fn parse_filters(query: &mut Query) -> Result<AuditQuery, ApiError> {
    Ok(AuditQuery {
        event_type: known(query, "event_type", is_event_type)?,
        resource_type: known(query, "resource_type", is_resource_type)?,
        actor_id: query.take("actor_id"),
        path: query.take("path"),
        outcome: query.take("outcome"),
        ip: query.take("ip").map(|text| address(&text)).transpose()?,
        start: time(query, "start_time")?,
        end: time(query, "end_time")?,
        ..AuditQuery::default()
    })
}

/// A word of a closed list: a misspelt one would find nothing, which reads like an answer.
fn known(query: &mut Query, name: &str, is_known: fn(&str) -> bool) -> Result<Option<String>, ApiError> {
    let Some(text) = query.take(name) else { return Ok(None) };
    if is_known(&text) { Ok(Some(text)) } else { Err(ApiError::invalid(name, "no such word in the audit")) }
}

/// The canonical text of an address, as records have it.
fn address(text: &str) -> Result<String, ApiError> {
    let address = parse_address(text).map_err(|error| ApiError::from_core("ip", &error))?;
    Ok(address.to_canonical().to_string())
}

fn time(query: &mut Query, name: &str) -> Result<Option<Millis>, ApiError> {
    query.take(name).map(|text| parse_time(name, &text)).transpose()
}
