//! `POST /v1/policies/test`: cases with what they should come to, decided by a version or by a document that is not stored.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use warded_core::time::Millis;

use super::super::call::Call;
use super::super::work::look_up;
use super::{at_length, find};
use crate::app::App;
use crate::authorize::{Authority, Stop, Subject, View};
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::grant::GrantParts;
use crate::openapi::Operation;
use crate::openapi::words::{Id, Object};
use crate::permission::ReadPolicies;
use crate::policy::judge::{ask, told};
use crate::reply::json as answer;
use crate::store::Read;
use crate::vocabulary;

/// How many cases one request may hold.
const MAX_CASES: usize = 200;
/// How many bytes of policy one request may have read: each case reads the policy anew.
const MAX_READ: usize = 16 * 1024 * 1024;

/// Without a version or a document, the active version is tested.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PolicyTestRequest")]
struct TestIn {
    #[serde(default, deserialize_with = "not_null")]
    version: Option<u64>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Object>")]
    document: Option<Value>,
    #[schemars(length(min = 1, max = 200))]
    cases: Vec<CaseIn>,
}

/// A request, through grants or an agent's own, and what it should come to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PolicyCase")]
struct CaseIn {
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    /// The chain, outermost first.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Vec<Object>>")]
    grants: Option<Vec<Value>>,
    /// An agent's id or name, in the place of grants.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Id>")]
    agent: Option<String>,
    /// Asked now if it has no `now`; by the agent if it has no `subject`.
    #[schemars(with = "Object")]
    request: Map<String, Value>,
    expect: Expected,
    /// The codes of what fails, in any order.
    #[serde(default, deserialize_with = "not_null")]
    reasons: Option<Vec<String>>,
}

/// A decision.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Expected {
    Allow,
    Ask,
    Deny,
}

impl Expected {
    const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// How many cases came to what they should, and what each came to.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PolicyTest")]
struct TestOut {
    passed: usize,
    failed: usize,
    results: Vec<ResultOut>,
}

/// What a case came to, with the engine's explanation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PolicyTestResult")]
struct ResultOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    passed: bool,
    differs: Vec<Difference>,
    #[schemars(with = "Object")]
    decision: Value,
    #[schemars(with = "Vec<Object>")]
    decided_by: Value,
    /// The rule that lacked least; `null` where something allows it.
    #[schemars(with = "Option<Object>")]
    nearest: Value,
    #[schemars(with = "Vec<Object>")]
    rules: Value,
}

/// One thing that is not as expected.
#[derive(Serialize, JsonSchema)]
struct Difference {
    what: &'static str,
    expected: Value,
    actual: Value,
}

pub(in super::super) const EXAMINE: Operation =
    Operation::new("test_policy", "Decide cases by a version or a document, and say what differs")
        .body::<TestIn>()
        .answer::<TestOut>(200)
        .codes(&[ApiCode::NotFound]);

pub(in super::super) async fn examine(mut call: Call<ReadPolicies>) -> Result<Response, ApiError> {
    let body: TestIn = call.body().await?;
    if !(1..=MAX_CASES).contains(&body.cases.len()) {
        return Err(ApiError::invalid("cases", format!("expected 1 to {MAX_CASES} cases")));
    }
    let (policy, cases) = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        prepare(authority, body)
    })
    .await?;
    let out = at_length(call.app(), move |app| run(app, &policy, cases)).await?;
    Ok(answer(StatusCode::OK, &out))
}

/// A case with everything that the engine needs.
struct Prepared {
    chain: Value,
    case: CaseIn,
}

fn prepare(authority: &mut View<'_>, body: TestIn) -> Result<(String, Vec<Prepared>), Stop> {
    let policy = match (body.version, body.document) {
        (Some(_), Some(_)) => {
            let told = ApiError::invalid("document", "give a version or a document, not both");
            return Err(authority.fail(told, "invalid"));
        }
        (None, Some(document)) => document.to_string(),
        (version, None) => {
            let active = authority.store.policy_state()?.active_version();
            find(authority, version.unwrap_or(active))?.1
        }
    };
    let now = authority.store.now();
    let prepared = (0..).zip(body.cases).map(|(index, case)| prepare_case(authority, index, case, now));
    Ok((policy, prepared.collect::<Result<_, _>>()?))
}

fn prepare_case(
    authority: &mut View<'_>,
    index: usize,
    mut case: CaseIn,
    now: Millis,
) -> Result<Prepared, Stop> {
    let grants = match (case.grants.take(), &case.agent) {
        (Some(grants), None) => grants,
        (None, Some(agent)) => {
            let (id, grant) = agent_grant(authority, index, agent)?;
            let subject = json!({ "kind": "agent", "id": id });
            case.request.entry("subject").or_insert(subject);
            vec![grant]
        }
        (Some(_), Some(_)) | (None, None) => {
            let field = format!("cases[{index}].grants");
            let told = ApiError::invalid(field, "give grants or an agent, one of the two");
            return Err(authority.fail(told, "invalid"));
        }
    };
    case.request.entry("now").or_insert(json!(now.as_u64()));
    let chain = grants.into_iter().map(|grant| json!({ "grant": grant })).collect();
    Ok(Prepared { chain, case })
}

/// An agent's id and its grant as it stands, with nothing used of it.
fn agent_grant<S: Read + ?Sized>(
    authority: &mut Authority<'_, S>,
    index: usize,
    id_or_name: &str,
) -> Result<(String, Value), Stop> {
    let Some(agent) = authority.store.agent(id_or_name)? else {
        let told = ApiError::invalid(format!("cases[{index}].agent"), "there is no such agent");
        return Err(authority.fail(told, "agent_not_found"));
    };
    let scopes = vocabulary::translate_all(&agent.allowed_scopes, &agent.allowed_namespaces);
    let parts = GrantParts {
        id: &agent.id,
        scopes: &scopes,
        namespaces: Some(&agent.allowed_namespaces),
        ip_allowlist: agent.ip_policy.as_deref(),
        expires_at: None,
        max_uses: None,
        tier_ceiling: agent.token_tier_ceiling,
    };
    let grant = parts.to_json(&agent.limits);
    Ok((agent.id, grant))
}

fn run(app: &App, policy: &str, cases: Vec<Prepared>) -> Result<TestOut, ApiError> {
    if policy.len().saturating_mul(cases.len()) > MAX_READ {
        return Err(ApiError::invalid("cases", "too many for so large a policy, test fewer at a time"));
    }
    // What is wrong with the policy is said of it, and not of the first case.
    app.guest.compile_policy(policy).map_err(|error| told("document", &error).at(None))?;
    let results = (0..).zip(cases).map(|(index, prepared)| run_case(app, policy, index, prepared));
    let results = results.collect::<Result<Vec<_>, _>>()?;
    let passed = results.iter().filter(|result| result.passed).count();
    Ok(TestOut { passed, failed: results.len().saturating_sub(passed), results })
}

fn run_case(app: &App, policy: &str, index: usize, prepared: Prepared) -> Result<ResultOut, ApiError> {
    let Prepared { chain, case } = prepared;
    let call = json!({ "op": "explain", "chain": chain, "policy": policy, "request": case.request });
    let explanation = ask(&app.guest, &call).map_err(|error| in_case(index, error))?;
    let decision = explanation.get("decision").unwrap_or(&Value::Null);
    let mut differs = Vec::new();
    let mut compare = |what, expected: Value, actual: Value| {
        if expected != actual {
            differs.push(Difference { what, expected, actual });
        }
    };
    let outcome = decision.get("decision").cloned().unwrap_or_default();
    compare("decision", Value::from(case.expect.word()), outcome);
    if let Some(expected) = case.reasons {
        compare("reasons", sorted(expected), sorted(codes(decision)));
    }
    let part = |name| explanation.get(name).cloned().unwrap_or_default();
    Ok(ResultOut {
        name: case.name,
        passed: differs.is_empty(),
        differs,
        decision: part("decision"),
        decided_by: part("decided_by"),
        nearest: part("nearest"),
        rules: part("rules"),
    })
}

fn codes(decision: &Value) -> Vec<String> {
    let reasons = decision.get("reasons").and_then(Value::as_array).into_iter().flatten();
    reasons.filter_map(|reason| Some(reason.get("code")?.as_str()?.to_owned())).collect()
}

fn sorted(mut words: Vec<String>) -> Value {
    words.sort_unstable();
    words.dedup();
    Value::from(words)
}

/// The engine names `chain[0].grant.scopes` and `request.ip`; the caller wrote `grants[0].scopes`.
fn in_case(index: usize, mut error: ApiError) -> ApiError {
    if error.code != ApiCode::ValidationFailed {
        return error;
    }
    let Some(first) = error.errors.pop() else { return error };
    let field = first.field.replacen("chain[", "grants[", 1).replacen("].grant", "]", 1);
    ApiError::invalid(format!("cases[{index}].{field}"), first.message)
}
