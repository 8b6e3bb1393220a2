use super::*;
use crate::vectors::{array, bytes, cases, parse, text};
use alloc::format;

fn vectors() -> serde_json::Value {
    parse(include_str!("../../../../tests/vectors/primitives.json"))
}

#[test]
fn sha256_gives_the_published_digests() {
    for case in cases(&vectors()["sha256"]) {
        let data = bytes(&case["data"]);
        assert_eq!(sha256(&data), array(&case["digest"]), "{}", text(&case["source"]));
    }
}

#[test]
fn pieces_are_hashed_as_if_they_were_one() {
    let whole = [7; 200];
    for cut in 0..whole.len() {
        let (head, tail) = whole.split_at(cut);
        assert_eq!(sha256_parts(&[head, &[], tail]), sha256(&whole));
    }
    assert_eq!(sha256_parts(&[]), sha256(&[]));
}

#[test]
fn hmac_gives_the_published_tags() {
    for case in cases(&vectors()["hmac_sha256"]) {
        let tag = hmac_sha256(&bytes(&case["key"]), &bytes(&case["data"]));
        assert_eq!(tag, array(&case["tag"]), "{}", text(&case["source"]));
    }
}

#[test]
fn a_key_is_padded_or_hashed_at_the_length_of_a_block() {
    // FIPS 198-1: zeros behind a short key change nothing, and a key over 64 bytes stands for its digest.
    let key = [9; 65];
    assert_eq!(hmac_sha256(&key[..63], b"m"), hmac_sha256(&[&key[..63], &[0]].concat(), b"m"));
    assert_ne!(hmac_sha256(&key[..64], b"m"), hmac_sha256(&sha256(&key[..64]), b"m"));
    assert_eq!(hmac_sha256(&key, b"m"), hmac_sha256(&sha256(&key), b"m"));
}

#[test]
fn counter_mode_derives_what_another_implementation_does() {
    for case in cases(&vectors()["kbkdf_counter"]) {
        let (key, derived) = (bytes(&case["key"]), bytes(&case["derived"]));
        let ours =
            kbkdf_counter(&key, &bytes(&case["label"]), &bytes(&case["context"]), derived.len()).unwrap();
        assert_eq!(*ours.expose(), derived);
    }
}

#[test]
fn counter_mode_derives_up_to_its_limit() {
    let limit = usize::try_from(MAX_DERIVED).unwrap();
    let code = |length| kbkdf_counter(&[1; 32], b"l", b"c", length).map(|derived| derived.expose().len());
    assert_eq!(code(limit), Ok(limit));
    assert_eq!(code(0).unwrap_err().code(), ErrorCode::OutOfRange);
    for over in [limit + 1, usize::MAX] {
        let error = code(over).unwrap_err();
        assert_eq!((error.code(), error.hint()), (ErrorCode::LimitExceeded, Hint::AtMost(65536)));
    }
}

#[test]
fn aes_gcm_gives_the_published_bytes() {
    for case in cases(&vectors()["aes_256_gcm"]) {
        let (key, nonce, aad) = (array(&case["key"]), array(&case["nonce"]), bytes(&case["aad"]));
        let (plaintext, sealed) = (bytes(&case["plaintext"]), bytes(&case["sealed"]));
        let source = text(&case["source"]);
        assert_eq!(aes_gcm_seal(&key, &nonce, &aad, &plaintext).as_ref(), Ok(&sealed), "{source}");
        assert_eq!(aes_gcm_open(&key, &nonce, &aad, &sealed).unwrap().expose(), &plaintext, "{source}");
    }
}

#[test]
fn aes_gcm_opens_nothing_that_was_changed() {
    let (key, nonce, aad) = ([1; 32], [2; 12], b"associated");
    let sealed = aes_gcm_seal(&key, &nonce, aad, b"plaintext").unwrap();
    let refused = |key, nonce, aad: &[u8], sealed: &[u8]| {
        let error = aes_gcm_open(key, nonce, aad, sealed).expect_err("opened");
        assert_eq!(error, Error::new(ErrorCode::SealRejected));
    };
    for (index, bit) in (0..sealed.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
        let mut changed = sealed.clone();
        changed[index] ^= 1 << bit;
        refused(&key, &nonce, aad, &changed);
    }
    for end in 0..sealed.len() {
        refused(&key, &nonce, aad, &sealed[..end]);
    }
    refused(&[0; 32], &nonce, aad, &sealed);
    refused(&key, &[0; 12], aad, &sealed);
    refused(&key, &nonce, b"", &sealed);
}

#[test]
fn derived_and_opened_bytes_are_not_printed() {
    let derived = kbkdf_counter(&[1; 32], b"label", b"context", 4);
    assert_eq!(format!("{derived:?}"), "Ok(Secret(..))");
}
