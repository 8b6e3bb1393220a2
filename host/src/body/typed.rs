//! From JSON to a route's own type; an error names the field and what was expected, never what was sent.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::object::Object;
use super::strict::shown;
use crate::error::ApiError;

pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed: Result<Object<T>, _> = serde_path_to_error::deserialize(&mut deserializer);
    parsed.map(|Object(value)| value).map_err(|error| {
        let message = error.inner().to_string();
        describe(error.path(), &message)
    })
}

/// serde's messages repeat the value, which may be a secret: only what it says of names and expectations is passed on.
fn describe(path: &Path, message: &str) -> ApiError {
    let place = place_of(path);
    let quoted = || message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("missing field `") {
        let field = if place == ROOT { quoted().to_owned() } else { format!("{place}.{}", quoted()) };
        return ApiError::invalid(field, "field is missing");
    }
    if message.starts_with("unknown field `") {
        // The path ends at the field itself.
        return ApiError::invalid(place, "unknown field");
    }
    if ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `"]
        .iter()
        .any(|start| message.starts_with(start))
    {
        // The expectation comes last, so a value that contains these words cannot pose as it.
        let expected = message.rsplit_once(", expected ").map_or("another value", |(_, expected)| expected);
        return ApiError::invalid(place, format!("expected {}", in_words(without_position(expected))));
    }
    ApiError::invalid(place, without_position(message))
}

/// What serde expects, without the names of Rust's types.
fn in_words(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number in range",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number in range, not negative",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        _ if expected.starts_with("struct ") || expected == "a map" => "an object",
        _ => expected,
    }
}

const ROOT: &str = "body";

fn place_of(path: &Path) -> String {
    let mut place = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => place.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(shown(key));
            }
            Segment::Unknown => place.push('?'),
        }
    }
    if place.is_empty() { ROOT.to_owned() } else { place }
}

fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text)
}
