//! The exports of a module: each names one operation and hands it to the one engine.
#![expect(unsafe_code, reason = "exported symbols and the one static engine of a single-threaded module")]

use core::cell::UnsafeCell;

use crate::engine::{Engine, Export};

struct Global(UnsafeCell<Engine>);

// SAFETY: a module instance without shared memory has one thread.
unsafe impl Sync for Global {}

static ENGINE: Global = Global(UnsafeCell::new(Engine::new()));

/// Runs `work` on the module's engine.
pub fn with_engine<T>(work: impl FnOnce(&mut Engine) -> T) -> T {
    // SAFETY: one thread, and nothing that runs inside `work` comes back here: operations call no import and no export.
    work(unsafe { &mut *ENGINE.0.get() })
}

fn run(length: u32, export: Export) -> u64 {
    with_engine(|engine| engine.run(usize::try_from(length).unwrap_or(usize::MAX), export))
}

/// The version of the ABI.
#[unsafe(no_mangle)]
pub extern "C" fn warded_abi() -> u32 {
    1
}

/// The address of the exchange buffer, grown to at least `length` bytes; 0 over the limit.
#[unsafe(no_mangle)]
pub extern "C" fn warded_buffer(length: u32) -> usize {
    with_engine(|engine| {
        let buffer = usize::try_from(length).ok().and_then(|length| engine.buffer(length));
        buffer.map_or(0, |buffer| buffer.as_mut_ptr().addr())
    })
}

macro_rules! exports {
    ($($export:ident = $operation:ident, $doc:literal;)*) => { $(
        #[doc = $doc]
        #[unsafe(no_mangle)]
        pub extern "C" fn $export(length: u32) -> u64 {
            run(length, Export::$operation)
        }
    )* };
}

exports! {
    warded_call = Call, "One document call.";
    warded_compile_grant = CompileGrant, "Compiles a grant document.";
    warded_load_grant = LoadGrant, "Loads a compiled grant.";
    warded_decide = Decide, "Decides a packed request.";
    warded_load_keyring = LoadKeyring, "Loads keys.";
    warded_seal = Seal, "Seals a value.";
    warded_open = Open, "Opens a value.";
    warded_seal_with_data_key = SealWithDataKey, "Seals a value under a data key of its own.";
    warded_open_with_data_key = OpenWithDataKey, "Opens a value sealed under a data key.";
    warded_mint_token = MintToken, "Makes a token of random bytes.";
    warded_hash_token = HashToken, "Checks and hashes a token.";
    warded_verify_token = VerifyToken, "Compares a token with a hash.";
    warded_sha256 = Sha256, "SHA-256.";
    warded_hmac_sha256 = HmacSha256, "HMAC-SHA-256.";
    warded_aes_gcm_seal = AesGcmSeal, "AES-256-GCM, sealing.";
    warded_aes_gcm_open = AesGcmOpen, "AES-256-GCM, opening.";
    warded_kbkdf = Kbkdf, "KBKDF in counter mode.";
}
