//! The canonical form of a record (RFC 8785): the bytes that its leaf is made of.

use alloc::string::String;
use alloc::vec::Vec;

use crate::document::{MAX_INTEGER, Value};

/// The canonical bytes of a value: no spaces, keys in the order of their UTF-16 code units.
///
/// `None` where it holds a number that is not whole, negative, or above 2^53-1: no record has one, so it matches no leaf.
#[must_use]
pub fn canonical(value: &Value) -> Option<Vec<u8>> {
    is_plain(value).then(|| ordered(value).to_json())
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Text(_) => true,
        Value::Integer(value) => *value <= MAX_INTEGER,
        Value::OtherNumber => false,
        Value::List(list) => list.iter().all(is_plain),
        Value::Object(fields) => fields.iter().all(|(_, value)| is_plain(value)),
    }
}

/// A copy with the fields of every object in order. The reader bounds the depth.
fn ordered(value: &Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.iter().map(ordered).collect()),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> =
                fields.iter().map(|(name, value)| (name.clone(), ordered(value))).collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            Value::Object(fields)
        }
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::OtherNumber | Value::Text(_) => {
            value.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<String> {
        canonical(&Value::parse(json.as_bytes()).unwrap()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn keys_are_in_the_order_of_utf16_and_spaces_are_gone() {
        assert_eq!(
            of(r#" { "b" : [ 1 , { "d" : null, "c" : true } ], "a" : "x" } "#).unwrap(),
            r#"{"a":"x","b":[1,{"c":true,"d":null}]}"#
        );
        // RFC 8785, section 3.2.3: U+1F600 stands before U+FB33 there, because its first code unit is D83D.
        let sorted =
            of("{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5,\"\u{80}\":6,\"\u{f6}\":7}");
        assert_eq!(
            sorted.unwrap(),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn strings_are_escaped_as_little_as_can_be() {
        let text = "\"\u{20ac}$\\u000f\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\\u007f\"";
        assert_eq!(of(text).unwrap(), "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u{7f}\"");
    }

    #[test]
    fn numbers_that_no_record_has_have_no_canonical_form() {
        assert_eq!(of("[0,9007199254740991]").unwrap(), "[0,9007199254740991]");
        for json in ["-1", "[1.5]", r#"{"a":1e3}"#, "9007199254740992", "-0"] {
            assert_eq!(of(json), None, "{json}");
        }
    }
}
