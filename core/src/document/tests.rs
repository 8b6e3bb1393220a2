use super::*;
use alloc::borrow::ToOwned as _;
use alloc::string::ToString as _;

use crate::json::Position;

fn code(json: &str) -> ErrorCode {
    Value::parse(json.as_bytes()).unwrap_err().code()
}

#[test]
fn json_text_becomes_a_tree_and_text_again() {
    let json = r#"{"a":[1,true,null,"x\n"],"b":{"c":9007199254740991}}"#;
    assert_eq!(Value::parse(json.as_bytes()).unwrap().to_json(), json.as_bytes());
}

#[test]
fn what_is_not_json_is_refused_with_its_position() {
    let error = Value::parse("{\n \"ä\": }".as_bytes()).unwrap_err();
    assert_eq!(
        (error.code(), error.position()),
        (ErrorCode::InvalidJson, Some(Position { line: 2, column: 7 }))
    );
    assert_eq!(error.to_string(), "not valid JSON at line 2, column 7");
    assert_eq!(code("{} {}"), ErrorCode::InvalidJson);
    assert_eq!(code(""), ErrorCode::InvalidJson);
    assert_eq!(Value::parse(b"\"\xff\"").unwrap_err().code(), ErrorCode::InvalidJson);
}

#[test]
fn duplicate_keys_are_refused_at_any_depth() {
    assert_eq!(code(r#"{"a":1,"a":1}"#), ErrorCode::DuplicateKey);
    assert_eq!(code(r#"[{"b":{"a":1,"\u0061":2}}]"#), ErrorCode::DuplicateKey);
}

#[test]
fn thirty_two_levels_are_read_and_thirty_three_are_not() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(Value::parse(nested(32).as_bytes()).is_ok());
    assert_eq!(code(&nested(33)), ErrorCode::TooDeep);
    assert_eq!(code(&nested(100_000)), ErrorCode::TooDeep);
}

#[test]
fn numbers_that_no_document_has_are_kept_apart() {
    for json in ["-1", "1.5", "1e3", "18446744073709551616"] {
        assert_eq!(Value::parse(json.as_bytes()), Ok(Value::OtherNumber), "{json}");
    }
}

#[test]
fn a_decoder_names_the_field_that_is_wrong() {
    let value = Value::parse(br#"{"uses":-1,"scopes":["a",2],"extra":0}"#).unwrap();
    let root = Place::Root;
    let mut fields = Fields::of(&value, &root).unwrap();
    let uses = fields.required("uses").unwrap().integer(0, 9).unwrap_err();
    assert_eq!((uses.code(), uses.field().unwrap().as_str()), (ErrorCode::OutOfRange, "uses"));
    let scopes = fields.required("scopes").unwrap();
    let entries = scopes.each(9, |entry| Ok(entry.text().map_err(|e| e.to_string()))).unwrap();
    assert_eq!(entries, [Ok("a"), Err("`scopes[1]`: wrong type: expected a string".to_owned())]);
    assert_eq!(scopes.each(1, |_| Ok(())).unwrap_err().code(), ErrorCode::LimitExceeded);
    let missing = fields.required("id").unwrap_err();
    assert_eq!((missing.code(), missing.field().unwrap().as_str()), (ErrorCode::MissingField, "id"));
    let unknown = fields.finish().unwrap_err();
    assert_eq!((unknown.code(), unknown.field().unwrap().as_str()), (ErrorCode::UnknownField, "extra"));
}
