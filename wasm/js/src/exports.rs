//! What JavaScript calls: one function for each operation. JavaScript draws the randomness, straight into the buffer.
//!
//! Each returns status * 2^32 + length of the answer as a double, in which both are exact: an `i64` would reach JavaScript as a `BigInt`.
#![expect(unsafe_code, reason = "symbols that JavaScript finds by their plain names")]

use warded_hot::Export;
use warded_hot::instance::{self, with_engine};

use crate::document;

/// The address of the exchange buffer, grown to at least `length` bytes; 0 over the limit.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(length: u32) -> usize {
    instance::buffer(length)
}

macro_rules! exports {
    ($($name:ident = $export:ident, $doc:literal;)*) => { $(
        #[doc = $doc]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(length: u32) -> f64 {
            double(instance::run(length, Export::$export))
        }
    )* };
}

exports! {
    compile_policy_text = COMPILE_POLICY, "Compiles the text of a policy.";
    load_grant = LOAD_GRANT, "Loads a compiled grant.";
    decide = DECIDE, "Decides a packed request.";
    load_policy = LOAD_POLICY, "Loads a compiled policy.";
    load_keyring = LOAD_KEYRING, "Loads keys.";
    seal = SEAL, "Seals a value with a given salt.";
    seal_head = SEAL_HEAD, "Begins to seal a value that the runtime encrypts.";
    reseal = RESEAL, "Seals a value again under the current key.";
    open = OPEN, "Opens a value.";
    open_head = OPEN_HEAD, "Begins to open a value that the runtime decrypts.";
    make_bundle = MAKE_BUNDLE, "Signs a bundle.";
    open_bundle = OPEN_BUNDLE, "Opens a bundle.";
    hash_token = HASH_TOKEN, "Checks and hashes a token.";
    mint_token = MINT_TOKEN, "Makes a token of random bytes.";
    verify_token = VERIFY_TOKEN, "Compares a token with a hash.";
    redact = REDACT, "Masks credentials in JSON text.";
    sha256 = SHA256, "SHA-256.";
    hmac_sha256 = HMAC_SHA256, "HMAC-SHA-256.";
    aes_gcm_seal = AES_GCM_SEAL, "AES-256-GCM, sealing.";
    aes_gcm_open = AES_GCM_OPEN, "AES-256-GCM, opening.";
    kbkdf = KBKDF, "KBKDF in counter mode.";
}

macro_rules! own {
    ($($name:ident, $doc:literal;)*) => { $(
        #[doc = $doc]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(length: usize) -> f64 {
            double(with_engine(|engine| engine.run_own(length, document::$name)))
        }
    )* };
}

own! {
    compile_grant, "Compiles a grant document.";
    compile_policy, "Compiles a policy document.";
    covers, "Whether the first scope covers the second.";
    lint, "Warns of what is doubtful in a policy or a grant.";
    overlaps, "Whether two scopes overlap.";
    settle, "Settles a reservation.";
}

macro_rules! with_policy {
    ($($name:ident, $doc:literal;)*) => { $(
        #[doc = $doc]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(length: usize) -> f64 {
            double(with_engine(|engine| engine.run_with_policy(length, document::$name)))
        }
    )* };
}

with_policy! {
    decide_document, "Decides a request document against compiled grants, behind the handle of a policy.";
    explain_document, "Explains the decision of a request document.";
    filter, "Which of many paths may be reached.";
}

/// Status and length as a double.
fn double(answer: u64) -> f64 {
    let [a, b, c, d, e, f, g, h] = answer.to_le_bytes();
    f64::from(u32::from_le_bytes([e, f, g, h])) * 4_294_967_296.0
        + f64::from(u32::from_le_bytes([a, b, c, d]))
}
