//! Bytes as lower-case hexadecimal text.

use alloc::string::String;
use alloc::vec::Vec;

use crate::document::{Fields, Item, Value};
use crate::error::{Error, ErrorCode};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Bytes as a text value.
pub(crate) fn encode(bytes: &[u8]) -> Value {
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    Value::Text(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect::<String>())
}

/// The bytes of a text value.
pub(crate) fn bytes(item: &Item<'_, '_>) -> Result<Vec<u8>, Error> {
    item.parsed(|text| {
        decode(text).ok_or_else(|| Error::because(ErrorCode::InvalidText, "expected lower-case hex"))
    })
}

/// Exactly `N` bytes of a required field.
pub(crate) fn array<const N: usize>(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
) -> Result<[u8; N], Error> {
    exactly(&fields.required(name)?)
}

/// Exactly `N` bytes.
pub(crate) fn exactly<const N: usize>(item: &Item<'_, '_>) -> Result<[u8; N], Error> {
    let wrong = || Error::because(ErrorCode::InvalidText, "wrong number of bytes").at(*item.place());
    <[u8; N]>::try_from(bytes(item)?).map_err(|_| wrong())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some((nibble(*high)? << 4) | nibble(*low)?)).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    DIGITS.iter().position(|known| *known == digit).and_then(|value| u8::try_from(value).ok())
}
