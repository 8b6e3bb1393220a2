use super::*;
use crate::call;
use crate::error::Place;
use crate::grant::Grant;
use crate::usage::Usage;
use crate::vectors::{cases, parse, text};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn vectors() -> Json {
    parse(include_str!("../../../tests/vectors/filter.json"))
}

fn run(call: &Json) -> Json {
    parse(str::from_utf8(&call::answer(call.to_string().as_bytes()).json).unwrap())
}

fn call_of(op: &str, case: &Json) -> Json {
    let mut call = json!({ "op": op, "chain": case["chain"], "request": case["request"] });
    if let Some(policy) = case.get("policy") {
        call["policy"] = policy.clone();
    }
    call
}

/// A decision for each path on its own.
fn one_by_one(case: &Json) -> Vec<usize> {
    let allows = |entry: &Json| {
        let mut call = call_of("decide", case);
        call["request"]["path"] = entry.get("path").unwrap_or(entry).clone();
        if let Some(tier) = entry.get("tier") {
            call["request"]["tier"] = tier.clone();
        }
        run(&call)["decision"] == "allow"
    };
    let paths = case["paths"].as_array().unwrap();
    paths.iter().enumerate().filter(|(_, entry)| allows(entry)).map(|(place, _)| place).collect()
}

#[test]
fn the_paths_of_the_vectors_are_filtered_as_a_decision_for_each_would() {
    for case in cases(&vectors()["filters"]) {
        let mut call = call_of("filter", case);
        call["paths"] = case["paths"].clone();
        assert_eq!(run(&call), json!({ "indices": case["indices"] }), "{}", case["why"]);
        assert_eq!(json!(one_by_one(case)), case["indices"], "{}", case["why"]);
    }
}

#[test]
fn what_is_wrong_is_refused_by_its_place() {
    for case in cases(&vectors()["errors"]) {
        let mut call = case["call"].clone();
        call["op"] = json!("filter");
        let error = &run(&call)["error"];
        assert_eq!(
            (text(&error["code"]), text(&error["field"])),
            (text(&case["code"]), text(&case["field"])),
            "{call}"
        );
    }
}

/// As text, because a document has a limit of its own on how many values there are in it.
#[test]
fn as_many_paths_with_tiers_as_the_limit_says_pass_every_boundary() {
    let entry = r#"{"path":"a/b","tier":"sensitive"}"#;
    let ask = |count: usize| {
        let paths = vec![entry; count].join(",");
        let chain = r#"[{"grant":{"scopes":["secrets:read:*"],"tier_ceiling":"sensitive"}}]"#;
        let request = r#"{"resource":"secrets","action":"read","now":1}"#;
        let call = format!(r#"{{"op":"filter","chain":{chain},"request":{request},"paths":[{paths}]}}"#);
        parse(str::from_utf8(&call::answer(call.as_bytes()).json).unwrap())
    };
    assert_eq!(ask(MAX_PATHS)["indices"].as_array().map(Vec::len), Some(MAX_PATHS));
    let error = &ask(MAX_PATHS + 1)["error"];
    assert_eq!((text(&error["code"]), text(&error["field"])), ("limit_exceeded", "paths"));
}

#[test]
fn more_paths_than_the_limit_are_refused() {
    let wide = Grant::from_json(br#"{"scopes":["secrets:read:*"]}"#).unwrap();
    let usage = Usage::default();
    let chain = [Link { grant: &wide, usage: &usage }];
    let request = Value::parse(br#"{"resource":"secrets","action":"read","now":1}"#).unwrap();
    let request = Request::from_document(&Item::new(&request, Place::Root)).unwrap();
    let mut list = vec![Value::text("a/b"); MAX_PATHS];
    let ask = |list: &Value| {
        filter_document(&chain, None, &request, &Item::new(list, Place::Root)).map(|document| match document
            .field("indices")
        {
            Some(Value::List(places)) => places.len(),
            _ => 0,
        })
    };
    assert_eq!(ask(&Value::List(list.clone())), Ok(MAX_PATHS));
    list.push(Value::text("a/b"));
    assert_eq!(ask(&Value::List(list)).map_err(|error| error.code()), Err(ErrorCode::LimitExceeded));
}

/// An approval of just one of the paths lets that one through, as it would in a decision.
#[test]
fn what_people_have_approved_is_let_through() {
    let mut case = json!({
        "chain": [{ "grant": { "scopes": ["secrets:read:*"] } }],
        "policy": { "version": 1, "rules": [{ "id": "all", "effect": "allow" }, { "id": "ask", "effect": "require_approval", "resources": ["a/*"] }] },
        "request": { "resource": "secrets", "action": "read", "now": 1 },
        "paths": ["a/x", "a/y", "b/x"],
    });
    assert_eq!(one_by_one(&case), [2]);
    let mut call = call_of("decide", &case);
    call["request"]["path"] = json!("a/y");
    let digest = run(&call)["approval"]["digest"].clone();
    case["request"]["approval"] = json!({ "digest": digest, "approvers": 1 });
    assert_eq!(one_by_one(&case), [1, 2]);
    let mut call = call_of("filter", &case);
    call["paths"] = case["paths"].clone();
    assert_eq!(run(&call), json!({ "indices": [1, 2] }));
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(String::from)
}

const PATTERNS: &[&str] = &["*", "a/*", "a*", "a/+", "+/b", "b/*", "a/b"];
const TIERS: &[&str] = &["standard", "sensitive", "critical"];

fn any_link() -> impl Strategy<Value = Json> {
    let parts = (
        prop::collection::vec(one_of(PATTERNS), 1..4),
        prop::option::of(prop::collection::vec(one_of(&["a", "b", "a/b", "*"]), 0..3)),
        one_of(TIERS),
        (0..3_u8, 0..4_u64, 9..13_u64),
        prop::option::of((1..4_u8, 1..3_u8)),
    );
    parts.prop_map(|(patterns, namespaces, tier, (trust, uses, end), limit)| {
        let scopes: Vec<String> = patterns.iter().map(|pattern| format!("secrets:read:{pattern}")).collect();
        let mut grant = json!({ "scopes": scopes, "tier_ceiling": tier, "trust_floor": trust, "max_uses": 3, "expires_at": end });
        if let Some(namespaces) = namespaces {
            grant["namespaces"] = json!(namespaces);
        }
        if let Some((capacity, refill)) = limit {
            let bucket = json!({ "capacity": capacity, "refill": refill, "per": "hour" });
            grant["limits"] = json!([{ "id": "l", "unit": "requests", "algorithm": { "bucket": bucket } }]);
        }
        json!({ "grant": grant, "usage": { "uses": uses, "last": 5, "revision": 0 } })
    })
}

fn any_rule() -> impl Strategy<Value = Json> {
    let effect = one_of(&["allow", "allow", "deny", "require_approval"]);
    (effect, prop::option::of(one_of(PATTERNS)), prop::option::of(one_of(TIERS))).prop_map(
        |(effect, resource, tier)| {
            let mut rule = json!({ "effect": effect, "actions": ["secrets:read"] });
            if let Some(resource) = resource.filter(|resource| resource != "*") {
                rule["resources"] = json!([resource]);
            }
            if let Some(tier) = tier {
                rule["when"] = json!({ "attribute": "tier", "lte": tier });
            }
            rule
        },
    )
}

fn any_policy() -> impl Strategy<Value = Json> {
    prop::collection::vec(any_rule(), 1..5).prop_map(|mut rules| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule["id"] = json!(format!("r{index}"));
        }
        json!({ "version": 1, "rules": rules })
    })
}

proptest! {
    #[test]
    fn filtering_is_deciding_about_one_path_after_the_other(
        chain in prop::collection::vec(any_link(), 0..4),
        policy in prop::option::of(any_policy()),
        paths in prop::collection::vec((one_of(&["a", "b", "a/b", "a/c", "a/b/c", "b/b", "ab"]), prop::option::of(one_of(TIERS))), 0..8),
        (trust, now, cost) in (0..4_u8, 0..12_u64, 0..4_u8),
    ) {
        let paths: Vec<Json> = paths.into_iter().map(|(path, tier)| tier.map_or_else(|| json!(path), |tier| json!({ "path": path, "tier": tier }))).collect();
        let request = json!({ "resource": "secrets", "action": "read", "now": now, "trust": trust, "cost": { "requests": cost } });
        let mut case = json!({ "chain": chain, "request": request, "paths": paths });
        if let Some(policy) = policy {
            case["policy"] = policy;
        }
        let mut call = call_of("filter", &case);
        call["paths"] = case["paths"].clone();
        prop_assert_eq!(run(&call), json!({ "indices": one_by_one(&case) }), "{}", case.to_string());
    }

    #[test]
    fn a_text_is_asked_about_exactly_if_it_is_a_path(texts in prop::collection::vec("[a/*.+ é]{1,4}", 1..5)) {
        let call = json!({ "op": "filter", "chain": [{ "grant": { "scopes": ["secrets:read:*"] } }], "request": { "resource": "secrets", "action": "read", "now": 1 }, "paths": texts });
        let bad = texts.iter().position(|text| Path::parse(text).is_err());
        match bad {
            Some(bad) => prop_assert_eq!(&run(&call)["error"]["field"], &json!(format!("paths[{bad}]"))),
            None => prop_assert_eq!(run(&call)["indices"].as_array().map(Vec::len), Some(texts.len())),
        }
    }
}
