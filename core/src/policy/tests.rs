use alloc::string::ToString as _;

use serde_json::{Value as Json, json};

use crate::call;
use crate::vectors::{cases, parse, text};

mod documentation;
mod properties;

fn vectors() -> Json {
    parse(include_str!("../../../tests/vectors/policy.json"))
}

fn run(call: &Json) -> Json {
    parse(str::from_utf8(&call::answer(call.to_string().as_bytes()).json).unwrap())
}

/// A chain that has nothing against any of the requests.
fn wide() -> Json {
    json!([{ "grant": { "scopes": ["secrets:*:*", "llm:request", "egress:call"], "tier_ceiling": "critical" } }])
}

/// What a request comes to under a rule of this effect, beside one that allows everything.
fn outcome(case: &Json, effect: &str) -> Json {
    let mut rule = json!({ "id": "rule", "effect": effect, "when": case["when"] });
    if let Some(actions) = case.get("actions") {
        rule["actions"] = actions.clone();
    }
    let mut policy = json!({ "version": 1, "rules": [rule] });
    if effect != "allow" {
        policy["rules"].as_array_mut().unwrap().push(json!({ "id": "rest", "effect": "allow" }));
    }
    if let Some(attributes) = case.get("attributes") {
        policy["attributes"] = attributes.clone();
    }
    let call = json!({ "op": "decide", "chain": wide(), "policy": policy, "request": case["request"] });
    run(&call)["decision"].clone()
}

#[test]
fn a_condition_comes_to_true_false_or_unknown() {
    for case in cases(&vectors()["conditions"]) {
        let expected = match &case["is"] {
            Json::Bool(true) => ["allow", "deny", "ask"],
            Json::Bool(false) => ["deny", "allow", "allow"],
            _ => ["deny", "deny", "ask"],
        };
        for (effect, expected) in ["allow", "deny", "require_approval"].into_iter().zip(expected) {
            if effect != "allow" || case.get("claimed").is_none() {
                assert_eq!(outcome(case, effect), expected, "{effect}: {case}");
            }
        }
    }
}

#[test]
fn a_document_that_is_wrong_is_refused_by_name() {
    for case in cases(&vectors()["errors"]) {
        let answer = run(&json!({ "op": "compile_policy", "policy": case["policy"] }));
        let field = std::format!("policy.{}", text(&case["field"]));
        assert_eq!(
            (&answer["error"]["code"], &answer["error"]["field"]),
            (&case["code"], &json!(field)),
            "{case}"
        );
    }
}

#[test]
fn a_text_that_is_wrong_is_refused_at_its_line_and_column() {
    for case in cases(&vectors()["texts"]) {
        let answer = run(&json!({ "op": "compile_policy", "policy": case["text"] }));
        let error = &answer["error"];
        for name in ["code", "field", "line", "column"] {
            assert_eq!(error.get(name).unwrap_or(&Json::Null), &case[name], "{name}: {case} {error}");
        }
    }
}

#[test]
fn a_decision_is_that_of_the_vectors() {
    for case in cases(&vectors()["decisions"]) {
        let call = json!({ "op": "decide", "chain": case["chain"], "policy": case["policy"], "request": case["request"] });
        assert_eq!(run(&call), case["answer"], "{case}");
    }
}
