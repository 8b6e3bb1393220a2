use super::*;
use crate::vectors::{array, bytes, cases, parse, text};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use proptest::prelude::*;
use serde_json::Value;

const KEY: [u8; 32] = [9; 32];
const NOW: Millis = Millis::ZERO;
/// A byte more than a name may have.
const LONG: &str = match str::from_utf8(&[b'a'; MAX_NAME + 1]) {
    Ok(text) => text,
    Err(_) => "",
};

fn vectors() -> Value {
    parse(include_str!("../../../tests/vectors/bundle.json"))
}

fn millis(value: &Value) -> Millis {
    Millis::new(value.as_u64().unwrap()).unwrap()
}

fn open_case(case: &Value, use_bundle: impl FnOnce(Result<Bundle<'_>, Error>)) {
    let (bytes, audience) = (bytes(&case["bytes"]), text(&case["audience"]));
    let (now, serial) = (millis(&case["now"]), case["min_serial"].as_u64().unwrap());
    use_bundle(open(&bytes, &array(&case["key"]), now, audience, serial));
}

fn grant() -> Vec<u8> {
    Grant::from_json(br#"{"scopes":["secrets:read:a/*"]}"#).unwrap().to_bytes()
}

/// The first policy, compiled.
fn policy() -> &'static [u8] {
    static POLICY: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let json = br#"{"version":1,"rules":[{"id":"grants","effect":"allow"}]}"#;
    POLICY.get_or_init(|| Policy::compile_json(json).unwrap())
}

fn bundle(grant: &[u8]) -> Bundle<'_> {
    let entry = |id, token_hash| Entry { id, token_hash, grant };
    Bundle {
        tenant: [1; 16],
        audience: "edge",
        serial: 4,
        not_before: NOW,
        not_after: DEFAULT_LIFE,
        grants: vec![entry("tok_1", Some([7; 32])), entry("agt_1", None)],
        policy: Some(policy()),
    }
}

fn code(result: Result<Bundle<'_>, Error>) -> ErrorCode {
    let error = result.expect_err("opened");
    // Nothing but the code: a field or hint could tell causes apart.
    assert_eq!(error, Error::new(error.code()));
    error.code()
}

#[test]
fn audience_keys_are_those_of_the_vectors() {
    for case in cases(&vectors()["audience_keys"]) {
        let master = MasterKey::new(&array(&case["key"]));
        let key = audience_key(&master, &array(&case["tenant"]), text(&case["audience"]));
        assert_eq!(*key.expose(), array(&case["derived"]), "{case}");
    }
}

#[test]
fn the_bundles_of_the_vectors_open() {
    for case in cases(&vectors()["opened"]) {
        open_case(case, |opened| {
            let (opened, answer) = (opened.unwrap(), &case["answer"]);
            assert_eq!(opened.tenant, array(&answer["tenant"]));
            assert_eq!(opened.audience, text(&answer["audience"]));
            assert_eq!(opened.serial, answer["serial"].as_u64().unwrap());
            assert_eq!(
                (opened.not_before, opened.not_after),
                (millis(&answer["not_before"]), millis(&answer["not_after"]))
            );
            let policy = answer["policy"].as_str().map(|_| bytes(&answer["policy"]));
            assert_eq!(opened.policy.map(<[u8]>::to_vec), policy);
            let grants = answer["grants"].as_array().unwrap();
            assert_eq!(opened.grants.len(), grants.len());
            for (entry, expected) in opened.grants.iter().zip(grants) {
                let hash = expected["token_hash"].as_str().map(|_| array(&expected["token_hash"]));
                assert_eq!((entry.id, entry.token_hash), (text(&expected["id"]), hash));
                assert_eq!(entry.grant, bytes(&expected["grant"]));
            }
        });
    }
}

#[test]
fn the_bundles_of_the_vectors_that_do_not_hold_are_refused() {
    for case in cases(&vectors()["refused"]) {
        open_case(case, |opened| assert_eq!(code(opened).name(), text(&case["code"]), "{}", case["why"]));
    }
}

#[test]
fn what_is_made_opens_as_it_was() {
    let grant = grant();
    let made = make(&bundle(&grant), &KEY).unwrap();
    assert_eq!(open(&made, &KEY, NOW, "edge", 4), Ok(bundle(&grant)));
    assert_eq!(Grant::from_bytes(bundle(&grant).grants[0].grant).unwrap().to_bytes(), grant);
    assert!(Policy::from_bytes(bundle(&grant).policy.unwrap()).is_ok());
}

#[test]
fn no_byte_can_change_and_none_can_be_missing() {
    let made = make(&bundle(&grant()), &KEY).unwrap();
    for index in 0..made.len() {
        for bit in 0..8 {
            let mut changed = made.clone();
            changed[index] ^= 1 << bit;
            assert_eq!(code(open(&changed, &KEY, NOW, "edge", 0)), ErrorCode::BundleRejected, "{index}");
        }
        assert_eq!(code(open(&made[..index], &KEY, NOW, "edge", 0)), ErrorCode::BundleRejected, "{index}");
        assert_eq!(
            code(open(&made[index + 1..], &KEY, NOW, "edge", 0)),
            ErrorCode::BundleRejected,
            "{index}"
        );
    }
    let mut other = KEY;
    other[31] ^= 1;
    assert_eq!(code(open(&made, &other, NOW, "edge", 0)), ErrorCode::BundleRejected);
}

#[test]
fn what_would_not_open_is_not_made() {
    let grant = grant();
    let refusal = |change: &dyn Fn(&mut Bundle<'_>)| {
        let mut bundle = bundle(&grant);
        change(&mut bundle);
        make(&bundle, &KEY).unwrap_err()
    };
    let malformed: [&dyn Fn(&mut Bundle<'_>); 6] = [
        &|bundle| bundle.audience = "",
        &|bundle| bundle.serial = 0,
        &|bundle| bundle.serial = 1 << 53,
        &|bundle| bundle.not_after = bundle.not_before,
        &|bundle| bundle.grants[1].id = "",
        &|bundle| bundle.audience = LONG,
    ];
    for change in malformed {
        assert_eq!(refusal(change).code(), ErrorCode::BundleMalformed);
    }
    let error = refusal(&|bundle| bundle.grants[1].grant = b"wdg\x01");
    assert_eq!((error.code(), error.field().unwrap().as_str()), (ErrorCode::InvalidCompiled, "grants[1]"));
    let error = refusal(&|bundle| bundle.policy = Some(b"wdp\x01"));
    assert_eq!((error.code(), error.field().unwrap().as_str()), (ErrorCode::InvalidCompiled, "policy"));
}

#[test]
fn four_mebibytes_are_the_most() {
    // A grant as long as it takes: scopes of 512 bytes, in as many entries as fit.
    let path = vec!["a".repeat(120); 4].join("/");
    let scopes: Vec<_> = (1000..9999).map(|number| format!("\"a:b:{path}{number}\"")).collect();
    let large =
        Grant::from_json(format!("{{\"scopes\":[{}]}}", scopes.join(",")).as_bytes()).unwrap().to_bytes();
    let small = grant();
    let room = MAX_BUNDLE - make(&Bundle { grants: Vec::new(), ..bundle(&small) }, &KEY).unwrap().len();
    assert!(large.len() + LEAST_ENTRY > room, "{} {room}", large.len());
    let entry = |grant| Entry { id: "a", token_hash: None, grant };
    let error = make(&Bundle { grants: vec![entry(&large)], ..bundle(&small) }, &KEY).unwrap_err();
    assert_eq!((error.code(), error.hint()), (ErrorCode::LimitExceeded, Hint::AtMost(4 << 20)));
    // The last byte that fits, by hand: what is in it is the maker's affair.
    let filler = vec![0; room - LEAST_ENTRY - 1];
    let longest = signed(&Bundle { grants: vec![entry(&filler)], ..bundle(&small) });
    assert_eq!(longest.len(), MAX_BUNDLE);
    assert_eq!(open(&longest, &KEY, NOW, "edge", 0).unwrap().grants.len(), 1);
    let longer = [longest, vec![0]].concat();
    assert_eq!(open(&longer, &KEY, NOW, "edge", 0).unwrap_err().code(), ErrorCode::LimitExceeded);
}

/// A bundle whose maker did not look at what is in it.
fn signed(bundle: &Bundle<'_>) -> Vec<u8> {
    let mut body = bundle.body();
    let tag = hmac_sha256(&KEY, &body);
    body.extend_from_slice(&tag);
    body
}

proptest! {
    #[test]
    fn whatever_was_signed_is_a_bundle_or_malformed(body: Vec<u8>) {
        let tag = hmac_sha256(&KEY, &body);
        let opened = open(&[&body[..], &tag].concat(), &KEY, NOW, "edge", 0).map(|bundle| bundle.serial);
        prop_assert_eq!(opened, Err(Error::new(ErrorCode::BundleMalformed)));
    }

    #[test]
    fn a_signed_body_that_was_cut_is_malformed(end in 0_usize..100, audience in "[a-z]{1,20}") {
        let grant = grant();
        let made = make(&Bundle { audience: &audience, ..bundle(&grant) }, &KEY).unwrap();
        let body = &made[..end.min(made.len().saturating_sub(TAG + 1))];
        let signed = [body, &hmac_sha256(&KEY, body)].concat();
        prop_assert_eq!(open(&signed, &KEY, NOW, &audience, 0), Err(Error::new(ErrorCode::BundleMalformed)));
    }

    #[test]
    fn only_its_own_audience_opens_it(mine in "\\PC{1,30}", other in "\\PC{0,30}") {
        let grant = grant();
        let made = make(&Bundle { audience: &mine, ..bundle(&grant) }, &KEY).unwrap();
        let refusal = open(&made, &KEY, NOW, &other, 0).err().map(|error| error.code());
        prop_assert_eq!(refusal, (mine != other).then_some(ErrorCode::BundleForeign));
        prop_assert_eq!(open(&made, &KEY, NOW, &mine, 0).map(|bundle| String::from(bundle.audience)), Ok(mine));
    }
}
