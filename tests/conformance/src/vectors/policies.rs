//! The vector files of policies.

use serde_json::{Value, json};

use super::{add, entries, field, refused};
use crate::Case;

/// A call of a chain, a policy if there is one, and a request.
fn call(op: &str, case: &Value) -> Value {
    let mut call = json!({ "op": op, "chain": field(case, "chain"), "request": field(case, "request") });
    if let (Some(call), Some(policy)) = (call.as_object_mut(), case.get("policy")) {
        call.insert("policy".into(), policy.clone());
    }
    call
}

/// Cases that say the whole answer.
pub(super) fn answers(name: &str, op: &str, file: &Value, list: &str, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, list) {
        add(cases, &format!("{name} {list}"), index, call(op, case), field(case, "answer"));
    }
}

pub(super) fn decisions(file: &Value, cases: &mut Vec<Case>) {
    answers("policy.json", "decide", file, "decisions", cases);
    for (index, case) in entries(file, "conditions") {
        for effect in ["allow", "deny"] {
            if effect == "deny" || case.get("claimed").is_none() {
                condition(index, case, effect, cases);
            }
        }
    }
}

/// A condition as that of a rule, which allows or denies according to what it comes to.
fn condition(index: usize, case: &Value, effect: &str, cases: &mut Vec<Case>) {
    let fires = match field(case, "is") {
        Value::Bool(is) => is,
        _ => effect == "deny",
    };
    let mut rule = json!({ "id": "rule", "effect": effect, "when": field(case, "when") });
    if let (Some(rule), Some(actions)) = (rule.as_object_mut(), case.get("actions")) {
        rule.insert("actions".into(), actions.clone());
    }
    let mut rules = vec![rule];
    if effect == "deny" {
        rules.push(json!({ "id": "rest", "effect": "allow" }));
    }
    let policy = json!({ "version": 1, "attributes": case.get("attributes").cloned().unwrap_or_else(|| json!({})), "rules": rules });
    let grant =
        json!({ "scopes": ["secrets:*:*", "llm:request", "egress:call"], "tier_ceiling": "critical" });
    let request = field(case, "request");
    let call = json!({ "op": "decide", "chain": [{ "grant": grant }], "policy": policy, "request": request });
    add(cases, &format!("policy.json conditions, {effect},"), index, call, outcome(fires, effect, &request));
}

fn outcome(fires: bool, effect: &str, request: &Value) -> Value {
    let allowed = fires == (effect == "allow");
    let mut reasons = Vec::new();
    if !allowed && effect == "deny" {
        reasons.push(json!({ "code": "policy_denied", "rule": "rule" }));
    } else if !allowed {
        reasons.push(json!({ "code": "no_rule_allows" }));
        // Each of these conditions is about one attribute at most, and it alone keeps the rule from allowing.
        match field(request, "resource").as_str() {
            Some("llm") => reasons.push(json!({ "code": "model_not_allowed" })),
            Some("egress") => reasons.push(json!({ "code": "egress_not_allowed" })),
            _ => {}
        }
    }
    let usage = if allowed {
        json!({ "revision": 1, "uses": 1, "last": field(request, "now") })
    } else {
        json!({ "revision": 0, "uses": 0, "last": 0 })
    };
    let decision = if allowed { "allow" } else { "deny" };
    json!({ "decision": decision, "reasons": reasons, "usages": [usage], "limits": [], "approval": null })
}

pub(super) fn refusals(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "errors") {
        let place = format!("policy.{}", field(case, "field").as_str().expect("a field"));
        let call = json!({ "op": "compile_policy", "policy": field(case, "policy") });
        add(cases, "policy.json errors", index, call, refused(&field(case, "code"), &place));
        mark_type_errors(case, cases);
    }
    for (index, case) in entries(file, "texts") {
        let mut expected = json!({ "code": field(case, "code") });
        if let (Some(expected), Some(place)) =
            (expected.as_object_mut(), case.get("field").filter(|field| !field.is_null()))
        {
            expected.insert("field".into(), place.clone());
        }
        let call = json!({ "op": "compile_policy", "policy": field(case, "text") });
        add(cases, "policy.json texts", index, call, json!({ "error": expected }));
    }
}

/// In JavaScript an empty list and `null` are mistakes of the calling code.
fn mark_type_errors(case: &Value, cases: &mut [Case]) {
    let is_null = field(case, "why").as_str().is_some_and(|why| why.starts_with("null"));
    if (field(case, "code") == json!("empty_list") || is_null)
        && let Some(added) = cases.last_mut()
    {
        added.package = Some(json!("TypeError"));
    }
}

pub(super) fn warnings(file: &Value, cases: &mut Vec<Case>) {
    let call = |fields: &Value| {
        let mut call = fields.clone();
        if let Some(call) = call.as_object_mut() {
            call.retain(|name, _| ["policy", "grant", "now"].contains(&name.as_str()));
            call.insert("op".into(), json!("lint"));
        }
        call
    };
    for (index, case) in entries(file, "cases") {
        add(cases, "lint.json cases", index, call(case), json!({ "warnings": field(case, "warnings") }));
        // The package takes its own clock where no time is given.
        let takes_clock = case.get("grant").is_some() && case.get("now").is_none();
        if let (true, Some(added)) = (takes_clock, cases.last_mut()) {
            added.package = Some(Value::Null);
        }
    }
    for (index, case) in entries(file, "errors") {
        let asked = field(case, "call");
        let place = field(case, "field");
        let expected = refused(&field(case, "code"), place.as_str().expect("a field"));
        add(cases, "lint.json errors", index, call(&asked), expected);
        mark_type_errors(case, cases);
        // A function of the package takes one of the two.
        let is_one = asked.get("policy").is_some() != asked.get("grant").is_some();
        if let (false, Some(added)) = (is_one, cases.last_mut()) {
            added.package = Some(Value::Null);
        }
    }
}
