//! `/v1/policies`: versions of the operator's rules, which of them decides, and what each would say.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use warded_core::time::Millis;

use super::call::Call;
use super::cursor::CURSOR;
use super::work::look_up;
use crate::app::Shared;
use crate::authorize::{Authority, Case, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::openapi::words::{Object, Timestamp};
use crate::openapi::{Operation, Parameter};
use crate::permission::{Permission, ReadPolicies};
use crate::policy::FIRST_DOCUMENT;
use crate::reply::json;
use crate::store::Read;
use crate::store::policies::{FIRST, PolicyInfo, PolicyState};
use crate::timestamp::rfc3339;

mod activate;
mod create;
mod diff;
mod examine;
mod shadow;

pub(super) use activate::{ACTIVATE, ROLL_BACK, activate, roll_back};
pub(super) use create::{CREATE, LINT, create, lint};
pub(super) use diff::{DIFF, diff};
pub(super) use examine::{EXAMINE, examine};
pub(super) use shadow::{REPORT, START_SHADOW, STOP_SHADOW, report, start_shadow, stop_shadow};

/// How many versions a list shows at most.
const MOST_LISTED: u64 = 1_000;

/// A version without its document.
#[derive(Debug, Serialize, JsonSchema)]
struct PolicyOut {
    version: u64,
    digest: String,
    /// Whether its answer counts.
    active: bool,
    /// Whether it is compared with the active one.
    shadow: bool,
    /// Absent, as is who made it, of the first policy.
    #[schemars(with = "Option<Timestamp>")]
    created_at: Option<String>,
    created_by: Option<String>,
}

/// A version as known by everybody, the first one included.
#[derive(Debug, Clone)]
struct Known {
    version: u64,
    digest: [u8; 32],
    made: Option<(Millis, String)>,
}

impl From<PolicyInfo> for Known {
    fn from(info: PolicyInfo) -> Self {
        Self { version: info.version, digest: info.digest, made: Some((info.created_at, info.created_by)) }
    }
}

impl PolicyOut {
    fn of(known: Known, state: &PolicyState) -> Self {
        let (created_at, created_by) = known.made.map(|(at, by)| (rfc3339(at), by)).unzip();
        Self {
            version: known.version,
            digest: hex::encode(known.digest),
            active: state.active_version() == known.version,
            shadow: state.shadow.is_some_and(|shadow| shadow.version == known.version),
            created_at,
            created_by,
        }
    }
}

/// Which versions decide.
#[derive(Debug, Serialize, JsonSchema)]
struct StateOut {
    active: u64,
    shadow: Option<u64>,
    /// Raised by each change of either.
    revision: u64,
}

impl From<&PolicyState> for StateOut {
    fn from(state: &PolicyState) -> Self {
        Self {
            active: state.active_version(),
            shadow: state.shadow.map(|shadow| shadow.version),
            revision: state.revision,
        }
    }
}

/// Versions, the newest first, and which of them decide.
#[derive(Serialize, JsonSchema)]
struct PoliciesOut {
    items: Vec<PolicyOut>,
    #[serde(flatten)]
    state: StateOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

const PAGE: &[Parameter] = &[
    Parameter::number("limit", "How many versions to show", 1, MOST_LISTED),
    Parameter::number("cursor", CURSOR.about, FIRST + 1, u64::MAX),
];
pub(super) const LIST: Operation = Operation::new("list_policies", "Versions of the policy, newest first")
    .query(PAGE)
    .answer::<PoliciesOut>(200);

pub(super) async fn list(mut call: Call<ReadPolicies>) -> Result<Response, ApiError> {
    let limit = call.query.take_number("limit", 1, MOST_LISTED)?.unwrap_or(MOST_LISTED);
    let below = call.query.take_number("cursor", FIRST + 1, u64::MAX)?;
    let out = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let state = authority.store.policy_state()?;
        let mut known: Vec<_> =
            authority.store.policies(below, limit)?.into_iter().map(Known::from).collect();
        let full = u64::try_from(known.len()).is_ok_and(|found| found >= limit);
        if !full {
            known.push(first(authority)?);
        }
        let next = full.then(|| known.last().map(|last| last.version.to_string())).flatten();
        let items = known.into_iter().map(|known| PolicyOut::of(known, &state)).collect();
        Ok(PoliciesOut { items, state: StateOut::from(&state), next_cursor: next })
    })
    .await?;
    Ok(json(StatusCode::OK, &out))
}

/// A version with its document, as it was sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PolicyWithDocument")]
struct WholeOut {
    #[serde(flatten)]
    policy: PolicyOut,
    #[schemars(with = "Object")]
    document: Value,
}

pub(super) const GET: Operation = Operation::new("get_policy", "One version of the policy")
    .answer::<WholeOut>(200)
    .codes(&[ApiCode::NotFound]);

pub(super) async fn get(call: Call<ReadPolicies>) -> Result<Response, ApiError> {
    let version = version(&call)?;
    let out = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let (known, document) = find(authority, version)?;
        let state = authority.store.policy_state()?;
        Ok(WholeOut { policy: PolicyOut::of(known, &state), document: parsed(&document) })
    })
    .await?;
    Ok(json(StatusCode::OK, &out))
}

/// The version that the path names.
fn version<P: Permission>(call: &Call<P>) -> Result<u64, ApiError> {
    let text = call.id().unwrap_or_default();
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| ApiError::invalid("version", "expected a whole number, such as 3"))
}

/// A version and its document; 404 if there is none.
fn find<S: Read + ?Sized>(authority: &mut Authority<'_, S>, version: u64) -> Result<(Known, String), Stop> {
    if version == FIRST {
        return Ok((first(authority)?, FIRST_DOCUMENT.to_owned()));
    }
    match authority.store.policy(version)? {
        Some((info, document)) => Ok((Known::from(info), document)),
        None => {
            let told = ApiError::new(ApiCode::NotFound, "there is no such version of the policy");
            Err(authority.fail(told, "policy_not_found"))
        }
    }
}

/// The first policy, which is the server's own.
fn first<S: Read + ?Sized>(authority: &Authority<'_, S>) -> Result<Known, Stop> {
    let policies = &authority.app.policies;
    let compiled = authority.ask_guest(|guest| policies.first(guest))?;
    Ok(Known { version: FIRST, digest: compiled.digest, made: None })
}

/// A document that the engine has accepted.
fn parsed(document: &str) -> Value {
    serde_json::from_str(document).unwrap_or_default()
}

/// Refuses whoever may not go on, before there is any work.
async fn screen(case: Case) -> Result<(), ApiError> {
    look_up(case, |authority| authority.require_permission()).await
}

/// Runs what takes the engine long on a thread that may block.
async fn at_length<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&Shared) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let app = Arc::clone(app);
    let working = tokio::task::spawn_blocking(move || work(&app));
    working.await.map_err(|_| ApiError::new(ApiCode::Unavailable, "the server is stopping"))?
}
