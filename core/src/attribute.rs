//! Attributes of a request: what is known of it beside its fields, for the rules of a policy.

use alloc::string::String;
use alloc::vec::Vec;

use crate::document::{Item, MAX_INTEGER, Value};
use crate::error::{Error, ErrorCode, Hint, Place};

/// How many attributes one request may have.
pub const MAX_ATTRIBUTES: usize = 64;
/// The longest text that an attribute may have, in bytes.
pub const MAX_TEXT: usize = 1024;
/// The longest name of an attribute.
const MAX_NAME: usize = 64;

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute<'a> {
    /// Its name: `[a-z][a-z0-9_.-]{0,63}`.
    pub name: &'a str,
    /// Its value.
    pub value: Scalar<'a>,
}

/// The value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new type must be met by every match, in every crate")]
pub enum Scalar<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of at most 2^53-1.
    Integer(u64),
    /// Text of at most [`MAX_TEXT`] bytes.
    Text(&'a str),
}

impl<'a> Attribute<'a> {
    /// An attribute of this name.
    ///
    /// # Errors
    /// The name is malformed, the text too long or the number too large.
    pub fn new(name: &'a str, value: Scalar<'a>) -> Result<Self, Error> {
        check_name(name)?;
        match value {
            Scalar::Text(text) if text.len() > MAX_TEXT => {
                Err(Error::new(ErrorCode::LimitExceeded).with_hint(Hint::AtMost(MAX_TEXT as u64)))
            }
            Scalar::Integer(number) if number > MAX_INTEGER => {
                Err(Error::new(ErrorCode::OutOfRange).with_hint(Hint::AtMost(MAX_INTEGER)))
            }
            Scalar::Bool(_) | Scalar::Integer(_) | Scalar::Text(_) => Ok(Self { name, value }),
        }
    }
}

/// Checks the name of an attribute.
///
/// # Errors
/// [`ErrorCode::InvalidText`].
pub fn check_name(name: &str) -> Result<(), Error> {
    let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-');
    let fits = name.len() <= MAX_NAME && name.starts_with(|first: char| first.is_ascii_lowercase());
    if fits && name.bytes().all(rest) {
        return Ok(());
    }
    Err(Error::because(ErrorCode::InvalidText, "a name is 1 to 64 of `a-z 0-9 _ . -`, the first a letter"))
}

/// Reads the attributes of a request document.
pub(crate) fn read<'a>(item: &Item<'a, '_>) -> Result<Vec<Attribute<'a>>, Error> {
    let place = item.place();
    let Value::Object(fields) = item.value() else {
        return Err(Error::because(ErrorCode::WrongType, "expected an object").at(*place));
    };
    if fields.len() > MAX_ATTRIBUTES {
        return Err(Error::new(ErrorCode::LimitExceeded)
            .with_hint(Hint::AtMost(MAX_ATTRIBUTES as u64))
            .at(*place));
    }
    let attribute = |(name, value): &'a (String, Value)| {
        scalar(value)
            .and_then(|value| Attribute::new(name, value))
            .map_err(|error| error.at(Place::Name(place, name)))
    };
    fields.iter().map(attribute).collect()
}

fn scalar(value: &Value) -> Result<Scalar<'_>, Error> {
    match value {
        Value::Bool(value) => Ok(Scalar::Bool(*value)),
        Value::Integer(number) => Ok(Scalar::Integer(*number)),
        Value::Text(text) => Ok(Scalar::Text(text)),
        Value::OtherNumber => Err(Error::because(ErrorCode::OutOfRange, "expected a whole number in range")),
        Value::List(_) | Value::Null | Value::Object(_) => {
            Err(Error::because(ErrorCode::WrongType, "expected text, a whole number, or true or false"))
        }
    }
}
