use super::*;
use crate::decision::Outcome;
use crate::document::{Item, Value};
use crate::error::Place;
use alloc::vec;

fn grant(json: &str) -> Grant {
    Grant::from_json(json.as_bytes()).unwrap()
}

fn ask(chain: &[(&Grant, Usage)], request: &str) -> Decision {
    let document = Value::parse(request.as_bytes()).unwrap();
    let links: Vec<_> = chain.iter().map(|(grant, usage)| Link { grant, usage }).collect();
    decide(&links, None, &Request::from_document(&Item::new(&document, Place::Root)).unwrap())
}

fn codes(decision: &Decision) -> Vec<(&'static str, u8)> {
    decision.reasons().iter().map(|reason| (reason.code.name(), reason.link.unwrap())).collect()
}

const READ: &str = r#"{"resource":"secrets","action":"read","path":"a/KEY","ip":"10.0.0.1","now":1000}"#;

#[test]
fn an_allow_raises_every_counter_of_the_chain_together() {
    let agent = grant(r#"{"scopes":["secrets:*:*"]}"#);
    let token = grant(r#"{"scopes":["secrets:read:a/*"],"max_uses":3}"#);
    let decision = ask(&[(&agent, Usage::new(7, 1500, 9)), (&token, Usage::new(2, 0, 2))], READ);
    assert_eq!(decision.outcome(), Outcome::Allow);
    assert_eq!(decision.usages(), [Usage::new(8, 1500, 10), Usage::new(3, 1000, 3)]);
}

#[test]
fn a_refusal_names_every_clause_of_every_link_and_consumes_nothing() {
    let agent = grant(r#"{"scopes":["secrets:read:b/*"],"namespaces":["b"],"ip_allowlist":["10.9.0.0/16"]}"#);
    let token = grant(r#"{"scopes":["secrets:write:a/*"],"expires_at":1000,"max_uses":1}"#);
    let used = Usage::new(1, 5, 1);
    let decision =
        ask(&[(&agent, used.clone()), (&token, used.clone())], &READ.replace('}', r#","tier":"critical"}"#));
    assert_eq!(decision.outcome(), Outcome::Deny);
    let expected = vec![
        ("ip_not_allowed", 0),
        ("scope_missing", 0),
        ("namespace_not_allowed", 0),
        ("tier_exceeds_grant", 0),
        ("expired", 1),
        ("uses_exhausted", 1),
        ("scope_missing", 1),
        ("tier_exceeds_grant", 1),
    ];
    assert_eq!(codes(&decision), expected);
    assert_eq!(decision.usages(), [used.clone(), used]);
}

#[test]
fn nobody_and_too_many_are_denied() {
    assert_eq!(codes(&ask(&[], READ)), [("chain_empty", 0)]);
    let wide = grant(r#"{"scopes":["secrets:*:*"]}"#);
    assert_eq!(
        codes(&ask(&[const { Usage::new(0, 0, 0) }; 5].map(|usage| (&wide, usage)), READ)),
        [("chain_too_long", 0)]
    );
    assert_eq!(
        ask(&[const { Usage::new(0, 0, 0) }; 4].map(|usage| (&wide, usage)), READ).outcome(),
        Outcome::Allow
    );
}

#[test]
fn the_window_includes_its_beginning_and_not_its_end() {
    let grant = grant(r#"{"scopes":["secrets:*:*"],"not_before":1000,"expires_at":2000}"#);
    let at = |now: &str| codes(&ask(&[(&grant, Usage::default())], &READ.replace("1000", now)));
    assert_eq!(at("999"), [("not_yet_valid", 0)]);
    assert_eq!(at("1000"), []);
    assert_eq!(at("1999"), []);
    assert_eq!(at("2000"), [("expired", 0)]);
}

#[test]
fn a_clock_that_goes_back_does_not_revive_and_a_day_ahead_is_refused() {
    let ending = grant(r#"{"scopes":["secrets:*:*"],"expires_at":5000}"#);
    assert_eq!(codes(&ask(&[(&ending, Usage::new(0, 5000, 0))], READ)), [("expired", 0)]);
    let wide = grant(r#"{"scopes":["secrets:*:*"]}"#);
    assert_eq!(ask(&[(&wide, Usage::new(0, 86_401_000, 0))], READ).outcome(), Outcome::Allow);
    assert_eq!(codes(&ask(&[(&wide, Usage::new(0, 86_401_001, 0))], READ)), [("usage_ahead", 0)]);
    assert_eq!(codes(&ask(&[(&wide, Usage::new(0, u64::MAX, 0))], READ)), [("usage_ahead", 0)]);
}

#[test]
fn an_allowlist_and_no_address_is_denied() {
    let grant = grant(r#"{"scopes":["secrets:*:*"],"ip_allowlist":["10.0.0.1"]}"#);
    let request = READ.replace(r#""ip":"10.0.0.1","#, "");
    assert_eq!(codes(&ask(&[(&grant, Usage::default())], &request)), [("ip_unknown", 0)]);
    assert_eq!(ask(&[(&grant, Usage::default())], READ).outcome(), Outcome::Allow);
    let mapped = READ.replace("10.0.0.1", "::ffff:10.0.0.1");
    assert_eq!(ask(&[(&grant, Usage::default())], &mapped).outcome(), Outcome::Allow);
}

#[test]
fn a_listing_needs_one_scope_that_covers_all_of_it() {
    let grant = grant(r#"{"scopes":["secrets:read:a/b*","secrets:read:a/c/*"],"namespaces":["a"]}"#);
    let list = |pattern: &str| {
        let request = READ.replace(r#""path":"a/KEY""#, &std::format!(r#""listing":"{pattern}""#));
        codes(&ask(&[(&grant, Usage::default())], &request))
    };
    assert_eq!(list("a/c/*"), []);
    assert_eq!(list("a/bc/*"), []);
    assert_eq!(list("a/*"), [("scope_missing", 0)]);
    assert_eq!(list("*"), [("scope_missing", 0), ("namespace_not_allowed", 0)]);
}

#[test]
fn an_issue_needs_every_scope_covered_and_inside_the_namespaces() {
    let grant = grant(
        r#"{"scopes":["secrets:*:*","namespaces:read"],"namespaces":["a","b"],"tier_ceiling":"sensitive"}"#,
    );
    let issue = |scopes: &str, tier: &str| {
        let request = std::format!(
            r#"{{"resource":"tokens","action":"issue","issue":{{"scopes":{scopes},"ttl_ms":1000}},"tier":"{tier}","now":1}}"#
        );
        codes(&ask(&[(&grant, Usage::default())], &request))
    };
    assert_eq!(issue(r#"["secrets:read:a/*","namespaces:read"]"#, "sensitive"), []);
    assert_eq!(
        issue(r#"["secrets:read:a/*","secrets:read:c/*"]"#, "standard"),
        [("namespace_not_allowed", 0)]
    );
    assert_eq!(issue(r#"["agents:manage"]"#, "standard"), [("scope_missing", 0)]);
    assert_eq!(issue(r#"["secrets:read:a/*"]"#, "critical"), [("tier_exceeds_grant", 0)]);
}
