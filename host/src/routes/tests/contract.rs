//! Every answer that a test of the routes gets is held to the API's description, as the end-to-end tests hold theirs.
//!
//! Patterns are theirs alone: there is no other need of regular expressions here.

use std::sync::OnceLock;

use axum::http::{Method, header};
use serde_json::{Map, Value};

use super::world::Answer;
use crate::openapi::document;
use crate::routes::routes;

/// Codes of what no operation describes: no route, or one segment below `/v1/secrets/`, where only a listing is.
const BEFORE_ROUTES: [&str; 4] = ["METHOD_NOT_ALLOWED", "NOT_FOUND", "UNAUTHORIZED", "VALIDATION_FAILED"];

/// Panics if the description does not have this answer.
#[track_caller]
pub(super) fn assert_described(method: &Method, target: &str, answer: &Answer) {
    if let Err(wrong) = Contract::get().check(method, target, answer) {
        panic!("{method} {target}: {} {}\n{wrong}", answer.status, answer.json);
    }
}

struct Contract {
    document: Value,
    /// The paths, those with the most words of their own first.
    paths: Vec<String>,
}

impl Contract {
    fn get() -> &'static Self {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| {
            let document = document(&routes());
            let mut paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
            let words = |path: &str| path.split('/').filter(|part| !part.starts_with('{')).count();
            paths.sort_by_key(|path| std::cmp::Reverse((words(path), path.len())));
            Self { document, paths }
        })
    }

    fn check(&self, method: &Method, target: &str, answer: &Answer) -> Result<(), String> {
        let path = target.split('?').next().unwrap_or_default();
        // Where a base URL with a slash at its end puts it.
        let path = path.strip_prefix('/').filter(|path| path.starts_with("/v1/")).unwrap_or(path);
        let Some(operation) = self.operation(method, path) else { return before_routes(answer) };
        let response = self.resolve(&operation["responses"][answer.status.to_string()]);
        let name = &operation["operationId"];
        if response.is_null() {
            return Err(format!("{name} is not described with this status"));
        }
        let Some(content) = response["content"].as_object() else {
            return if answer.json.is_null() { Ok(()) } else { Err(format!("{name} answers nothing")) };
        };
        if let Some(error) = &answer.error {
            // Its body is written where the server answers; what is said of every one are its codes.
            let codes = &content["application/json"]["schema"]["allOf"][1]["properties"]["error"];
            let is_known = codes["properties"]["code"]["enum"]
                .as_array()
                .is_some_and(|codes| codes.iter().any(|code| code == error.code.name()));
            return if is_known { Ok(()) } else { Err(format!("{name} has no code {}", error.code.name())) };
        }
        let media = answer.response.headers.get(header::CONTENT_TYPE);
        let media = media.map_or("application/json", |text| text.to_str().unwrap());
        let described = content.get(media.split(';').next().unwrap_or_default());
        let described = described.ok_or_else(|| format!("{name} does not answer {media}"))?;
        self.valid(&described["schema"], &answer.json).map_err(|wrong| format!("{name}: {wrong}"))
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let method = method.as_str().to_ascii_lowercase();
        let segments: Vec<_> = path.split('/').collect();
        let fits = |pattern: &str| is_match(&pattern.split('/').collect::<Vec<_>>(), &segments);
        let mut found =
            self.paths.iter().filter(|path| fits(path)).map(|path| &self.document["paths"][path][&method]);
        found.find(|operation| !operation.is_null())
    }

    fn resolve<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => node,
        }
    }

    /// Whether a value is one of a schema, as far as the description uses schemas.
    fn valid(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolve(schema);
        let Some(words) = schema.as_object() else { return Ok(()) };
        let is_one = |schemas: &Value| {
            let valid = schemas.as_array().unwrap().iter().filter(|one| self.valid(one, value).is_ok());
            valid.count()
        };
        for (word, said) in words {
            let holds = match word.as_str() {
                "allOf" => is_one(said) == said.as_array().unwrap().len(),
                "anyOf" => is_one(said) > 0,
                "oneOf" => is_one(said) == 1,
                "enum" => said.as_array().unwrap().contains(value),
                "type" => said.as_array().map_or_else(
                    || is_type(said, value),
                    |types| types.iter().any(|one| is_type(one, value)),
                ),
                "format" if said == "date-time" => {
                    value.as_str().is_none_or(|text| text.parse::<jiff::Timestamp>().is_ok())
                }
                "minimum" => value.as_f64().is_none_or(|number| number >= said.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= said.as_f64().unwrap()),
                "minLength" => length(value).is_none_or(|length| length >= said.as_u64().unwrap()),
                "maxLength" => length(value).is_none_or(|length| length <= said.as_u64().unwrap()),
                _ => true,
            };
            if !holds {
                return Err(format!("{value} breaks `{word}`: {said}"));
            }
        }
        match value {
            Value::Object(fields) => self.valid_fields(words, fields),
            Value::Array(items) => items.iter().try_for_each(|item| self.valid(&schema["items"], item)),
            _ => Ok(()),
        }
    }

    /// A field that is not described is drift, although a client must expect new ones.
    fn valid_fields(&self, schema: &Map<String, Value>, fields: &Map<String, Value>) -> Result<(), String> {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            fields.get(name).ok_or_else(|| format!("`{name}` is missing"))?;
        }
        let Some(known) = schema.get("properties").and_then(Value::as_object) else { return Ok(()) };
        let is_closed = schema.contains_key("type");
        for (name, value) in fields {
            let described = known.get(name).or_else(|| schema.get("additionalProperties"));
            match described {
                None | Some(Value::Bool(false)) if is_closed => {
                    return Err(format!("`{name}` is not described"));
                }
                None => {}
                Some(described) => {
                    self.valid(described, value).map_err(|wrong| format!("`{name}`: {wrong}"))?;
                }
            }
        }
        Ok(())
    }
}

/// What is refused before a route is known.
fn before_routes(answer: &Answer) -> Result<(), String> {
    let code = answer.code();
    if BEFORE_ROUTES.contains(&code) { Ok(()) } else { Err(format!("no route answers `{code}`")) }
}

/// Whether the segments of a path are those of a pattern; a namespace may be several.
fn is_match(pattern: &[&str], path: &[&str]) -> bool {
    let Some((part, pattern)) = pattern.split_first() else { return path.is_empty() };
    if *part == "{namespace}" {
        return (1..=path.len()).any(|length| is_match(pattern, &path[length..]));
    }
    let Some((segment, path)) = path.split_first() else { return false };
    (part == segment || part.starts_with('{')) && is_match(pattern, path)
}

fn is_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        other => panic!("a type that nobody knows: {other}"),
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}
