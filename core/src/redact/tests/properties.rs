//! What holds of any document: no canary survives, once is enough, little grows, the structure stays.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::crypto::token::{TokenKind, mint};
use crate::redact::{MOST_ADDED, Options, redact_json, redact_text};
use crate::vectors::parse;

fn json(value: &Value) -> Value {
    parse(&redact_json(value.to_string().as_bytes(), &Options::default()).unwrap())
}

/// Credentials of many kinds, as long as real ones are.
fn canary() -> impl Strategy<Value = String> {
    prop_oneof![
        "AKIA[A-Z2-7]{16}",
        "AIza[A-Za-z0-9_-]{35}",
        "gh[pousr]_[A-Za-z0-9]{36}",
        "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
        "glpat-[A-Za-z0-9_-]{20}",
        "xox[abprs]-[0-9]{12}-[0-9]{12}-[A-Za-z0-9]{24}",
        "[sr]k_(live|test)_[A-Za-z0-9]{24,99}",
        "sk-(proj|ant-api03|svcacct)-[A-Za-z0-9_-]{80,120}[A-Za-z0-9]",
        "eyJ[A-Za-z0-9_-]{30,50}\\.[A-Za-z0-9_-]{20,90}\\.[A-Za-z0-9_-]{43}",
        "hvs\\.[A-Za-z0-9_-]{90,120}",
        any::<[u8; 32]>().prop_map(|bytes| mint(TokenKind::Agent, &bytes).expose().to_owned()),
    ]
}

/// Places in which a credential can stand.
const PLACES: &[(&str, &str)] = &[
    ("", ""),
    ("see ", " there"),
    ("a=", "&b=c"),
    ("https://h/p?x=", "#f"),
    ("https://h/", "/rest"),
    ("\"", "\""),
    ("{\"a\":\"", "\"}"),
    ("{\\\"a\\\":\\\"", "\\\"}"),
    ("line\n", "\nline"),
    ("(", ")"),
    ("[", "]"),
    ("a:", ","),
    ("Bearer ", ""),
    ("x-", ""),
    ("é", "é"),
    ("https://", ":x-oauth-basic@github.com/o/r"),
    ("https://u:", "@h/"),
    ("日", "."),
];

/// Documents of every shape, without credentials in their names.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,30}".prop_map(Value::from),
        fragments().prop_map(Value::from),
    ];
    let name = prop_oneof![
        "[a-z]{1,6}",
        Just("password".to_owned()),
        Just("tokens".to_owned()),
        Just("name".to_owned()),
        Just("value".to_owned()),
        Just("secrets".to_owned())
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Text out of the pieces that the matchers look for, in any order.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        canary(),
        prop::sample::select(
            &[
                "password",
                "token",
                "secret",
                "cookie",
                "authorization",
                "=",
                ":",
                "\"",
                "'",
                "\\",
                " ",
                "\n",
                "://",
                "@",
                "u:p@h",
                "/",
                ".",
                "-----BEGIN",
                " PRIVATE KEY-----",
                "-----END",
                "-----",
                "Bearer ",
                "basic ",
                "[redacted]",
                "[",
                "]",
                "redacted",
                "eyJ",
                "sk-",
                "AKIA",
                "&",
                ";",
                "--token ",
                "base64,",
                "é",
                "1",
                "null",
                "{",
                "}",
            ][..]
        )
        .prop_map(str::to_owned),
        "[A-Za-z0-9+/=_.-]{1,45}",
    ];
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// Names of one object, among them such as masking makes, in any order.
fn names() -> impl Strategy<Value = Vec<String>> {
    let name = prop_oneof![
        canary(),
        ("[a-z ]{0,2}", canary(), " ?#?[0-9]{0,2}")
            .prop_map(|(before, name, after)| [before, name, after].concat()),
        "(cookie: |token=|a |)\\[redacted\\](#[0-9]{1,2}){0,2}",
        "(cookie: |token=)[ab]=[ab](#[0-9]{1,2})?",
        "[a-z]{1,3}(#[0-9])?",
    ];
    prop::collection::hash_set(name, 0..9).prop_map(|names| names.into_iter().collect())
}

/// Whether both have the same shape: of what can be masked, a mask may stand in its place.
fn is_alike(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_alike(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_alike(a, b)))
        }
        (Value::Number(_), after) => before == after || after == "[redacted]",
        (Value::String(_), after) => after.is_string(),
        (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_), after) => before == after,
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "sums of lengths")]
fn bound(given: &str, masked: &str) -> usize {
    given.len() + masked.matches("[redacted]").count() * MOST_ADDED
}

/// Kinds whose form leaves a doubt that random characters settle, but for one in a few hundred.
const DOUBTFUL: &[&str] = &[
    "sk-[A-Za-z0-9]{48}",
    "hf_[A-Za-z]{17}[A-Za-z0-9]{17}",
    "npm_[A-Za-z0-9]{36}",
    "SK[0-9a-f]{32}",
    "key-[0-9a-f]{32}",
    "dapi[0-9a-f]{32}",
    "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}",
    "[A-Za-z0-9+/]{40}",
    "[A-Za-z0-9]{32}",
    "[A-Za-z0-9_-]{43}",
    "[A-Za-z0-9+/]{43}=",
    "[A-Za-z0-9+/]{86}==",
];

#[test]
fn nearly_every_random_key_is_masked() {
    let mut runner = TestRunner::deterministic();
    for kind in DOUBTFUL {
        let strategy = proptest::string::string_regex(kind).unwrap();
        let survives = |runner: &mut TestRunner| {
            let key = strategy.new_tree(runner).unwrap().current();
            redact_text(&format!("key {key} end"), &Options::default()).unwrap().contains(&key)
        };
        let survived = (0..1000).filter(|_| survives(&mut runner)).count();
        assert!(survived <= 10, "{survived} of 1000: {kind}");
    }
}

proptest! {
    #[test]
    fn no_canary_survives_in_any_place(canary in canary(), place in prop::sample::select(PLACES), random in any::<bool>()) {
        let (before, after) = place;
        let given = format!("{before}{canary}{after}");
        let masked = redact_text(&given, &Options::default()).unwrap();
        prop_assert!(!masked.contains(&canary), "{}", masked);
        let value = if random { serde_json::json!({ "a": [given] }) } else { serde_json::json!({ given: 1 }) };
        prop_assert!(!json(&value).to_string().contains(&canary));
    }

    #[test]
    fn a_known_name_masks_any_value(name in prop::sample::select(&["password", "apiKey", "client_secret", "Set-Cookie", "refresh-token"][..]), value in "\\PC{1,40}") {
        let masked = json(&serde_json::json!({ name: value, "list": [{ "x": { name: [value] } }] }));
        prop_assert_eq!(&masked, &serde_json::json!({ name: "[redacted]", "list": [{ "x": { name: ["[redacted]"] } }] }));
    }

    #[test]
    fn text_is_redacted_once_and_for_all_and_grows_within_its_bound(given in fragments()) {
        let masked = redact_text(&given, &Options::default()).unwrap();
        prop_assert_eq!(redact_text(&masked, &Options::default()), Ok(masked.clone()));
        prop_assert!(masked.len() <= bound(&given, &masked));
    }

    #[test]
    fn documents_are_redacted_once_and_for_all_and_keep_their_shape(given in document()) {
        let text = given.to_string();
        let masked = redact_json(text.as_bytes(), &Options::default()).unwrap();
        prop_assert_eq!(redact_json(masked.as_bytes(), &Options::default()), Ok(masked.clone()));
        prop_assert!(masked.len() <= bound(&text, &masked));
        prop_assert!(is_alike(&given, &parse(&masked)), "{}", masked);
    }

    #[test]
    fn no_name_is_lost_beside_others(names in names()) {
        let fields: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("{}:{at}", Value::from(name.as_str()))).collect();
        let masked = redact_json(format!("{{{}}}", fields.join(",")).as_bytes(), &Options::default()).unwrap();
        prop_assert_eq!(redact_json(masked.as_bytes(), &Options::default()), Ok(masked.clone()));
        prop_assert_eq!(parse(&masked).as_object().map(serde_json::Map::len), Some(names.len()), "{}", masked);
    }

    #[test]
    fn any_bytes_are_redacted_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let options = Options::default();
        let _ = redact_text(&String::from_utf8_lossy(&bytes), &options).unwrap();
        if let Ok(masked) = redact_json(&bytes, &options) {
            prop_assert!(serde_json::from_str::<Value>(&masked).is_ok());
        }
    }
}
