//! `GET /v1/rotations`: secrets whose value has become too old, the oldest first.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use warded_core::path::Path;
use warded_core::pattern::{Pattern, PatternBuf};
use warded_core::time::Millis;

use super::call::Call;
use super::cursor::{CURSOR, Moment};
use super::secrets::everything;
use super::survey::{Survey, may_see, survey};
use crate::audit::Detail;
use crate::authorize::{Authority, Stop, Subject};
use crate::error::ApiError;
use crate::openapi::words::{SecretType, Tier, Timestamp};
use crate::openapi::{Operation, Parameter};
use crate::permission::ReadRotations;
use crate::reply::json;
use crate::rotation::{Rule, environment_of};
use crate::store::{Read, SecretRow};
use crate::timestamp::{parse_time, rfc3339};

/// How many secrets one answer looks at; a cursor leads to the rest.
const MOST: u64 = 10_000;
/// Items of one answer.
const MAX_LIMIT: u64 = 1_000;

/// A secret that is due.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DueSecret")]
struct DueOut {
    id: String,
    namespace: String,
    key: String,
    version: u64,
    #[schemars(with = "SecretType")]
    secret_type: &'static str,
    #[schemars(with = "Tier")]
    access_tier: &'static str,
    /// The first segment of the path, in its long form.
    environment: String,
    /// When the value was first written.
    #[schemars(with = "Timestamp")]
    written_at: String,
    /// When it has to be another one.
    #[schemars(with = "Timestamp")]
    due_at: String,
    /// The rule of `rotation_periods` that says so.
    rule: String,
}

/// What is due, the oldest value first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rotations")]
struct RotationsOut {
    items: Vec<DueOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Leads on, if there is more.
    next_cursor: Option<String>,
}

pub(super) const LIST: Operation =
    Operation::new("list_rotations", "Secrets that are due, the oldest value first")
        .query(&[
            Parameter::time("due_before", "What is due until then, not until now"),
            Parameter::number("limit", "Items at most", 1, MAX_LIMIT),
            CURSOR,
        ])
        .answer::<RotationsOut>(200);

pub(super) async fn list(mut call: Call<ReadRotations>) -> Result<Response, ApiError> {
    let until = call.query.take("due_before").map(|text| parse_time("due_before", &text)).transpose()?;
    let limit = call.query.take_number("limit", 1, MAX_LIMIT)?.unwrap_or(MAX_LIMIT);
    let after = call.query.take("cursor");
    let after = after.map(|text| Moment::decode(&text, |path| Path::parse(path).is_ok())).transpose()?;
    let due = Due { everything: everything()?, until, limit, after };
    let found = survey(call.case(Subject::default()), due).await?;
    let next_cursor = found.next.as_ref().map(Moment::encode);
    Ok(json(StatusCode::OK, &RotationsOut { items: found.items, next_cursor }))
}

/// What is asked for.
struct Due {
    everything: PatternBuf,
    until: Option<Millis>,
    limit: u64,
    after: Option<Moment>,
}

/// The place of a secret: its value's age and its path.
fn place(row: &SecretRow) -> Moment {
    Moment { at: row.value_at, which: row.path.clone() }
}

struct Found {
    items: Vec<DueOut>,
    next: Option<Moment>,
}

impl Survey for Due {
    type Found = Found;

    fn pattern(&self) -> Pattern<'_> {
        self.everything.as_pattern()
    }

    fn collect<S: Read + ?Sized>(&self, authority: &mut Authority<'_, S>) -> Result<Found, Stop> {
        let mut found = Found { items: Vec::new(), next: None };
        let until = self.until.unwrap_or_else(|| authority.store.now());
        let app = authority.app;
        let Some(youngest) = youngest(until, app.config.rotation_periods.shortest()) else {
            return Ok(found);
        };
        let after = self.after.as_ref().map(Moment::parts);
        let rows = authority.store.secrets_by_age(youngest, after, MOST)?;
        let may_be_more = rows.len() as u64 == MOST;
        let mut last = None;
        for row in rows {
            if found.items.len() as u64 >= self.limit {
                return Ok(Found { next: last, ..found });
            }
            last = Some(place(&row));
            let due = app.config.rotation_periods.due(&row).filter(|(due, _)| *due <= until);
            if let Some((at, rule)) = due
                && may_see(authority, &row)?
            {
                found.items.push(DueOut::new(&row, at, rule));
            }
        }
        Ok(Found { next: last.filter(|_| may_be_more), ..found })
    }

    fn details(&self, found: &Found) -> Vec<(&'static str, Detail)> {
        let items = u64::try_from(found.items.len()).unwrap_or(u64::MAX);
        vec![("items", Detail::Integer(items)), ("view", Detail::Text("rotations".to_owned()))]
    }
}

/// The youngest value that can be due; `None` if none can.
fn youngest(until: Millis, shortest: Option<Millis>) -> Option<Millis> {
    Millis::new(until.as_u64().checked_sub(shortest?.as_u64())?).ok()
}

impl DueOut {
    fn new(row: &SecretRow, due: Millis, rule: &Rule) -> Self {
        let (namespace, key) = row.namespace_and_key();
        Self {
            id: row.id.clone(),
            namespace: namespace.to_owned(),
            key: key.to_owned(),
            version: row.version,
            secret_type: row.secret_type.word(),
            access_tier: row.tier.word(),
            environment: environment_of(&row.path).to_owned(),
            written_at: rfc3339(row.value_at),
            due_at: rfc3339(due),
            rule: rule.text.clone(),
        }
    }
}
