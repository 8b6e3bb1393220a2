//! What the engine says of a policy's text: what is wrong, and what is doubtful.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use warded_core::call;

use crate::error::{ApiCode, ApiError};
use crate::guest::{CompiledPolicy, Guest, GuestError, Position};

/// Something right and still doubtful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// The code, which is API.
    pub code: String,
    /// Where, as errors name it.
    pub field: String,
    /// What to do.
    pub message: String,
    /// Where it stands in the text.
    #[serde(flatten)]
    pub position: Option<Position>,
}

/// Compiles the text of a policy, and says what is doubtful in it.
///
/// # Errors
/// 400 with field, line and column, or 503 if the engine failed.
pub fn judge(guest: &Guest, text: &str) -> Result<(CompiledPolicy, Vec<Warning>), ApiError> {
    let compiled = guest.compile_policy(text).map_err(|error| told("", &error))?;
    Ok((compiled, look_at(text)?))
}

/// How many rules and entries of their lists are compared with each other: it takes as long as their number squared.
const MOST_COMPARED: usize = 5_000;

/// What is doubtful in a policy that is right. It is no decision, so it needs no module, whose steps a large policy would use up.
fn look_at(text: &str) -> Result<Vec<Warning>, ApiError> {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    if entries(&document) > MOST_COMPARED {
        return Ok(vec![Warning {
            code: "too_large".to_owned(),
            field: "rules".to_owned(),
            message: "it is too large to be looked at here: `warded lint` does".to_owned(),
            position: None,
        }]);
    }
    let looked = call::answer(json!({ "op": "lint", "policy": text }).to_string().as_bytes());
    let looked: Value = serde_json::from_slice(&looked.json).unwrap_or_default();
    let warnings = looked.get("warnings").cloned().unwrap_or_default();
    serde_json::from_value(warnings).map_err(|_| failed("the engine's warnings are malformed"))
}

fn entries(document: &Value) -> usize {
    let rules = document.get("rules").and_then(Value::as_array).into_iter().flatten();
    let list = |rule: &Value, name: &str| rule.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    let of_rule =
        |rule| ["actions", "resources", "subjects"].iter().map(|name| list(rule, name)).sum::<usize>();
    rules.map(|rule| of_rule(rule).saturating_add(1)).sum()
}

/// Asks the engine by a document that the server made and that it cannot refuse.
///
/// # Errors
/// 503 if the engine failed.
pub fn ask(guest: &Guest, call: &Value) -> Result<Value, ApiError> {
    let (status, answer) = guest.call(call.to_string().as_bytes()).map_err(|error| told("", &error))?;
    let answer: Value =
        serde_json::from_slice(&answer).map_err(|_| failed("the engine's answer is malformed"))?;
    if status == 0 { Ok(answer) } else { Err(refused("", &answer)) }
}

/// The engine's error document as the caller is told it, its field below another one.
#[must_use]
pub fn refused(below: &str, answer: &Value) -> ApiError {
    let error = answer.get("error").unwrap_or(&Value::Null);
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let message = text("message").unwrap_or("the engine refuses it");
    ApiError::invalid(place(below, text("field")), message).at(Position::of(error))
}

/// The engine's refusal as the caller is told it, its field below another one.
#[must_use]
pub fn told(below: &str, error: &GuestError) -> ApiError {
    match error {
        GuestError::Refused { message, field, position, .. } => {
            ApiError::invalid(place(below, field.as_deref()), message.clone()).at(*position)
        }
        GuestError::Random(_) | GuestError::Trapped(_) => {
            tracing::error!(%error, "the engine failed on a policy");
            failed("the engine failed on this request, nothing was done")
        }
    }
}

fn failed(message: &str) -> ApiError {
    ApiError::new(ApiCode::EngineUnavailable, message)
}

fn place(below: &str, field: Option<&str>) -> String {
    match (below, field) {
        ("", None) => "body".to_owned(),
        ("", Some(field)) => field.to_owned(),
        (below, None) => below.to_owned(),
        (below, Some(field)) if field.starts_with('[') => format!("{below}{field}"),
        (below, Some(field)) => format!("{below}.{field}"),
    }
}
