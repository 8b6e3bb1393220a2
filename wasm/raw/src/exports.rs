//! The exports of the module: each names one operation and hands it to the one engine.
#![expect(unsafe_code, reason = "symbols that a host finds by their plain names")]

use warded_hot::{Export, instance};

/// The version of the ABI.
#[unsafe(no_mangle)]
pub extern "C" fn warded_abi() -> u32 {
    1
}

/// The address of the exchange buffer, grown to at least `length` bytes; 0 over the limit.
#[unsafe(no_mangle)]
pub extern "C" fn warded_buffer(length: u32) -> usize {
    instance::buffer(length)
}

macro_rules! exports {
    ($($export:ident = $operation:ident, $doc:literal;)*) => { $(
        #[doc = $doc]
        #[unsafe(no_mangle)]
        pub extern "C" fn $export(length: u32) -> u64 {
            instance::run(length, Export::$operation)
        }
    )* };
}

exports! {
    warded_call = CALL, "One document call.";
    warded_compile_grant = COMPILE_GRANT, "Compiles a grant document.";
    warded_load_grant = LOAD_GRANT, "Loads a compiled grant.";
    warded_compile_policy = COMPILE_POLICY, "Compiles the text of a policy.";
    warded_load_policy = LOAD_POLICY, "Loads a compiled policy.";
    warded_decide = DECIDE, "Decides a packed request.";
    warded_load_keyring = LOAD_KEYRING, "Loads keys.";
    warded_seal = SEAL, "Seals a value.";
    warded_open = OPEN, "Opens a value.";
    warded_reseal = RESEAL, "Seals a value again under the current key.";
    warded_seal_head = SEAL_HEAD, "Begins to seal a value that the caller encrypts.";
    warded_open_head = OPEN_HEAD, "Begins to open a value that the caller decrypts.";
    warded_seal_with_data_key = SEAL_WITH_DATA_KEY, "Seals a value under a data key of its own.";
    warded_open_with_data_key = OPEN_WITH_DATA_KEY, "Opens a value sealed under a data key.";
    warded_make_bundle = MAKE_BUNDLE, "Signs a bundle.";
    warded_open_bundle = OPEN_BUNDLE, "Opens a bundle.";
    warded_mint_token = MINT_TOKEN, "Makes a token of random bytes.";
    warded_hash_token = HASH_TOKEN, "Checks and hashes a token.";
    warded_verify_token = VERIFY_TOKEN, "Compares a token with a hash.";
    warded_redact = REDACT, "Masks credentials in JSON text.";
    warded_sha256 = SHA256, "SHA-256.";
    warded_hmac_sha256 = HMAC_SHA256, "HMAC-SHA-256.";
    warded_aes_gcm_seal = AES_GCM_SEAL, "AES-256-GCM, sealing.";
    warded_aes_gcm_open = AES_GCM_OPEN, "AES-256-GCM, opening.";
    warded_kbkdf = KBKDF, "KBKDF in counter mode.";
}
