use super::*;
use crate::decide::{Link, decide};
use crate::decision::Outcome;
use crate::document::Item;
use crate::error::Place;
use crate::request::Request;
use crate::usage::Usage;
use crate::vectors::{cases, parse, text};
use alloc::format;
use alloc::string::{String, ToString as _};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn grant(document: &Json) -> Grant {
    Grant::from_json(document.to_string().as_bytes()).unwrap()
}

fn vectors() -> Json {
    parse(include_str!("../../../tests/vectors/narrows.json"))
}

#[test]
fn the_fields_of_the_vectors_reach_further_and_no_others() {
    for case in cases(&vectors()["narrows"]) {
        assert_eq!(
            json!(wider(&grant(&case["outer"]), &grant(&case["inner"]))),
            case["wider"],
            "{}",
            text(&case["why"])
        );
    }
}

#[test]
fn a_grant_narrows_nothing_less_after_it_was_compiled() {
    for case in cases(&vectors()["narrows"]) {
        let loaded = |document| Grant::from_bytes(&grant(document).to_bytes()).unwrap();
        assert_eq!(
            json!(wider(&loaded(&case["outer"]), &loaded(&case["inner"]))),
            case["wider"],
            "{}",
            text(&case["why"])
        );
    }
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(String::from)
}

fn any_algorithm() -> impl Strategy<Value = Json> {
    let bucket = (1..6_u8, 1..6_u8, one_of(&["second", "minute", "hour", "day"]));
    let window = (1..9_u8, one_of(&["second", "minute", "hour", "day", "month"]));
    prop_oneof![
        bucket.prop_map(|(capacity, refill, per)| json!({ "bucket": { "capacity": capacity, "refill": refill, "per": per } })),
        window.prop_map(|(limit, per)| json!({ "window": { "limit": limit, "per": per } })),
    ]
}

fn any_grant() -> impl Strategy<Value = Json> {
    let scope = (one_of(&["read", "write", "*"]), one_of(&["*", "a/*", "a*", "a/+", "+/b", "b/*", "a/b"]));
    let parts = (
        prop::collection::vec(
            scope.prop_map(|(action, pattern)| format!("secrets:{action}:{pattern}")),
            0..4,
        ),
        prop::option::of(prop::collection::vec(one_of(&["a", "b", "a/b", "*"]), 0..3)),
        prop::option::of(one_of(&["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "11.0.0.0/8"])),
        (0..4_u8, prop::option::of(4..8_u8), prop::option::of(1..4_u8)),
        (one_of(&["standard", "sensitive", "critical"]), 0..4_u8),
    );
    parts.prop_map(|(scopes, namespaces, network, (start, end, uses), (tier, trust))| {
        let mut grant =
            json!({ "scopes": scopes, "not_before": start, "tier_ceiling": tier, "trust_floor": trust });
        let optional = [
            ("namespaces", namespaces.map(Json::from)),
            ("ip_allowlist", network.map(|network| json!([network]))),
            ("expires_at", end.map(Json::from)),
            ("max_uses", uses.map(Json::from)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                grant[name] = value;
            }
        }
        grant
    })
}

fn allows(grant: &Grant, usage: &Usage, request: &Json) -> Option<Usage> {
    let document = Value::parse(request.to_string().as_bytes()).unwrap();
    let request = Request::from_document(&Item::new(&document, Place::Root)).unwrap();
    let decision = decide(&[Link { grant, usage }], None, &request);
    (decision.outcome() == Outcome::Allow).then(|| decision.usages()[0].clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_a_narrower_grant_allows_the_wider_one_allows(
        outer in any_grant(), inner in any_grant(),
        requests in prop::collection::vec((one_of(&["read", "write"]), one_of(&["a", "a/b", "a/c", "b/b", "a/b/c"]), one_of(&["10.1.2.3", "10.9.9.9", "11.1.1.1"]), 0..9_u8, 0..4_u8, one_of(&["standard", "sensitive", "critical"])), 1..12),
    ) {
        let (outer, inner) = (grant(&outer), grant(&inner));
        prop_assert_eq!(wider(&outer, &outer), Vec::<&str>::new());
        if wider(&outer, &inner).is_empty() {
            for (action, path, ip, now, trust, tier) in requests {
                let request = json!({ "resource": "secrets", "action": action, "path": path, "ip": ip, "now": now, "trust": trust, "tier": tier });
                let usage = Usage::new(1, 0, 0);
                prop_assert!(allows(&inner, &usage, &request).is_none() || allows(&outer, &usage, &request).is_some(), "{}", request);
            }
        }
    }

    #[test]
    fn what_a_narrower_limit_admits_the_wider_one_admits(
        outer in any_algorithm(), inner in any_algorithm(),
        requests in prop::collection::vec((0..4_u8, prop::sample::select(&[0_u64, 1, 400, 1_000, 30_000, 60_000, 3_600_000, 86_400_000, 2_678_400_000][..])), 1..30),
    ) {
        let limited = |algorithm| grant(&json!({ "scopes": ["secrets:read"], "limits": [{ "id": "l", "unit": "requests", "algorithm": algorithm }] }));
        let (outer, inner) = (limited(outer), limited(inner));
        let narrows = wider(&outer, &inner).is_empty();
        let (mut used, mut used_outside) = (Usage::default(), Usage::default());
        let mut now = 1_790_000_000_000_u64;
        for (cost, later) in requests {
            now = now.saturating_add(later);
            let request = json!({ "resource": "secrets", "action": "read", "now": now, "cost": { "requests": cost } });
            if let Some(next) = allows(&inner, &used, &request) {
                used = next;
                match allows(&outer, &used_outside, &request) {
                    Some(next) => used_outside = next,
                    None => prop_assert!(!narrows, "{}", request),
                }
            }
        }
    }
}
