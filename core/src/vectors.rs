//! Reads the shared vectors in tests.

use alloc::vec::Vec;

use serde_json::Value;

/// A file of `tests/vectors`, as included text.
pub(crate) fn parse(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

/// The cases of a list, of which there must be some.
pub(crate) fn cases(list: &Value) -> &[Value] {
    let cases = list.as_array().expect("a list of cases");
    assert!(!cases.is_empty());
    cases
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The bytes of hex digits.
pub(crate) fn bytes(hex: &Value) -> Vec<u8> {
    let (pairs, rest) = text(hex).as_bytes().as_chunks::<2>();
    assert!(rest.is_empty());
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// As many bytes of hex digits as are wanted.
pub(crate) fn array<const N: usize>(hex: &Value) -> [u8; N] {
    bytes(hex).try_into().expect("length")
}
