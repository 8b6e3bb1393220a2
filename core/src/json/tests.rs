use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::document::Value;
use crate::error::ErrorCode;
use crate::vectors::{bytes, cases, parse, text};

/// The bytes of a case, given as text or in hex.
fn source(case: &serde_json::Value) -> Vec<u8> {
    case["hex"].as_str().map_or_else(|| text(&case["text"]).into(), |_| bytes(&case["hex"]))
}

fn position(case: &serde_json::Value) -> Option<Position> {
    let number = |name: &str| case[name].as_u64().and_then(|number| number.try_into().ok()).unwrap();
    Some(Position { line: number("line"), column: number("column") })
}

#[test]
fn the_vectors_are_taken_or_refused_where_they_say() {
    let all = parse(include_str!("../../../tests/vectors/json.json"));
    for case in cases(&all["accepted"]) {
        assert!(Value::parse(&source(case)).is_ok(), "{case}");
    }
    for (list, code) in [("invalid", ErrorCode::InvalidJson), ("duplicate", ErrorCode::DuplicateKey)] {
        for case in cases(&all[list]) {
            let error = Value::parse(&source(case)).unwrap_err();
            assert_eq!((error.code(), error.position()), (code, position(case)), "{case}");
        }
    }
}

#[test]
fn events_say_which_bytes_they_take() {
    let text = r#" {"a\n" : [1.50, "x"], "b":null} "#;
    let mut reader = Reader::new(text.as_bytes()).unwrap();
    let mut seen = Vec::new();
    let end = loop {
        let event = reader.next_event().unwrap();
        if event.kind == Kind::End {
            break event;
        }
        assert_eq!(text.get(event.start..event.end), Some(reader.source(event)));
        seen.push((event.kind, reader.source(event)));
    };
    assert_eq!((end.start, reader.next_event()), (text.len(), Ok(end)));
    let expected = [
        (Kind::ObjectStart, "{"),
        (Kind::Key, r#""a\n""#),
        (Kind::ListStart, "["),
        (Kind::Number, "1.50"),
        (Kind::Text, r#""x""#),
        (Kind::ListEnd, "]"),
        (Kind::Key, r#""b""#),
        (Kind::Null, "null"),
        (Kind::ObjectEnd, "}"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn the_deepest_level_is_the_thirty_second_in_objects_and_lists() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let nested = |levels: usize| [open.repeat(levels), "0".into(), close.repeat(levels)].concat();
        assert!(Value::parse(nested(32).as_bytes()).is_ok());
        let error = Value::parse(nested(33).as_bytes()).unwrap_err();
        let column = u32::try_from(open.len() * 32 + 1).unwrap();
        assert_eq!(
            (error.code(), error.position()),
            (ErrorCode::TooDeep, Some(Position { line: 1, column }))
        );
        assert_eq!(Value::parse(open.repeat(1_000_000).as_bytes()).unwrap_err().code(), ErrorCode::TooDeep);
    }
}

#[test]
fn the_two_hundred_and_fifty_seventh_field_is_refused() {
    let object = |fields: u32| {
        let fields: Vec<_> = (0..fields).map(|field| alloc::format!("\"{field}\":0")).collect();
        Value::parse(alloc::format!("{{{}}}", fields.join(",")).as_bytes())
    };
    assert!(object(256).is_ok());
    assert_eq!(object(257).unwrap_err().code(), ErrorCode::LimitExceeded);
}

#[test]
fn more_values_than_fit_the_memory_are_refused() {
    // The list itself is one of them.
    let list = |entries: usize| Value::parse(alloc::format!("[{}0]", "0,".repeat(entries - 1)).as_bytes());
    assert!(list((1 << 18) - 1).is_ok());
    let error = list(1 << 18).unwrap_err();
    assert_eq!(
        (error.code(), error.position()),
        (ErrorCode::LimitExceeded, Some(Position { line: 1, column: 1 << 19 }))
    );
}

const POLICY: &str = r#"{
  "version": 1,
  "rules": [
    { "id": "a", "when": {"all": []} },
    { "id": "b",
      "when": { "all": [ { "attribute": "ip", "eq": "x" } ] },
      "a secret": 1 }
  ]
}"#;

#[test]
fn a_field_is_found_in_the_text() {
    for (field, line, column) in [
        ("", 1, 1),
        ("version", 2, 14),
        ("rules", 3, 12),
        ("rules[0].id", 4, 13),
        ("rules[1]", 5, 5),
        ("rules[1].when.all[0].eq", 6, 53),
        ("rules[1].?", 7, 19),
        // What is missing is missing where it should be.
        ("rules[0].when.any", 4, 26),
        ("rules[2].when", 3, 12),
        ("ver", 1, 1),
        ("versions", 1, 1),
    ] {
        assert_eq!(locate(POLICY.as_bytes(), field), Some(Position { line, column }), "{field}");
    }
    for field in
        ["rules[1", "rules[x]", "rules[-1]", "rules[99999999999999999999999]", "version[0]", "]", "."]
    {
        assert!(locate(POLICY.as_bytes(), field).is_some(), "{field}");
    }
    assert_eq!(locate(b"[1,", "[5]"), None);
    assert_eq!(locate(b"\xff", ""), None);
}

#[test]
fn an_error_points_at_its_value_and_at_the_name_of_what_is_unknown() {
    let grant = b"{\n  \"scopes\": [\"secrets:read:a/*\",\n    \"secrets\"],\n  \"colour\": 1\n}";
    let error = crate::grant::Grant::from_json(grant).unwrap_err();
    assert_eq!(error.position(), Some(Position { line: 3, column: 5 }));
    assert!(error.to_string().ends_with(" at line 3, column 5"), "{error}");
    let grant = b"{\n  \"scopes\": [\"secrets:read:a/*\"],\n  \"colour\": 1\n}";
    let error = crate::grant::Grant::from_json(grant).unwrap_err();
    assert_eq!(
        (error.code(), error.position()),
        (ErrorCode::UnknownField, Some(Position { line: 3, column: 3 }))
    );
    let document = crate::call::error_json(&error);
    assert!(String::from_utf8(document).unwrap().ends_with(r#""field":"colour","line":3,"column":3}}"#));
}

#[test]
fn whole_numbers_are_written_in_full() {
    for number in [0, 7, 10, 99, 1 << 53, u64::MAX] {
        assert_eq!(Value::Integer(number).to_json(), number.to_string().as_bytes());
    }
}

/// Whether the other parser reads the same. It knows no limits, and keeps the last of two equal keys.
fn agrees(ours: &Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
        (Value::Integer(ours), serde_json::Value::Number(theirs)) => Some(*ours) == theirs.as_u64(),
        (Value::OtherNumber, serde_json::Value::Number(theirs)) => !theirs.is_u64(),
        (Value::Text(ours), serde_json::Value::String(theirs)) => ours == theirs,
        (Value::List(ours), serde_json::Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| agrees(ours, theirs))
        }
        (Value::Object(ours), serde_json::Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, ours)| theirs.get(key).is_some_and(|theirs| agrees(ours, theirs)))
        }
        _ => false,
    }
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
        "[\\x00-\\x7f]{0,9}".prop_map(serde_json::Value::from),
    ];
    scalar.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Compares the two parsers on any bytes, where our limits leave them comparable.
fn compare(text: &[u8]) {
    let ours = Value::parse(text);
    let theirs = serde_json::from_slice::<serde_json::Value>(text);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert!(agrees(ours, theirs), "{ours:?} {theirs:?}"),
        (Err(error), Ok(_)) => assert_ne!(error.code(), ErrorCode::InvalidJson, "{error}"),
        // A number that has no floating-point form is still a number of RFC 8259.
        (Ok(_), Err(error)) => assert!(error.to_string().starts_with("number out of range"), "{error}"),
        (Err(_), Err(_)) => {}
    }
}

proptest! {
    #[test]
    fn documents_are_read_as_another_parser_reads_them(document in document()) {
        for text in [serde_json::to_string(&document).unwrap(), serde_json::to_string_pretty(&document).unwrap()] {
            let ours = Value::parse(text.as_bytes()).unwrap();
            prop_assert!(agrees(&ours, &document), "{text}");
            let again = Value::parse(&ours.to_json());
            prop_assert!(again.is_ok());
        }
    }

    #[test]
    fn what_is_written_is_what_another_parser_writes(texts in prop::collection::vec(any::<String>(), 0..5)) {
        let ours = Value::List(texts.iter().map(|text| Value::text(text)).collect()).to_json();
        prop_assert_eq!(ours, serde_json::to_vec(&texts).unwrap());
    }

    #[test]
    fn any_bytes_end_in_a_value_or_an_error(text in prop::collection::vec(any::<u8>(), 0..64)) {
        compare(&text);
    }

    #[test]
    fn anything_that_looks_like_json_is_judged_alike(text in r#"[\[\]{}:,"\\ \nntrueflas0-9.eEuUdD+-]{0,24}"#) {
        compare(text.as_bytes());
    }

    #[test]
    fn a_damaged_document_is_judged_alike(document in document(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut text = serde_json::to_vec(&document).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        compare(&text);
        compare(&text[..at]);
    }

    #[test]
    fn a_place_is_found_in_any_text_and_for_any_field(text in any::<Vec<u8>>(), field in any::<String>()) {
        if locate(&text, &field).is_some() {
            prop_assert!(Reader::new(&text).is_ok());
        }
        let wrapped = [b"{\"a\":[0,".as_slice(), &text, b"]}"].concat();
        if Value::parse(&wrapped).is_ok() {
            prop_assert!(locate(&wrapped, "a[1]").is_some());
        }
    }
}
