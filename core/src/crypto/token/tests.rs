use super::*;
use crate::vectors::{array, cases, parse as parse_vectors, text};
use alloc::format;
use alloc::vec::Vec;
use proptest::prelude::*;
use serde_json::Value;

fn vectors() -> Value {
    parse_vectors(include_str!("../../../../tests/vectors/token.json"))
}

fn kind(case: &Value) -> TokenKind {
    TokenKind::from_letter(text(&case["kind"]).as_bytes()[0]).unwrap()
}

fn assert_refused(token: &str, why: &str) {
    assert_eq!(parse(token), Err(Error::new(ErrorCode::InvalidToken)), "{why}: {token:?}");
}

#[test]
fn tokens_are_minted_to_the_text_of_the_vectors() {
    let (given, own) = (parse_vectors(include_str!("../../../../tests/vectors/crypto.json")), vectors());
    for case in cases(&given["token"]).iter().chain(cases(&own["minted"])) {
        let token = mint(kind(case), &array(&case["bytes"]));
        assert_eq!(token.expose(), text(&case["token"]));
        assert_eq!(parse(token.expose()), Ok(kind(case)));
        if let Value::String(_) = case["sha256"] {
            assert_eq!(token.hash(), array(&case["sha256"]));
        }
    }
}

#[test]
fn a_text_of_the_right_form_is_accepted_whatever_its_digits() {
    for case in cases(&vectors()["accepted"]) {
        assert_eq!(parse(text(&case["token"])), Ok(kind(case)), "{}", text(&case["why"]));
    }
}

#[test]
fn what_the_vectors_refuse_is_refused() {
    for case in cases(&vectors()["refused"]) {
        assert_refused(text(&case["token"]), text(&case["why"]));
    }
}

#[test]
fn every_substituted_character_is_refused() {
    let token = mint(TokenKind::Scoped, &[0x5a; 32]);
    for (index, other) in (0..LENGTH).flat_map(|index| (0..=0x7f_u8).map(move |other| (index, other))) {
        let mut changed = token.expose().as_bytes().to_vec();
        if changed[index] != other {
            changed[index] = other;
            assert_refused(str::from_utf8(&changed).unwrap(), "substituted");
        }
    }
}

#[test]
fn every_other_length_is_refused() {
    let token = mint(TokenKind::Agent, &[0x5a; 32]);
    for cut in 1..LENGTH {
        let (head, tail) = token.expose().split_at(cut);
        assert_refused(head, "cut behind");
        assert_refused(tail, "cut before");
    }
    assert_refused("", "empty");
    assert_refused(&format!("{}0", token.expose()), "longer");
    assert_refused(&token.expose().repeat(2), "twice");
}

#[test]
fn kinds_and_letters_correspond() {
    let letters: Vec<u8> = TokenKind::ALL.iter().map(|kind| kind.letter()).collect();
    assert_eq!(letters, b"akdnprs");
    for letter in 0..=u8::MAX {
        let kind = TokenKind::from_letter(letter);
        assert_eq!(kind.is_some(), letters.contains(&letter));
        assert!(kind.is_none_or(|kind| kind.letter() == letter));
    }
}

#[test]
fn a_token_is_verified_against_its_own_hash_only() {
    let (token, other) = (mint(TokenKind::Scoped, &[1; 32]), mint(TokenKind::Scoped, &[2; 32]));
    assert!(verify(token.expose(), &token.hash()));
    assert!(!verify(other.expose(), &token.hash()));
    assert!(!verify("", &token.hash()));
    for index in 0..32 {
        let mut stored = token.hash();
        stored[index] ^= 1;
        assert!(!verify(token.expose(), &stored));
    }
}

#[test]
fn twelve_characters_are_shown_and_no_more() {
    let token = mint(TokenKind::ApiKey, &[3; 32]);
    assert_eq!(token.display(), token.expose().split_at(12).0);
    assert_eq!(format!("{token:?}"), format!("TokenText({}..)", token.display()));
    assert_eq!(display("hunter2"), "");
    assert_eq!(display("a password of fourteen words"), "");
    // 53 bytes whose twelfth is in the middle of a letter.
    assert_eq!(display(&format!("wds_0000000é{}", "0".repeat(40))), "");
}

proptest! {
    #[test]
    fn what_is_minted_parses_and_other_bytes_give_another_text(bytes: [u8; 32], other: [u8; 32]) {
        for kind in TokenKind::ALL {
            let token = mint(*kind, &bytes);
            prop_assert_eq!(parse(token.expose()), Ok(*kind));
            prop_assert_eq!(token.expose() == mint(*kind, &other).expose(), bytes == other);
        }
    }

    #[test]
    fn text_that_nobody_minted_is_refused(text in "(wd[akdnprs]_)?\\PC{0,60}") {
        prop_assert!(parse(&text).is_err());
        prop_assert!(display(&text).len() <= DISPLAYED);
    }
}
