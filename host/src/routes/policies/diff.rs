//! `GET /v1/policies/{version}/diff`: what one version says that another does not.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::call::Call;
use super::super::work::look_up;
use super::{find, parsed, version};
use crate::authorize::Subject;
use crate::error::{ApiCode, ApiError};
use crate::openapi::{Operation, Parameter};
use crate::permission::ReadPolicies;
use crate::policy::Approvals;
use crate::reply::json;

/// What a version says that another does not.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PolicyDiff")]
struct DiffOut {
    from: u64,
    to: u64,
    approvals: Vec<ApprovalsChange>,
    attributes: Changes,
    rules: Changes,
}

/// A tier that needs another number of people.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct ApprovalsChange {
    tier: &'static str,
    from: u8,
    to: u8,
}

/// Things with names, by name.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
struct Changes {
    added: Vec<Value>,
    removed: Vec<Value>,
    changed: Vec<Change>,
}

/// A thing that is in both, and differs.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Change {
    id: String,
    from: Value,
    to: Value,
}

const FROM: &[Parameter] =
    &[Parameter::number("from", "The version to compare with; the active one if absent", 0, u64::MAX)];
pub(in super::super) const DIFF: Operation =
    Operation::new("diff_policies", "What a version says that another does not")
        .query(FROM)
        .answer::<DiffOut>(200)
        .codes(&[ApiCode::NotFound]);

/// `from` is the active version unless the query names another.
pub(in super::super) async fn diff(mut call: Call<ReadPolicies>) -> Result<Response, ApiError> {
    let to = version(&call)?;
    let from = call.query.take_number("from", 0, u64::MAX)?;
    let out = look_up(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let from = match from {
            Some(from) => from,
            None => authority.store.policy_state()?.active_version(),
        };
        let (_, older) = find(authority, from)?;
        let (_, newer) = find(authority, to)?;
        Ok(compare(from, to, &parsed(&older), &parsed(&newer)))
    })
    .await?;
    Ok(json(StatusCode::OK, &out))
}

fn compare(from: u64, to: u64, older: &Value, newer: &Value) -> DiffOut {
    DiffOut {
        from,
        to,
        approvals: approvals(Approvals::of(older), Approvals::of(newer)),
        attributes: changes(&attributes(older), &attributes(newer)),
        rules: changes(&rules(older), &rules(newer)),
    }
}

fn approvals(older: Approvals, newer: Approvals) -> Vec<ApprovalsChange> {
    let pairs = older.by_tier().into_iter().zip(newer.by_tier());
    let changed = pairs.filter(|((_, from), (_, to))| from != to);
    changed.map(|((tier, from), (_, to))| ApprovalsChange { tier, from, to }).collect()
}

/// Rules by id.
fn rules(document: &Value) -> Map<String, Value> {
    let list = document.get("rules").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|rule| Some((rule.get("id")?.as_str()?.to_owned(), rule.clone()))).collect()
}

/// Declared attributes by name, each with its name as id.
fn attributes(document: &Value) -> Map<String, Value> {
    let declared = document.get("attributes").and_then(Value::as_object).into_iter().flatten();
    let named = |(name, attribute): (&String, &Value)| {
        let mut attribute = attribute.clone();
        if let Value::Object(fields) = &mut attribute {
            fields.insert("id".to_owned(), Value::from(name.as_str()));
        }
        (name.clone(), attribute)
    };
    declared.map(named).collect()
}

/// Two things are alike whatever the order of their fields.
fn changes(older: &Map<String, Value>, newer: &Map<String, Value>) -> Changes {
    let mut changes = Changes::default();
    for (id, to) in newer {
        match older.get(id) {
            None => changes.added.push(to.clone()),
            Some(from) if from != to => {
                changes.changed.push(Change { id: id.clone(), from: from.clone(), to: to.clone() });
            }
            Some(_) => {}
        }
    }
    let removed = older.iter().filter(|(id, _)| !newer.contains_key(*id));
    changes.removed = removed.map(|(_, rule)| rule.clone()).collect();
    changes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_compared_by_id_whatever_their_order() {
        let older = json!({ "rules": [{ "id": "a", "effect": "allow" }, { "id": "b", "effect": "deny" }, { "id": "c", "effect": "deny" }] });
        let newer = json!({ "rules": [{ "effect": "deny", "id": "c" }, { "id": "a", "effect": "deny" }, { "id": "d", "effect": "allow" }] });
        let found = compare(1, 2, &older, &newer);
        assert_eq!(found.rules.added, [json!({ "id": "d", "effect": "allow" })]);
        assert_eq!(found.rules.removed, [json!({ "id": "b", "effect": "deny" })]);
        assert_eq!(found.rules.changed.len(), 1);
        assert_eq!(
            (found.rules.changed[0].id.as_str(), &found.rules.changed[0].to),
            ("a", &json!({ "id": "a", "effect": "deny" }))
        );
        assert_eq!((found.approvals, found.attributes), (vec![], Changes::default()));
    }

    #[test]
    fn approvals_and_attributes_are_compared_with_what_absence_means() {
        let older = json!({ "approvals": { "critical": 3 }, "attributes": { "branch": { "type": "text" } } });
        let newer =
            json!({ "approvals": { "sensitive": 1 }, "attributes": { "runner": { "type": "address" } } });
        let found = compare(0, 1, &older, &newer);
        assert_eq!(found.approvals, [ApprovalsChange { tier: "critical", from: 3, to: 2 }]);
        assert_eq!(found.attributes.added, [json!({ "type": "address", "id": "runner" })]);
        assert_eq!(found.attributes.removed, [json!({ "type": "text", "id": "branch" })]);
    }
}
