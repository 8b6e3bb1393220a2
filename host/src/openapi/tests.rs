use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use warded_core::crypto::token::TokenKind;

use super::document::shown_path;
use super::*;
use crate::routes::api_router::Route;

/// The operations of a document, as `(path, method, operation)`.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

/// Every value of a key, wherever it stands.
fn values<'a>(tree: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match tree {
        Value::Array(list) => list.iter().for_each(|one| values(one, key, found)),
        Value::Object(node) => {
            found.extend(node.get(key).and_then(Value::as_str));
            node.values().for_each(|one| values(one, key, found));
        }
        _ => {}
    }
}

#[test]
fn every_route_is_described_with_an_answer_and_a_name_of_its_own() {
    let routes = routes();
    let document = document(&routes);
    for route in routes.table() {
        assert!(!route.operations.is_empty(), "{route:?} has no operation");
        for operation in route.operations {
            assert!(operation.answers().next().is_some(), "{route:?} has no answer");
            let path = shown_path(route, operation);
            let method = route.method.as_str().to_ascii_lowercase();
            assert_eq!(document["paths"][&path][&method]["operationId"], operation.id, "{method} {path}");
        }
    }
    let ids: Vec<_> = operations(&document).iter().map(|(.., one)| one["operationId"].clone()).collect();
    let distinct: BTreeSet<_> = ids.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), ids.len(), "operation ids are distinct: {ids:?}");
}

#[test]
fn what_is_referred_to_exists_and_is_named_for_people() {
    let document = document(&routes());
    let mut references = Vec::new();
    values(&document, "$ref", &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some(), "{reference}");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        // schemars counts where two types have one name: `#[schemars(rename = "…")]` gives one of them another.
        assert!(!name.ends_with(|last: char| last.is_ascii_digit()), "`{name}`: two types have this name");
        assert!(!name.ends_with("Out") && !name.ends_with("In"), "`{name}`: is a name of the program");
    }
}

/// A row of docs/api.md: its route, its credentials and its statuses.
fn documented() -> BTreeMap<String, (String, BTreeSet<u16>)> {
    let rows = include_str!("../../../docs/api.md").lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let route = cells[0].trim_start_matches("| ").trim_matches('`');
        let statuses = cells.get(4)?.trim_end_matches(" |").split(", ");
        let statuses = statuses.map(|status| status.parse().unwrap_or_else(|_| panic!("{row}"))).collect();
        route.contains(" /").then(|| (route.to_owned(), (cells[1].replace(' ', ""), statuses)))
    })
    .collect()
}

/// What the code says of the same.
fn registered(route: &Route) -> (String, BTreeSet<u16>) {
    let kinds = [('a', TokenKind::Agent), ('s', TokenKind::Scoped), ('k', TokenKind::ApiKey)];
    let takes = |kind| route.guard.is_some_and(|guard| guard.need(kind).is_some());
    let credentials: String =
        kinds.into_iter().filter_map(|(letter, kind)| takes(kind).then_some(letter)).collect();
    let own = |operation: &Operation| -> Vec<u16> {
        let answers = operation.answers().map(|answer| answer.status);
        answers.chain(operation.codes.iter().map(|code| code.status())).collect()
    };
    let ready = (route.pattern == "/health/ready").then_some(503);
    let statuses = route.operations.iter().flat_map(own).chain(ready).collect();
    (if credentials.is_empty() { "–".to_owned() } else { credentials }, statuses)
}

#[test]
fn the_table_of_the_documentation_agrees() {
    let documented = documented();
    let routes = routes();
    let named = |route: &Route| (format!("{} {}", route.method, route.pattern), registered(route));
    let registered: BTreeMap<_, _> = routes.table().iter().map(named).collect();
    let differing = registered.iter().filter(|(name, row)| documented.get(*name) != Some(row));
    let told: Vec<_> = differing.map(|(name, row)| format!("{name}: the code says {row:?}")).collect();
    assert!(told.is_empty(), "rows of docs/api.md that differ:\n{}", told.join("\n"));
}

#[test]
fn credentials_and_refusals_are_described() {
    let document = document(&routes());
    let issue = &document["paths"]["/v1/tokens"]["post"];
    assert_eq!(issue["security"], json!([{ "agent_key": [] }]));
    let agents = &document["paths"]["/v1/agents"]["get"];
    assert_eq!(
        agents["security"],
        json!([{ "agent_key": ["agents:manage"] }, { "api_key": ["agents:read"] }])
    );
    assert_eq!(document["paths"]["/v1/health"]["get"]["security"], json!([]));
    let conflict =
        document.pointer(issue["responses"]["409"]["$ref"].as_str().unwrap().strip_prefix('#').unwrap());
    let codes =
        &conflict.unwrap()["content"]["application/json"]["schema"]["allOf"][1]["properties"]["error"];
    assert_eq!(codes["properties"]["code"]["enum"], json!(["CONFLICT"]));
    for (path, method, operation) in operations(&document) {
        let guarded = operation["security"] != json!([]);
        assert_eq!(operation["responses"].get("401").is_some(), guarded, "{method} {path}");
    }
}
