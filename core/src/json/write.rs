//! The writer: the shortest form, without spaces.

use alloc::string::String;

use super::push_decimal;
use crate::document::Value;

/// Appends a value as JSON text. A number that no document has becomes `null`: its digits were not kept.
pub(crate) fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null | Value::OtherNumber => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Integer(value) => push_decimal(out, *value),
        Value::Text(text) => write_text(out, text),
        Value::List(list) => {
            let mut before = '[';
            for value in list {
                out.push(before);
                write(out, value);
                before = ',';
            }
            end(out, before, '[', ']');
        }
        Value::Object(fields) => {
            let mut before = '{';
            for (key, value) in fields {
                out.push(before);
                write_text(out, key);
                out.push(':');
                write(out, value);
                before = ',';
            }
            end(out, before, '{', '}');
        }
    }
}

/// The end of a list or object; an empty one has not begun yet.
fn end(out: &mut String, before: char, open: char, close: char) {
    if before == open {
        out.push(open);
    }
    out.push(close);
}

/// Appends text as a JSON string, with as few escapes as the grammar allows.
pub fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        let letter = match character {
            '"' | '\\' => character,
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\0'..=' ' if character < ' ' => 'u',
            _ => {
                out.push(character);
                continue;
            }
        };
        out.push('\\');
        out.push(letter);
        if letter == 'u' {
            out.push_str("00");
            for shift in [4, 0] {
                let digit = char::from_digit((u32::from(character) >> shift) & 15, 16);
                out.push(digit.unwrap_or_default());
            }
        }
    }
    out.push('"');
}
