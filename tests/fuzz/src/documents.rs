//! JSON, the documents written in it, and what they compile to.

use serde_json::Value as Other;
use warded_core::call;
use warded_core::document::Value;
use warded_core::error::{Blame, Error, ErrorCode};
use warded_core::grant::Grant;
use warded_core::json::{MAX_DEPTH, locate};

use crate::input::Input;

/// JSON is accepted exactly where an independent parser accepts it and our limits do, with the same value; is written as it was read; and
/// whatever stands in it is found.
pub fn json(data: &[u8]) {
    let other = serde_json::from_slice::<Other>(data);
    match Value::parse(data) {
        Ok(value) => {
            match other {
                Ok(other) => assert!(is_same(&value, &other), "read differently"),
                // A number is never turned into a float here, so none is too large.
                Err(error) => assert!(error.to_string().starts_with("number out of range"), "{error}"),
            }
            if is_written(&value) {
                assert_eq!(
                    Value::parse(&value.to_json()).as_ref(),
                    Ok(&value),
                    "what was written is read back"
                );
            }
            found(data, &value, "");
        }
        Err(error) => match error.code() {
            ErrorCode::InvalidJson => assert!(other.is_err(), "refused, and yet JSON"),
            ErrorCode::TooDeep => assert!(brackets(data) > MAX_DEPTH),
            ErrorCode::DuplicateKey | ErrorCode::LimitExceeded => assert!(data.contains(&b'{')),
            code => panic!("{}", code.name()),
        },
    }
}

/// Every part of a document has a place in its text.
fn found(text: &[u8], value: &Value, field: &str) {
    let position = locate(text, field).expect("what stands in a document is found");
    let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
    assert!(
        position.line >= 1
            && position.column >= 1
            && usize::try_from(position.line).is_ok_and(|at| at <= lines)
    );
    match value {
        Value::List(list) => {
            list.iter()
                .enumerate()
                .take(4)
                .for_each(|(at, entry)| found(text, entry, &format!("{field}[{at}]")));
        }
        Value::Object(fields) => {
            fields.iter().take(4).for_each(|(name, value)| found(text, value, &format!("{field}.{name}")));
        }
        _ => {}
    }
}

fn brackets(data: &[u8]) -> u32 {
    u32::try_from(data.iter().filter(|byte| matches!(byte, b'[' | b'{')).count()).unwrap_or(u32::MAX)
}

fn is_same(ours: &Value, other: &Other) -> bool {
    match (ours, other) {
        (Value::Null, Other::Null) => true,
        (Value::Bool(ours), Other::Bool(other)) => ours == other,
        (Value::Integer(ours), Other::Number(other)) => other.as_u64() == Some(*ours),
        (Value::OtherNumber, Other::Number(other)) => other.as_u64().is_none(),
        (Value::Text(ours), Other::String(other)) => ours == other,
        (Value::List(ours), Other::Array(other)) => {
            ours.len() == other.len() && ours.iter().zip(other).all(|(ours, other)| is_same(ours, other))
        }
        (Value::Object(ours), Other::Object(other)) => {
            let field =
                |(name, value): &(String, Value)| other.get(name).is_some_and(|other| is_same(value, other));
            ours.len() == other.len() && ours.iter().all(field)
        }
        _ => false,
    }
}

/// Whether the value can be written: a number that no document has cannot.
fn is_written(value: &Value) -> bool {
    match value {
        Value::OtherNumber => false,
        Value::List(list) => list.iter().all(is_written),
        Value::Object(fields) => fields.iter().all(|(_, value)| is_written(value)),
        _ => true,
    }
}

/// A grant document compiles to bytes that load to the same grant, or the error is the document's.
pub fn grant(data: &[u8]) {
    match Grant::from_json(data) {
        Ok(grant) => {
            let bytes = grant.to_bytes();
            assert_eq!(Grant::from_bytes(&bytes).as_ref(), Ok(&grant), "loaded as it was compiled");
            assert!(Grant::from_bytes(&bytes[..bytes.len() - 1]).is_err(), "a byte is missing");
            assert!(Grant::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err(), "a byte is left over");
        }
        Err(error) => check_error(&error),
    }
}

pub(crate) fn check_error(error: &Error) {
    assert_eq!(error.code().blame(), Blame::Input, "{error}");
    let message = error.to_string();
    assert!(message.len() < 4096 && !message.contains('\n'), "{message}");
}

/// Compiled bytes are refused, or are exactly what the grant that they load to compiles to.
pub fn compiled(data: &[u8]) {
    let compile = |json: &[u8]| Grant::from_json(json).ok().map(|grant| grant.to_bytes());
    let Some(bytes) = edited(data, compile) else { return };
    match Grant::from_bytes(&bytes) {
        Ok(grant) => assert_eq!(grant.to_bytes(), bytes, "one grant, two encodings"),
        Err(error) => assert_eq!(error, Error::new(ErrorCode::InvalidCompiled)),
    }
}

/// Compiled bytes to load: the input itself, or if it begins with `{`, what the document compiles to with some of its bytes overwritten: a zero
/// byte behind the document, and then two bytes that say where and one that says what, again and again.
pub(crate) fn edited(data: &[u8], compile: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    if !data.starts_with(b"{") {
        return Some(data.to_vec());
    }
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let mut bytes = compile(parts.next()?)?;
    let mut edits = Input::new(parts.next().unwrap_or_default());
    while !edits.is_empty() {
        let at = edits.short().checked_rem(bytes.len())?;
        *bytes.get_mut(at)? = edits.byte();
    }
    Some(bytes)
}

/// A call is answered by a document, whose error, if it is one, is that of the status; and always by the same.
pub fn call(data: &[u8]) {
    let answer = call::answer(data);
    assert_eq!(call::answer(data), answer, "the same call, the same answer");
    let document = Value::parse(&answer.json).expect("an answer is JSON");
    let Some(error) = document.field("error") else {
        assert_eq!(answer.status, 0);
        return;
    };
    let code = ErrorCode::from_number(answer.status).expect("a status is a code's number");
    assert_eq!(error.field("code"), Some(&Value::text(code.name())));
    assert!(matches!(code.blame(), Blame::Input | Blame::Crypto), "{} is nobody's data", code.name());
}
