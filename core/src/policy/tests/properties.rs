use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::decide::{Link, decide};
use crate::decision::Outcome;
use crate::document::{Item, Value};
use crate::error::Place;
use crate::grant::Grant;
use crate::policy::Policy;
use crate::request::Request;
use crate::usage::Usage;

/// One of a few texts, so that rules and requests often meet.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(String::from)
}

fn some_of(texts: &'static [&'static str]) -> impl Strategy<Value = Option<Vec<String>>> {
    prop::option::of(prop::collection::vec(one_of(texts), 1..4))
}

const RESOURCES: &[&str] =
    &["a/*", "a/b/*", "a*", "a/b", "a/b/c", "+/b/*", "a/+", "a/+/c", "+/*", "b/*", "a/b*", "ab", "+"];
const PATHS: &[&str] = &["a", "ab", "a/b", "a/b/c", "a/bc", "a/c", "b/b/c", "b", "a/b/c/d", "a-b/c"];

fn any_test() -> impl Strategy<Value = Json> {
    prop_oneof![
        (0..4_u8).prop_map(|trust| json!({ "attribute": "trust", "gte": trust })),
        (0..4_u8).prop_map(|trust| json!({ "attribute": "trust", "in": [0, trust] })),
        any::<bool>().prop_map(|there| json!({ "attribute": "ip", "exists": there })),
        (0..3_u8).prop_map(
            |net| json!({ "attribute": "ip", "cidr": [format!("10.{net}.0.0/16"), "2001:db8::/32"] })
        ),
        one_of(&["mon", "thu", "sun"])
            .prop_map(|day| json!({ "attribute": "weekday", "eq": day, "offset": "+02:00" })),
        (0..24_u8)
            .prop_map(|hour| json!({ "attribute": "time", "from": format!("{hour:02}:00"), "to": "12:30" })),
        one_of(&["standard", "sensitive", "critical"])
            .prop_map(|tier| json!({ "attribute": "tier", "lte": tier })),
        one_of(&["main", "dev", ""]).prop_map(|branch| json!({ "attribute": "branch", "in": [branch, "x"] })),
        Just(json!({ "attribute": "branch", "prefix": "ma" })),
        Just(json!({ "attribute": "origin", "host": ["*.a.com", "b.com"] })),
        any::<bool>().prop_map(|value| json!({ "attribute": "mfa", "eq": value })),
    ]
}

fn any_condition() -> impl Strategy<Value = Json> {
    any_test().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|any| json!({ "any": any })),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|all| json!({ "all": all })),
            inner.prop_map(|not| json!({ "not": not })),
        ]
    })
}

fn any_rule() -> impl Strategy<Value = Json> {
    let parts = (
        one_of(&["allow", "allow", "deny", "require_approval"]),
        some_of(&["agt_1", "agt_2", "agt_12"]),
        prop::collection::vec(one_of(&["secrets:read", "secrets:*", "secrets:write"]), 1..3),
        some_of(RESOURCES),
        prop::option::of(any_condition()),
    );
    parts.prop_map(|(effect, subjects, actions, resources, when)| {
        let mut rule = json!({ "effect": effect, "actions": actions });
        let optional = [
            ("subjects", subjects.map(Json::from)),
            ("resources", resources.map(Json::from)),
            ("when", when),
        ];
        for (name, value) in optional.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)))
        {
            rule[name] = value;
        }
        rule
    })
}

/// Rules with ids, of which no two are the same.
fn any_rules() -> impl Strategy<Value = Vec<Json>> {
    prop::collection::vec(any_rule(), 1..12).prop_map(|mut rules| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule["id"] = json!(format!("rule-{index}"));
        }
        rules
    })
}

fn any_request() -> impl Strategy<Value = Json> {
    let target = prop_oneof![
        4 => one_of(PATHS).prop_map(|path| ("path", json!(path))),
        1 => one_of(RESOURCES).prop_map(|pattern| ("listing", json!(pattern))),
        1 => prop::collection::vec(one_of(&["secrets:read:a/*", "secrets:*:a/b/*", "secrets:write:b/c"]), 1..4)
            .prop_map(|scopes| ("issue", json!({ "scopes": scopes, "ttl_ms": 1000 }))),
    ];
    let attributes = prop::option::of(
        one_of(&["main", "dev", "mal"]).prop_map(|branch| json!({ "branch": branch, "mfa": true })),
    );
    (target, 0..4_u8, any::<bool>(), 0..700_000_000_u64, attributes).prop_map(
        |((name, target), trust, known, now, attributes)| {
            let mut request =
                json!({ "resource": "secrets", "action": "read", "now": now, "trust": trust, name: target });
            request["subject"] = json!({ "kind": "agent", "id": if known { "agt_1" } else { "agt_12" } });
            if known {
                request["ip"] = json!("10.1.2.3");
            }
            if let Some(attributes) = attributes {
                request["attributes"] = attributes;
            }
            request
        },
    )
}

fn document(rules: &[Json]) -> String {
    let declared = |kind: &str| json!({ "type": kind, "actions": ["secrets:*"], "source": "host" });
    let attributes =
        json!({ "branch": declared("text"), "origin": declared("host"), "mfa": declared("boolean") });
    json!({ "version": 1, "attributes": attributes, "rules": rules }).to_string()
}

fn bytes(rules: &[Json]) -> Vec<u8> {
    Policy::compile_json(document(rules).as_bytes()).unwrap()
}

/// The policy of these rules; `None` for one that contradicts itself.
fn compile(rules: &[Json]) -> Option<Policy> {
    let document = document(rules);
    match Policy::from_json(document.as_bytes()) {
        Ok(policy) => Some(policy),
        Err(error) => {
            assert_eq!(error.code().name(), "contradiction", "{error} in {document}");
            None
        }
    }
}

fn read<T>(request: &Json, then: impl FnOnce(&Request<'_>) -> T) -> T {
    let document = Value::parse(request.to_string().as_bytes()).unwrap();
    then(&Request::from_document(&Item::new(&document, Place::Root)).unwrap())
}

fn outcome(policy: &Policy, request: &Json) -> Outcome {
    let grant = Grant::from_json(br#"{"scopes":["secrets:*:*"],"tier_ceiling":"critical"}"#).unwrap();
    let usage = Usage::default();
    let chain = [Link { grant: &grant, usage: &usage }];
    read(request, |request| decide(&chain, Some(policy), request).outcome())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_order_of_rules_means_nothing(rules in any_rules(), shift in 0..12_usize, request in any_request()) {
        let Some(policy) = compile(&rules) else { return Ok(()) };
        let mut turned = rules.clone();
        turned.reverse();
        turned.rotate_left(shift.checked_rem(rules.len()).unwrap_or_default());
        let turned = compile(&turned).unwrap();
        prop_assert_eq!(&turned, &policy);
        prop_assert_eq!(outcome(&turned, &request), outcome(&policy, &request));
    }

    #[test]
    fn one_more_deny_never_allows(rules in any_rules(), extra in any_rule(), request in any_request()) {
        let Some(before) = compile(&rules) else { return Ok(()) };
        let mut extra = extra;
        extra["id"] = json!("extra");
        extra["effect"] = json!("deny");
        let Some(after) = compile(&[&rules[..], &[extra]].concat()) else { return Ok(()) };
        let (before, after) = (outcome(&before, &request), outcome(&after, &request));
        prop_assert!(after == before || after == Outcome::Deny, "{:?} became {:?}", before, after);
    }

    #[test]
    fn the_index_finds_what_looking_at_every_rule_finds(rules in any_rules(), request in any_request()) {
        let Some(policy) = compile(&rules) else { return Ok(()) };
        read(&request, |request| {
            let mut found = Vec::new();
            policy.each_match(request, &mut |place, _, parts| found.push((place, parts)));
            found.sort_unstable();
            found.dedup();
            let each = (0..).zip(policy.rules()).map(|(place, rule)| (place, rule.parts(request)));
            let expected: Vec<_> = each.filter(|(_, parts)| *parts != 0).collect();
            prop_assert_eq!(found, expected);
            Ok(())
        })?;
    }

    #[test]
    fn bytes_give_the_policy_back(rules in any_rules()) {
        let Some(policy) = compile(&rules) else { return Ok(()) };
        prop_assert_eq!(Policy::from_bytes(&bytes(&rules)).unwrap(), policy);
    }

    #[test]
    fn changed_bytes_are_refused_or_a_policy_that_could_be_written(
        rules in any_rules(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>(),
    ) {
        prop_assume!(compile(&rules).is_some());
        let mut bytes = bytes(&rules);
        prop_assert!(Policy::from_bytes(&bytes[..cut.index(bytes.len())]).is_err());
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(changed) = Policy::from_bytes(&bytes) {
            prop_assert_eq!(Policy::from_json(&bytes[4..]).unwrap(), changed);
        }
    }

    #[test]
    fn any_bytes_are_a_policy_or_refused(tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [b"wdp\x01".as_slice(), &tail].concat();
        if let Err(error) = Policy::from_bytes(&bytes) {
            prop_assert_eq!(error.code().name(), "invalid_compiled");
        }
    }
}
