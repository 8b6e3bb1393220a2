//! What JavaScript calls: one function for each operation, and those that draw randomness first.
//!
//! Each returns status * 2^32 + length of the answer as a double, in which both are exact: an `i64` would reach JavaScript as a `BigInt`.

use warded_core::error::{Error, ErrorCode};
use warded_hot::instance::{self, with_engine};
use warded_hot::{Engine, Export};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::document;

/// Where a salt stands in the input of a seal: behind the handle.
const SALT_AT: usize = 12;
/// How many random bytes a salt, a token and a key have.
const RANDOM: usize = 32;

/// The address of the exchange buffer, grown to at least `length` bytes; 0 over the limit.
#[wasm_bindgen]
pub fn buffer(length: u32) -> usize {
    instance::buffer(length)
}

macro_rules! exports {
    ($($name:ident = $export:ident, $doc:literal;)*) => { $(
        #[doc = $doc]
        #[wasm_bindgen]
        pub fn $name(length: u32) -> f64 {
            double(instance::run(length, Export::$export))
        }
    )* };
}

exports! {
    load_grant = LOAD_GRANT, "Loads a compiled grant.";
    decide = DECIDE, "Decides a packed request.";
    load_keyring = LOAD_KEYRING, "Loads keys.";
    seal = SEAL, "Seals a value with a given salt.";
    open = OPEN, "Opens a value.";
    open_head = OPEN_HEAD, "Begins to open a value that the runtime decrypts.";
    open_bundle = OPEN_BUNDLE, "Opens a bundle.";
    hash_token = HASH_TOKEN, "Checks and hashes a token.";
    verify_token = VERIFY_TOKEN, "Compares a token with a hash.";
    sha256 = SHA256, "SHA-256.";
    hmac_sha256 = HMAC_SHA256, "HMAC-SHA-256.";
    aes_gcm_seal = AES_GCM_SEAL, "AES-256-GCM, sealing.";
    aes_gcm_open = AES_GCM_OPEN, "AES-256-GCM, opening.";
    kbkdf = KBKDF, "KBKDF in counter mode.";
}

/// Seals a value: as [`seal`], with a fresh salt in the salt's place.
#[wasm_bindgen]
pub fn seal_with_fresh_salt(length: usize) -> f64 {
    with_random(SALT_AT, |engine| engine.run(length, Export::SEAL))
}

/// Begins to seal a value that the runtime encrypts: with a fresh salt in the salt's place.
#[wasm_bindgen]
pub fn seal_head(length: usize) -> f64 {
    with_random(SALT_AT, |engine| engine.run(length, Export::SEAL_HEAD))
}

/// Seals a value again under the current key, with a fresh salt in the salt's place.
#[wasm_bindgen]
pub fn reseal(length: usize) -> f64 {
    with_random(SALT_AT, |engine| engine.run(length, Export::RESEAL))
}

/// Makes a token of the kind whose letter is the first byte of the buffer.
#[wasm_bindgen]
pub fn mint_token(length: usize) -> f64 {
    with_random(length, |engine| engine.run(length.saturating_add(RANDOM), Export::MINT_TOKEN))
}

/// Leaves a key in the buffer.
#[wasm_bindgen]
pub fn random_key(_: usize) -> f64 {
    with_random(0, |_| RANDOM as u64)
}

macro_rules! own {
    ($($name:ident, $doc:literal;)*) => { $(
        #[doc = $doc]
        #[wasm_bindgen]
        pub fn $name(length: usize) -> f64 {
            double(with_engine(|engine| engine.run_own(length, document::$name)))
        }
    )* };
}

own! {
    compile_grant, "Compiles a grant document.";
    covers, "Whether the first scope covers the second.";
    decide_document, "Decides a request document against compiled grants.";
    overlaps, "Whether two scopes overlap.";
}

/// Puts random bytes into the buffer at `at`, and runs `work` on it.
fn with_random(at: usize, work: impl FnOnce(&mut Engine) -> u64) -> f64 {
    let mut random = [0; RANDOM];
    // Drawn outside of the engine, because this calls an import. It fails only where the runtime has no `crypto.getRandomValues`.
    let drawn = getrandom::fill(&mut random);
    double(with_engine(|engine| {
        let place = at.checked_add(RANDOM).and_then(|end| engine.buffer(end)?.get_mut(at..end));
        match (drawn, place) {
            (Ok(()), Some(place)) => {
                place.copy_from_slice(&random);
                work(engine)
            }
            _ => engine
                .run_own(0, |_| Err(Error::because(ErrorCode::Internal, "this runtime has no randomness"))),
        }
    }))
}

/// Status and length as a double.
fn double(answer: u64) -> f64 {
    let [a, b, c, d, e, f, g, h] = answer.to_le_bytes();
    f64::from(u32::from_le_bytes([e, f, g, h])) * 4_294_967_296.0
        + f64::from(u32::from_le_bytes([a, b, c, d]))
}
