//! The answers of an operation: its successes, the refusals that every route has, and its own.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::operation::{Content, Operation, reason};
use super::schemas::Schemas;
use crate::error::ApiCode;
use crate::routes::api_router::Route;

/// The codes that every route has; too many connections of one address are refused on any.
const EVERYWHERE: &[ApiCode] = &[
    ApiCode::AuditUnavailable,
    ApiCode::EngineUnavailable,
    ApiCode::HeadersTooLarge,
    ApiCode::Internal,
    ApiCode::RateLimited,
    ApiCode::Unavailable,
    ApiCode::UriTooLong,
    ApiCode::ValidationFailed,
];

/// The codes of routes that take a credential.
const GUARDED: &[ApiCode] = &[
    ApiCode::ApprovalDenied,
    ApiCode::ApprovalExpired,
    ApiCode::ApprovalRequired,
    ApiCode::IpNotAllowed,
    ApiCode::ScopeDenied,
    ApiCode::Unauthorized,
];

/// The codes of methods with bodies.
const WITH_BODY: &[ApiCode] =
    &[ApiCode::PayloadTooLarge, ApiCode::RequestTimeout, ApiCode::UnsupportedMediaType];

/// Collects the refusals that operations share.
#[derive(Default)]
pub(super) struct Responses(BTreeMap<String, Value>);

impl Responses {
    /// The responses of an operation.
    pub(super) fn of(&mut self, route: &Route, operation: &Operation, schemas: &mut Schemas) -> Value {
        let mut responses = Map::new();
        let limited = route.guard.is_some() || operation.rate.is_of_address();
        for answer in operation.answers() {
            let status = answer.status.to_string();
            let response = responses.entry(status).or_insert_with(
                || json!({ "description": reason(answer.status), "headers": headers(false, limited) }),
            );
            let content = match answer.content {
                Content::Empty => continue,
                Content::Json(schema) => ("application/json", json!({ "schema": schemas.answer(schema) })),
                Content::Text(media_type) => (media_type, json!({ "schema": { "type": "string" } })),
            };
            if let Some(response) = response.as_object_mut() {
                let all = response.entry("content").or_insert_with(|| json!({}));
                if let Some(all) = all.as_object_mut() {
                    all.insert(content.0.to_owned(), content.1);
                }
            }
        }
        for (status, codes) in refusals(route, operation) {
            responses.insert(status.to_string(), self.refusal(status, &codes));
        }
        Value::Object(responses)
    }

    fn refusal(&mut self, status: u16, codes: &[&'static str]) -> Value {
        let name = name(status, codes);
        let response = || {
            json!({
                "description": reason(status),
                "headers": headers(status == 429, true),
                "content": { "application/json": { "schema": {
                    "allOf": [
                        { "$ref": "#/components/schemas/Error" },
                        { "properties": { "error": { "properties": { "code": { "enum": codes } } } } },
                    ],
                } } },
            })
        };
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.0.entry(name).or_insert_with(response);
        reference
    }

    /// The shared responses, by name.
    pub(super) fn components(self) -> Map<String, Value> {
        self.0.into_iter().collect()
    }
}

/// The codes of an operation by status, each list sorted.
pub(super) fn refusals(route: &Route, operation: &Operation) -> BTreeMap<u16, Vec<&'static str>> {
    let guarded = if route.guard.is_some() { GUARDED } else { &[] };
    let has_body = [Method::PATCH, Method::POST, Method::PUT].contains(&route.method);
    let with_body = if has_body { WITH_BODY } else { &[] };
    let mut by_status: BTreeMap<u16, Vec<&'static str>> = BTreeMap::new();
    for code in [EVERYWHERE, guarded, with_body, operation.codes].into_iter().flatten() {
        let codes = by_status.entry(code.status()).or_default();
        if !codes.contains(&code.name()) {
            codes.push(code.name());
        }
    }
    by_status.values_mut().for_each(|codes| codes.sort_unstable());
    by_status
}

/// What a response is called: by its status if it has only the codes that most have, else by its codes.
fn name(status: u16, codes: &[&str]) -> String {
    let usual: Vec<&str> = [EVERYWHERE, GUARDED, WITH_BODY]
        .into_iter()
        .flatten()
        .filter(|code| code.status() == status)
        .map(|code| code.name())
        .collect();
    let is_usual = codes.len() == usual.len() && codes.iter().all(|code| usual.contains(code));
    if is_usual { pascal(&reason(status).to_ascii_uppercase().replace(' ', "_")) } else { joined(codes) }
}

fn joined(codes: &[&str]) -> String {
    codes.iter().map(|code| pascal(code)).collect::<Vec<_>>().join("Or")
}

/// `PATH_TAKEN` as `PathTaken`.
fn pascal(words: &str) -> String {
    let mut text = String::new();
    for word in words.split('_') {
        let mut letters = word.chars();
        text.extend(letters.next());
        text.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    }
    text
}

/// The headers of an answer.
fn headers(waits: bool, limited: bool) -> Value {
    let mut names = vec!["X-Request-Id"];
    if limited {
        names.extend(LIMIT_HEADERS.map(|(name, _)| name));
    }
    if waits {
        names.push("Retry-After");
    }
    let references = names
        .into_iter()
        .map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })));
    Value::Object(references.collect())
}

const LIMIT_HEADERS: [(&str, &str); 5] = [
    ("RateLimit-Policy", "The bucket that was charged: its name, requests and seconds"),
    ("RateLimit", "What is left in it, and seconds until all is left again"),
    ("X-RateLimit-Limit", "Requests per minute"),
    ("X-RateLimit-Remaining", "Requests left now"),
    ("X-RateLimit-Reset", "Seconds until all are left again"),
];

/// The headers, by name. Those of limits are absent where limits are off.
pub(super) fn header_components() -> Value {
    let mut all = Map::new();
    for (name, about) in LIMIT_HEADERS {
        let kind = if name.starts_with("X-") { "integer" } else { "string" };
        all.insert(name.to_owned(), json!({ "description": about, "schema": { "type": kind } }));
    }
    all.insert(
        "Retry-After".to_owned(),
        json!({ "description": "Seconds to wait", "schema": { "type": "integer", "minimum": 1 } }),
    );
    all.insert(
        "X-Request-Id".to_owned(),
        json!({
            "description": "The id of this request, as the log and the audit have it",
            "required": true,
            "schema": { "type": "string", "pattern": "^req_[0-9a-f]{32}$" },
        }),
    );
    Value::Object(all)
}
