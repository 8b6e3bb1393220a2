//! The table of routes as an OpenAPI document.

use serde_json::{Map, Value, json};
use warded_core::crypto::token::TokenKind;
use warded_core::path::MAX_BYTES;

use super::operation::Operation;
use super::responses::{Responses, header_components};
use super::schemas::{Schemas, shorten_names};
use super::words::SEGMENT;
use crate::permission::{Guard, Need};
use crate::reply::ErrorOut;
use crate::routes::api_router::{ApiRouter, Route};

/// The document of a table of routes.
#[must_use]
pub fn document(routes: &ApiRouter) -> Value {
    let (mut schemas, mut responses) = (Schemas::new(), Responses::default());
    schemas.answer(|generator| generator.subschema_for::<ErrorOut<'_>>());
    let mut paths = Map::new();
    for route in routes.table() {
        for operation in route.operations {
            let path = shown_path(route, operation);
            let described = describe(route, operation, &path, &mut schemas, &mut responses);
            if let Value::Object(methods) = paths.entry(path).or_insert_with(|| json!({})) {
                methods.entry(route.method.as_str().to_ascii_lowercase()).or_insert(described);
            }
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Warded",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(&paths),
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(),
            "headers": header_components(),
            "responses": responses.components(),
            "schemas": schemas.components(),
        },
    });
    shorten_names(&mut document);
    document
}

const ABOUT: &str = "Credential control for AI agents. Every answer is JSON, every refusal has the form `Error`. \
A credential of a kind that a route does not take is refused with 403.";

/// The path as clients see it.
pub(super) fn shown_path(route: &Route, operation: &Operation) -> String {
    operation.path.unwrap_or(route.pattern).replace("{*", "{")
}

fn describe(
    route: &Route,
    operation: &Operation,
    path: &str,
    schemas: &mut Schemas,
    responses: &mut Responses,
) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [tag(path)],
        "security": route.guard.map_or_else(|| json!([]), security),
    });
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(in_path);
    let in_query = operation.query.iter().map(|parameter| parameter.describe("query"));
    let in_headers = operation.headers.iter().map(|parameter| parameter.describe("header"));
    let parameters: Vec<Value> = in_path.chain(in_query).chain(in_headers).collect();
    let Value::Object(fields) = &mut described else { return described };
    if !parameters.is_empty() {
        fields.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(body) = operation.body {
        let content = json!({ "application/json": { "schema": schemas.body(body.schema) } });
        fields.insert("requestBody".to_owned(), json!({ "required": body.required, "content": content }));
    }
    fields.insert("responses".to_owned(), responses.of(route, operation, schemas));
    described
}

/// The first word of the path behind the version.
fn tag(path: &str) -> &str {
    path.split('/').find(|word| !word.is_empty() && *word != "v1").unwrap_or("server")
}

fn tags(paths: &Map<String, Value>) -> Value {
    let mut tags: Vec<&str> = paths.keys().map(|path| tag(path)).collect();
    tags.sort_unstable();
    tags.dedup();
    tags.into_iter().map(|tag| json!({ "name": tag })).collect()
}

fn in_path(name: &str) -> Value {
    let (about, schema) = match name {
        "namespace" => (
            "A namespace such as `production/payments`; its slashes may be sent as they are or as `%2F`",
            json!({ "type": "string", "maxLength": MAX_BYTES, "pattern": format!("^{SEGMENT}(/{SEGMENT}){{0,30}}$") }),
        ),
        "key" => (
            "The last segment of the secret's path",
            json!({ "type": "string", "pattern": format!("^{SEGMENT}$") }),
        ),
        "version" => {
            ("A version, counted from 1; 0 is the first policy", json!({ "type": "integer", "minimum": 0 }))
        }
        _ => ("An id, or the name of what has one", json!({ "type": "string", "pattern": ID })),
    };
    json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
}

const ID: &str = "^[A-Za-z0-9_-]{1,128}$";

/// One alternative for each kind of credential that the route takes, with the scope that it must cover.
fn security(guard: Guard) -> Value {
    let alternative = |(name, kind, _, _): &(&str, TokenKind, &str, &str)| {
        let scopes = match guard.need(*kind)? {
            Need::Scope(resource, action) => vec![format!("{resource}:{action}")],
            Need::Standing => Vec::new(),
        };
        Some(json!({ (*name): scopes }))
    };
    KINDS.iter().filter_map(alternative).collect()
}

const KINDS: [(&str, TokenKind, &str, &str); 3] = [
    ("agent_key", TokenKind::Agent, "wda_…", "An agent's own long-lived key"),
    ("scoped_token", TokenKind::Scoped, "wds_…", "A token that an agent was issued"),
    ("api_key", TokenKind::ApiKey, "wdk_…", "An operator's API key, which may do what its member's role may"),
];

fn security_schemes() -> Value {
    let scheme = |(name, _, format, about): &(&str, TokenKind, &str, &str)| {
        let scheme =
            json!({ "type": "http", "scheme": "bearer", "bearerFormat": format, "description": about });
        ((*name).to_owned(), scheme)
    };
    Value::Object(KINDS.iter().map(scheme).collect())
}
