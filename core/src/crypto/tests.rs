//! The vectors of `tests/vectors/crypto.json`, which other implementations share.

use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;

use super::key::{Keyring, MasterKey};
use super::seal::{self, Context};
use super::token::{self, TokenKind};

/// The bytes of hex digits.
pub(super) fn bytes(hex: &Value) -> Vec<u8> {
    let digits = hex.as_str().expect("hex").as_bytes();
    assert!(digits.len().is_multiple_of(2));
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).expect("hex digits"))
        .collect()
}

/// As many bytes of hex digits as are wanted.
pub(super) fn array<const N: usize>(hex: &Value) -> [u8; N] {
    bytes(hex).try_into().expect("length")
}

pub(super) fn context(case: &Value) -> Context<'_> {
    let text = |name: &str| case[name].as_str().unwrap_or_default();
    Context {
        purpose: text("purpose"),
        tenant: (!case["tenant"].is_null()).then(|| array(&case["tenant"])),
        object: text("object"),
        path: text("path"),
        version: case["version"].as_u64(),
    }
}

pub(super) fn vectors(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

#[test]
fn sealed_values_are_those_of_the_vectors() {
    let vectors = vectors(include_str!("../../../tests/vectors/crypto.json"));
    for case in vectors["seal"].as_array().unwrap() {
        let keyring = Keyring::new(vec![MasterKey::new(&array(&case["key"]))]).unwrap();
        let (context, plaintext, sealed) = (context(case), bytes(&case["plaintext"]), bytes(&case["sealed"]));
        assert_eq!(seal::seal(&keyring, &context, array(&case["salt"]), &plaintext).unwrap(), sealed);
        assert_eq!(seal::open(&keyring, &context, &sealed).unwrap().expose(), &plaintext);
    }
}

#[test]
fn tokens_are_those_of_the_vectors() {
    let vectors = vectors(include_str!("../../../tests/vectors/crypto.json"));
    for case in vectors["token"].as_array().unwrap() {
        let kind = TokenKind::from_letter(case["kind"].as_str().unwrap().as_bytes()[0]).unwrap();
        let text = case["token"].as_str().unwrap();
        assert_eq!(token::mint(kind, &array(&case["bytes"])).expose(), text);
        assert_eq!(token::parse(text), Ok(kind));
        if !case["sha256"].is_null() {
            assert_eq!(token::hash(text), array(&case["sha256"]));
        }
    }
}
