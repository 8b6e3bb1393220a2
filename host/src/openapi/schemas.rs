//! The schemas of all bodies and answers, each type once.

use schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

use super::operation::SchemaOf;

/// What bodies and answers refer to.
pub(super) struct Schemas {
    bodies: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let generator = |contract: Contract| {
            let settings = SchemaSettings::draft2020_12().with(|settings| {
                settings.contract = contract;
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            });
            settings.into_generator()
        };
        Self { bodies: generator(Contract::Deserialize), answers: generator(Contract::Serialize) }
    }

    /// The schema of a body.
    pub(super) fn body(&mut self, schema: SchemaOf) -> Value {
        as_sent(schema(&mut self.bodies).to_value())
    }

    /// The schema of an answer.
    pub(super) fn answer(&mut self, schema: SchemaOf) -> Value {
        as_answered(schema(&mut self.answers).to_value())
    }

    /// Everything referred to, by name.
    pub(super) fn components(mut self) -> Map<String, Value> {
        let answers = self.answers.take_definitions(true).into_iter();
        let mut all: Map<String, Value> = answers.map(|(name, schema)| (name, as_answered(schema))).collect();
        for (name, schema) in self.bodies.take_definitions(true) {
            all.entry(name).or_insert_with(|| as_sent(schema));
        }
        all.sort_keys();
        all
    }
}

/// A schema of what clients send: `null` is refused for every field but one, which says so itself.
fn as_sent(mut schema: Value) -> Value {
    walk(&mut schema, &mut |node| {
        node.remove("default");
        if node.remove(NULLABLE).is_none() {
            without_null(node);
        }
    });
    schema
}

/// A schema of what is answered: a field that may be absent is never `null`.
fn as_answered(mut schema: Value) -> Value {
    walk(&mut schema, &mut |node| {
        node.remove(NULLABLE);
        let required = node.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let Some(Value::Object(properties)) = node.get_mut("properties") else { return };
        for (name, property) in properties {
            if let (false, Value::Object(property)) = (required.iter().any(|one| one == name), property) {
                without_null(property);
            }
        }
    });
    schema
}

/// Marks a schema of a body that means it when it says `null`.
pub(super) const NULLABLE: &str = "x-nullable";

fn without_null(node: &mut Map<String, Value>) {
    let is_null = |value: &Value| value == "null" || value.get("type").is_some_and(|kind| kind == "null");
    for (key, value) in node.iter_mut() {
        if let ("type" | "enum" | "anyOf", Value::Array(list)) = (key.as_str(), &mut *value) {
            list.retain(|one| !is_null(one) && !one.is_null());
            if let ("type", [only]) = (key.as_str(), list.as_slice()) {
                *value = only.clone();
            }
        }
    }
    let alone = match node.get("anyOf") {
        Some(Value::Array(list)) if list.len() == 1 => list.first().cloned(),
        _ => None,
    };
    if let Some(Value::Object(alone)) = alone {
        node.remove("anyOf");
        node.extend(alone);
    }
}

/// Visits every object of a tree, the outer before the inner.
fn walk(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|one| walk(one, visit)),
        Value::Object(node) => {
            visit(node);
            node.values_mut().for_each(|one| walk(one, visit));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const PREFIX: &str = "#/components/schemas/";

/// Takes the `Out` of Rust's names away, in the whole document.
pub(super) fn shorten_names(document: &mut Value) {
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    *schemas =
        std::mem::take(schemas).into_iter().map(|(name, schema)| (short(&name).to_owned(), schema)).collect();
    schemas.sort_keys();
    walk(document, &mut |node| {
        if let Some(Value::String(target)) = node.get_mut("$ref")
            && let Some(name) = target.strip_prefix(PREFIX)
        {
            *target = format!("{PREFIX}{}", short(name));
        }
    });
}

fn short(name: &str) -> &str {
    name.strip_suffix("Out").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::openapi::words::Metadata;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Inner {
        word: Option<u8>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Sent {
        plain: Option<String>,
        inner: Option<Inner>,
        #[schemars(with = "Metadata")]
        #[serde(default)]
        metadata: Option<String>,
    }

    #[derive(serde::Serialize, JsonSchema)]
    struct Answered {
        always: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sometimes: Option<String>,
    }

    #[test]
    fn what_is_answered_is_null_only_where_it_is_always_there() {
        let mut schemas = Schemas::new();
        schemas.answer(|generator| generator.subschema_for::<Answered>());
        let components = schemas.components();
        let answered = &components["Answered"];
        assert_eq!(answered["required"], json!(["always"]));
        assert_eq!(answered["properties"]["always"]["type"], json!(["integer", "null"]));
        assert_eq!(answered["properties"]["sometimes"], json!({ "type": "string" }));
    }

    #[test]
    fn what_is_sent_is_null_only_where_it_says_so() {
        let mut schemas = Schemas::new();
        let reference = schemas.body(|generator| generator.subschema_for::<Sent>());
        assert_eq!(reference, json!({ "$ref": "#/components/schemas/Sent" }));
        let components = schemas.components();
        let properties = &components["Sent"]["properties"];
        assert_eq!(properties["plain"], json!({ "type": "string" }));
        assert_eq!(properties["inner"], json!({ "$ref": "#/components/schemas/Inner" }));
        assert_eq!(properties["metadata"], json!({ "type": ["object", "null"] }));
        assert_eq!(components["Sent"]["additionalProperties"], false);
        assert_eq!(components["Inner"]["properties"]["word"]["type"], "integer");
    }
}
