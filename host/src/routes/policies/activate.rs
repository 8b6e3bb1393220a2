//! `POST /v1/policies/{version}/activate` and `POST /v1/policies/rollback`: which version decides.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::call::Call;
use super::super::work::carry_out;
use super::{Known, StateOut, find, parsed, version};
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Stop, Subject};
use crate::config::SecondOperator;
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::permission::ActivatePolicy;
use crate::policy::Approvals;
use crate::reply::json;

/// What the caller believes: two who change it at the same time do not overwrite each other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ActiveVersion")]
struct SwitchIn {
    /// The version that is active now.
    active: u64,
}

pub(in super::super) const ACTIVATE: Operation =
    Operation::new("activate_policy", "Let a version of the policy decide from now on")
        .body::<SwitchIn>()
        .answer::<StateOut>(200)
        .codes(&[ApiCode::NotFound, ApiCode::Conflict]);

pub(in super::super) async fn activate(mut call: Call<ActivatePolicy>) -> Result<Response, ApiError> {
    let version = version(&call)?;
    let SwitchIn { active } = call.body().await?;
    let state = carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let before = expect_active(authority, active)?;
        let (after, document) = find(authority, version)?;
        let author = second_operator(authority, &before, &after, &document)?;
        let by = authority.caller().principal.clone();
        authority.store.activate_policy(version, &by)?;
        if authority.store.policy_state()?.shadow.is_some_and(|shadow| shadow.version == version) {
            // What was compared is now what decides.
            authority.store.shadow_policy(None)?;
        }
        record(authority, "activate", &before, &after, author);
        Ok(StateOut::from(&authority.store.policy_state()?))
    })
    .await?;
    Ok(json(StatusCode::OK, &state))
}

pub(in super::super) const ROLL_BACK: Operation =
    Operation::new("roll_back_policy", "Let the version decide that did before the active one")
        .body::<SwitchIn>()
        .answer::<StateOut>(200)
        .codes(&[ApiCode::Conflict]);

pub(in super::super) async fn roll_back(mut call: Call<ActivatePolicy>) -> Result<Response, ApiError> {
    let SwitchIn { active } = call.body().await?;
    let state = carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let before = expect_active(authority, active)?;
        let Some(version) = authority.store.roll_back_policy()? else {
            let told = "no policy was active before the first one";
            return Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "nothing_before"));
        };
        let (after, document) = find(authority, version)?;
        let author = second_operator(authority, &before, &after, &document)?;
        record(authority, "rollback", &before, &after, author);
        Ok(StateOut::from(&authority.store.policy_state()?))
    })
    .await?;
    Ok(json(StatusCode::OK, &state))
}

/// The active version and its numbers of approvals.
struct Before {
    version: u64,
    approvals: Approvals,
}

fn expect_active(authority: &mut Effect<'_>, named: u64) -> Result<Before, Stop> {
    let version = authority.store.policy_state()?.active_version();
    if version != named {
        let told = format!("version {version} is active by now, look at it and name it");
        return Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "not_active"));
    }
    let (_, document) = find(authority, version)?;
    Ok(Before { version, approvals: Approvals::of(&parsed(&document)) })
}

/// Who besides the caller answers for fewer approvals: whoever made the version, if that was somebody else.
///
/// A version made and activated by one person alone, or the first policy, which nobody made, is refused where two are required.
fn second_operator(
    authority: &Effect<'_>,
    before: &Before,
    after: &Known,
    document: &str,
) -> Result<Lowered, Stop> {
    let tiers = Approvals::of(&parsed(document)).lower_than(before.approvals);
    let author = after.made.as_ref().map(|(_, by)| by.clone());
    let second = author.filter(|author| *author != authority.caller().principal);
    let alone = !tiers.is_empty() && second.is_none();
    if alone && authority.app.config.second_operator == SecondOperator::Required {
        let told = "it asks for fewer approvals: a version that somebody else has made is needed";
        return Err(
            authority.deny(ApiError::new(ApiCode::ApprovalRequired, told), "second_operator_required")
        );
    }
    Ok(Lowered { tiers, second })
}

struct Lowered {
    tiers: Vec<&'static str>,
    second: Option<String>,
}

fn record(
    authority: &mut Effect<'_>,
    change: &'static str,
    before: &Before,
    after: &Known,
    lowered: Lowered,
) {
    let mut event = authority.event(EventType::PolicyActivated);
    event.details.push(("change", Detail::Text(change.to_owned())));
    event.details.push(("digest", Detail::Text(hex::encode(after.digest))));
    event.details.push(("replaced", Detail::Integer(before.version)));
    event.details.push(("version", Detail::Integer(after.version)));
    if !lowered.tiers.is_empty() {
        let tiers = lowered.tiers.into_iter().map(str::to_owned).collect();
        event.details.push(("approvals_lowered", Detail::List(tiers)));
        let second = lowered.second.unwrap_or_else(|| "nobody".to_owned());
        event.details.push(("second_operator", Detail::Text(second)));
    }
    authority.record(event);
}
