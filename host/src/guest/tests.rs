use super::*;
use warded_core::attribute::Scalar;
use warded_core::cost::Cost;
use warded_core::path::Path;
use warded_core::pattern::Pattern;
use warded_core::request::{Issue, Target};
use warded_core::scope::{Scope, Word};
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::trust::Trust;

fn guest() -> Guest {
    Guest::new(&[Secret::new([7; 32])]).unwrap()
}

fn request(target: Target<'_>) -> Request<'_> {
    Request {
        subject: None,
        resource: Word::parse("secrets").unwrap(),
        action: Word::parse("read").unwrap(),
        target,
        tier: Tier::Standard,
        ip: Some("10.1.2.3".parse().unwrap()),
        now: Millis::new(1000).unwrap(),
        trust: Trust::Anonymous,
        cost: Cost::ONE_REQUEST,
        attributes: Vec::new(),
        approval: None,
    }
}

fn decide(guest: &Guest, grant: &CompiledGrant, target: Target<'_>) -> Result<Decision, GuestError> {
    guest.decide(&[LinkRef { grant, usage: &Usage::new(1, 2, 3) }], None, &request(target))
}

fn path(text: &str) -> Target<'_> {
    Target::Path(Path::parse(text).unwrap())
}

const GRANT: &[u8] = br#"{"scopes":["secrets:read:a/*"],"ip_allowlist":["10.0.0.0/8"],"max_uses":3}"#;

fn context(purpose: &str) -> Context<'_> {
    Context { purpose, tenant: Some([1; 16]), object: "sec_1", path: "", version: Some(1) }
}

#[test]
fn a_decision_in_the_module_is_the_decision_of_the_core() {
    let guest = guest();
    let grant = guest.compile_grant(GRANT).unwrap();
    let native = warded_core::grant::Grant::from_bytes(&grant.bytes).unwrap();
    let issue =
        |scope| Target::Issue(Issue::new(vec![Scope::parse(scope).unwrap()], Millis::ZERO, None, None));
    let targets = [
        path("a/KEY"),
        path("b/KEY"),
        Target::None,
        Target::Listing(Pattern::parse("a/*").unwrap()),
        Target::Listing(Pattern::parse("*").unwrap()),
        issue("secrets:read:a/b"),
        issue("secrets:write:a/b"),
    ];
    for target in targets {
        let link = warded_core::decide::Link { grant: &native, usage: &Usage::new(1, 2, 3) };
        let expected = warded_core::decide::decide(&[link], None, &request(target.clone()));
        assert_eq!(decide(&guest, &grant, target.clone()).unwrap(), expected, "{target:?}");
    }
}

const POLICY: &str = r#"{"version":1,
    "attributes":{"build.age":{"type":"integer","actions":["secrets:*"],"source":"host"},
        "branch":{"type":"text","actions":["secrets:*"],"source":"host"},
        "reviewed":{"type":"boolean","actions":["secrets:*"],"source":"host"}},
    "rules":[
        {"id":"grants","effect":"allow"},
        {"id":"frozen","effect":"deny","resources":["a/frozen/*"]},
        {"id":"mallory","effect":"deny","subjects":["agt_mallory"]},
        {"id":"old","effect":"deny","actions":["secrets:read"],"resources":["a/fresh"],
            "when":{"not":{"all":[{"attribute":"build.age","lt":3600},{"attribute":"branch","eq":"main"},
                {"attribute":"reviewed","eq":true}]}}},
        {"id":"asked","effect":"require_approval","resources":["a/asked/*"]}]}"#;

/// The same question of the module and of the core itself.
#[track_caller]
fn assert_same(guest: &Guest, grant: &CompiledGrant, usage: &Usage, request: &Request<'_>) -> Decision {
    let policy = guest.compile_policy(POLICY).unwrap();
    let native = warded_core::grant::Grant::from_bytes(&grant.bytes).unwrap();
    let rules = warded_core::policy::Policy::from_json(POLICY.as_bytes()).unwrap();
    let link = warded_core::decide::Link { grant: &native, usage };
    let expected = warded_core::decide::decide(&[link], Some(&rules), request);
    let decision = guest.decide(&[LinkRef { grant, usage }], Some(&policy), request).unwrap();
    assert_eq!(decision, expected, "{request:?}");
    decision
}

#[test]
fn under_a_policy_the_decision_of_the_module_is_that_of_the_core() {
    let guest = guest();
    let grant = guest.compile_grant(br#"{"id":"tok_1","scopes":["secrets:*:*"]}"#).unwrap();
    let usage = Usage::default();
    let word = |text| Word::parse(text).unwrap();
    let subject = |id| Some(warded_core::request::Subject::new(word("subject"), id).unwrap());
    let attributes = |age, branch, reviewed| {
        let attribute = |name, value| warded_core::attribute::Attribute::new(name, value).unwrap();
        vec![
            attribute("build.age", Scalar::Integer(age)),
            attribute("branch", Scalar::Text(branch)),
            attribute("reviewed", Scalar::Bool(reviewed)),
        ]
    };
    let same = |request: Request<'_>| assert_same(&guest, &grant, &usage, &request).outcome();
    assert_eq!(same(request(path("a/KEY"))), Outcome::Allow);
    assert_eq!(same(request(path("a/frozen/KEY"))), Outcome::Deny);
    assert_eq!(same(Request { subject: subject("agt_mallory"), ..request(path("a/KEY")) }), Outcome::Deny);
    assert_eq!(same(Request { subject: subject("agt_alice"), ..request(path("a/KEY")) }), Outcome::Allow);
    for (age, branch, reviewed, outcome) in [
        (1, "main", true, Outcome::Allow),
        (4000, "main", true, Outcome::Deny),
        (1, "other", true, Outcome::Deny),
        (1, "main", false, Outcome::Deny),
    ] {
        let asked = Request { attributes: attributes(age, branch, reviewed), ..request(path("a/fresh")) };
        assert_eq!(same(asked), outcome);
    }
    let asked = request(path("a/asked/KEY"));
    let needed = assert_same(&guest, &grant, &usage, &asked).approval().cloned().unwrap();
    assert_eq!((needed.approvers, &*needed.rules), (1, &[Box::from("asked")][..]));
    let approved = |digest| Some(warded_core::request::Approval::new(digest, 1));
    assert_eq!(same(Request { approval: approved(needed.digest), ..asked.clone() }), Outcome::Allow);
    assert_eq!(same(Request { approval: approved([0; 32]), ..asked }), Outcome::Ask);
}

#[test]
fn a_token_of_a_tier_is_asked_about_with_its_networks() {
    let guest = guest();
    let grant = guest.compile_grant(br#"{"scopes":["secrets:*:*"],"tier_ceiling":"critical"}"#).unwrap();
    let ask = |networks: Option<&[&str]>| {
        let list = networks.map(|networks| {
            let parsed: Vec<_> =
                networks.iter().map(|text| warded_core::ip::Network::parse(text).unwrap()).collect();
            warded_core::ip::Allowlist::compile(&parsed).unwrap()
        });
        let scopes = vec![Scope::parse("secrets:read:a/*").unwrap()];
        let issue = Issue::new(scopes, Millis::new(1000).unwrap(), Some(3), list);
        let request = Request { tier: Tier::Critical, ..request(Target::Issue(issue)) };
        assert_same(&guest, &grant, &Usage::default(), &request).approval().cloned().unwrap()
    };
    let (anywhere, inside) = (ask(None), ask(Some(&["10.0.0.0/9", "10.128.0.0/9", "::1"])));
    assert_eq!((anywhere.approvers, anywhere.tier), (2, Tier::Critical));
    assert_eq!(inside, ask(Some(&["::1", "10.0.0.0/8"])), "the merged list is bound");
    assert_ne!(inside.digest, anywhere.digest);
}

#[test]
fn the_states_of_limits_go_in_and_come_back() {
    let guest = guest();
    let grant = br#"{"scopes":["secrets:*:*"],"limits":[
        {"id":"burst","unit":"requests","algorithm":{"bucket":{"capacity":2,"refill":1,"per":"minute"}}},
        {"id":"day","unit":"requests","algorithm":{"window":{"limit":3,"per":"day"}}}]}"#;
    let grant = guest.compile_grant(grant).unwrap();
    let mut usage = Usage::default();
    for remaining in [1, 0] {
        let decision = assert_same(&guest, &grant, &usage, &request(path("a/KEY")));
        assert_eq!((decision.outcome(), decision.limits()[0].remaining), (Outcome::Allow, remaining));
        usage = decision.usages()[0].clone();
        let bytes = states_to_bytes(&usage.limits);
        assert_eq!((bytes.len(), states_from_bytes(&bytes)), (64, Some(usage.limits.clone())));
    }
    let refused = assert_same(&guest, &grant, &usage, &request(path("a/KEY")));
    assert_eq!(refused.reasons()[0].code, ErrorCode::QuotaExhausted);
    assert_eq!(refused.limits()[0].retry_after, Some(61_000));
    for damaged in [&[0; 31][..], &[9; 32]] {
        assert_eq!(states_from_bytes(damaged), None);
    }
}

#[test]
fn a_refused_grant_names_its_field() {
    let error = guest().compile_grant(br#"{"scopes":["secrets:read:a*b"]}"#).unwrap_err();
    let GuestError::Refused { code, field, .. } = error else { panic!("{error}") };
    assert_eq!((code, field.as_deref()), (ErrorCode::InvalidPattern, Some("scopes[0]")));
}

#[test]
fn a_value_opens_in_its_own_contexts_only() {
    let guest = guest();
    let sealed = guest.seal_value(&context("data-key"), &context("value"), b"hunter2").unwrap();
    let open =
        |key: &Context<'_>, value: &Context<'_>| guest.open_value(key, value, &sealed.key, &sealed.value);
    assert_eq!(open(&context("data-key"), &context("value")).unwrap().expose(), b"hunter2");
    for (key, value) in [("other", "value"), ("data-key", "other")] {
        let code = open(&context(key), &context(value)).unwrap_err().code();
        assert_eq!(code, Some(ErrorCode::SealRejected));
    }
    let stranger = Guest::new(&[Secret::new([8; 32])]).unwrap();
    let unknown = stranger.open_value(&context("data-key"), &context("value"), &sealed.key, &sealed.value);
    assert_eq!(unknown.unwrap_err().code(), Some(ErrorCode::KeyUnknown));
}

#[test]
fn tokens_are_minted_and_hashed() {
    let guest = guest();
    let minted = guest.mint_token(TokenKind::Scoped).unwrap();
    assert_eq!(guest.hash_token(minted.text.expose()).unwrap(), (TokenKind::Scoped, minted.hash));
    assert_eq!(Some(minted.display.as_str()), minted.text.expose().get(..12));
    assert_eq!(guest.hash_token("wds_x").unwrap_err().code(), Some(ErrorCode::InvalidToken));
}

#[test]
fn when_the_engine_fails_nothing_is_allowed_and_nothing_opens() {
    let guest = guest();
    let grant = guest.compile_grant(GRANT).unwrap();
    let sealed = guest.seal_value(&context("data-key"), &context("value"), b"x").unwrap();
    for fuel in [0, 1, 100, 1000] {
        guest.limit_fuel(fuel);
        if fuel == 0 {
            assert!(matches!(decide(&guest, &grant, path("a/KEY")), Err(GuestError::Trapped(_))));
            let opened =
                guest.open_value(&context("data-key"), &context("value"), &sealed.key, &sealed.value);
            assert!(matches!(opened, Err(GuestError::Trapped(_))));
            assert!(guest.seal_value(&context("data-key"), &context("value"), b"x").is_err());
            assert!(guest.mint_token(TokenKind::Agent).is_err());
        }
    }
    assert_eq!(guest.traps(), 4);
    guest.limit_fuel(BASE_FUEL);
    assert_eq!(decide(&guest, &grant, path("a/KEY")).unwrap().outcome(), Outcome::Allow);
}

#[test]
fn more_grants_than_the_module_keeps_are_loaded_again() {
    let guest = guest();
    let grants: Vec<_> = (1..=600)
        .map(|uses| {
            guest
                .compile_grant(format!(r#"{{"scopes":["secrets:*:*"],"max_uses":{uses}}}"#).as_bytes())
                .unwrap()
        })
        .collect();
    for _ in 0..2 {
        for grant in &grants {
            let allowed = decide(&guest, grant, path("a/KEY")).unwrap();
            // A link that has been used once is exhausted if one use was all it had.
            assert_eq!(allowed.outcome() == Outcome::Allow, grant != &grants[0]);
        }
    }
    assert_eq!(guest.traps(), 0);
}

#[test]
fn the_module_imports_nothing() {
    let guest = guest();
    assert_eq!(guest.module.module().imports().count(), 0);
}

#[test]
fn more_rules_than_an_answer_has_room_for_are_one_denial() {
    let guest = guest();
    let grant = guest.compile_grant(br#"{"scopes":["secrets:*:*"]}"#).unwrap();
    for effect in ["deny", "require_approval"] {
        let rules: Vec<_> =
            (0..20).map(|rule| format!(r#"{{"id":"r{rule}","effect":"{effect}"}}"#)).collect();
        let text = format!(r#"{{"version":1,"rules":[{{"id":"g","effect":"allow"}},{}]}}"#, rules.join(","));
        let policy = guest.compile_policy(&text).unwrap();
        let link = LinkRef { grant: &grant, usage: &Usage::new(1, 2, 3) };
        let decision = guest.decide(&[link], Some(&policy), &request(path("a/KEY"))).unwrap();
        let reasons: Vec<_> = decision.reasons().iter().map(|reason| reason.code).collect();
        assert_eq!(
            (decision.outcome(), reasons),
            (Outcome::Deny, vec![ErrorCode::LimitExceeded]),
            "{effect}"
        );
        assert_eq!(decision.usages(), [Usage::new(1, 2, 3)]);
    }
}
