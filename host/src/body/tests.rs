use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct In {
    value: String,
    #[serde(default, deserialize_with = "not_null")]
    uses: Option<u32>,
    #[serde(default)]
    metadata: Option<Value>,
    #[serde(default)]
    scopes: Vec<Inner>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Inner {
    kind: Kind,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    One,
    Two,
}

fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json".parse().unwrap())])
}

fn parsed(text: &str) -> Result<Option<In>, ApiError> {
    parse(&json_headers(), text.as_bytes())
}

fn refused(text: &str) -> (String, String) {
    let mut error = parsed(text).unwrap_err();
    assert_eq!(error.code, ApiCode::ValidationFailed);
    let first = error.errors.remove(0);
    (first.field, first.message)
}

fn field(field: &str, message: &str) -> (String, String) {
    (field.to_owned(), message.to_owned())
}

#[test]
fn a_body_becomes_the_routes_type() {
    let expected = In { value: "x".to_owned(), uses: Some(3), metadata: None, scopes: vec![] };
    assert_eq!(parsed(r#"{"value":"x","uses":3,"metadata":null}"#), Ok(Some(expected)));
    assert_eq!(parsed(""), Ok(None));
}

#[test]
fn a_field_that_is_wrong_is_named() {
    assert_eq!(refused("{}"), field("value", "field is missing"));
    assert_eq!(refused(r#"{"value":"x","other":1}"#), field("other", "unknown field"));
    assert_eq!(
        refused(r#"{"value":"x","scopes":[{"kind":"one","a":1}]}"#),
        field("scopes[0].a", "unknown field")
    );
    assert_eq!(refused(r#"{"value":"x","scopes":[{}]}"#), field("scopes[0].kind", "field is missing"));
    assert_eq!(
        refused(r#"{"value":"x","uses":null}"#),
        field("uses", "expected a whole number in range, not negative")
    );
    assert_eq!(refused(r#"{"value":null}"#), field("value", "expected a string"));
    assert_eq!(
        refused(r#"{"value":"x","uses":-1}"#),
        field("uses", "expected a whole number in range, not negative")
    );
    for other in ["[]", r#"["x"]"#, "5", "null", " \"x\""] {
        assert_eq!(refused(other), field("body", "expected a JSON object"));
    }
}

#[test]
fn a_value_in_the_wrong_place_is_not_repeated() {
    let texts = [
        r#"{"value":"x","uses":"hunter2, expected nothing at line 1"}"#,
        r#"{"value":"x","scopes":["hunter2"]}"#,
        r#"{"value":"x","scopes":[{"kind":"hunter2"}]}"#,
        r#"{"value":"x","hunter2 !":1}"#,
        r#""hunter2""#,
    ];
    for text in texts {
        let error = parsed(text).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_key_given_twice_is_refused_at_any_depth() {
    assert_eq!(refused(r#"{"value":"x","value":"y"}"#), field("value", "key is given twice"));
    assert_eq!(
        refused(r#"{"metadata":{"a":[{"b":1,"\u0062":2}]}}"#),
        field("metadata.a[0].b", "key is given twice")
    );
}

#[test]
fn nul_is_refused_where_it_stands() {
    assert_eq!(refused(r#"{"value":"a\u0000b"}"#), field("value", "NUL is not allowed in a string"));
    assert_eq!(refused(r#"{"metadata":{"a\u0000":1}}"#), field("metadata.?", "NUL is not allowed in a key"));
}

#[test]
fn thirty_two_levels_are_read_and_thirty_three_are_not() {
    let nested = |levels: usize| {
        format!(r#"{{"value":"x","metadata":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    assert!(parsed(&nested(31)).is_ok());
    assert_eq!(refused(&nested(32)).1, "nested more than 32 levels deep");
    assert_eq!(refused(&format!("{{\"a\":{}", "[".repeat(100_000))).1, "nested more than 32 levels deep");
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    assert_eq!(refused("{\n \"a\": }"), field("body", "not valid JSON at line 2 column 7"));
    assert_eq!(refused(r#"{"value":"x"} {}"#).0, "body");
    let invalid = parse::<In>(&json_headers(), b"\"\xff\"").unwrap_err();
    assert_eq!(invalid.errors[0].message, "not UTF-8");
}

#[test]
fn a_body_of_another_type_is_refused() {
    for (content_type, right) in [
        ("application/json", true),
        ("Application/JSON; charset=UTF-8", true),
        ("application/json;charset=\"utf-8\"", true),
        ("application/json; charset=latin-1", false),
        ("text/plain", false),
        ("application/jsonx", false),
    ] {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())]);
        let answer = parse::<In>(&headers, br#"{"value":"x"}"#).map_err(|error| error.code);
        assert_eq!(answer.is_ok(), right, "{content_type}");
        assert_eq!(parse::<In>(&headers, b""), Ok(None));
    }
    let unnamed = parse::<In>(&HeaderMap::new(), b"{}").unwrap_err();
    assert_eq!(unnamed.code, ApiCode::UnsupportedMediaType);
}
