//! The exports of the module: the rules of calls are those of the raw module (`docs/abi.md`).
#![expect(unsafe_code, reason = "symbols that a host finds by their plain names")]

use alloc::vec::Vec;

use warded_core::error::Error;
use warded_hot::instance::{self, with_engine};

use crate::derivation;

/// The address of the exchange buffer, grown to at least `length` bytes; 0 over the limit.
#[unsafe(no_mangle)]
pub extern "C" fn warded_buffer(length: u32) -> usize {
    instance::buffer(length)
}

/// Argon2id with any parameters.
#[unsafe(no_mangle)]
pub extern "C" fn warded_argon2id(length: u32) -> u64 {
    run(length, derivation::argon2id)
}

/// PBKDF2-HMAC-SHA-256 with any parameters.
#[unsafe(no_mangle)]
pub extern "C" fn warded_pbkdf2_sha256(length: u32) -> u64 {
    run(length, derivation::pbkdf2_sha256)
}

fn run(length: u32, derive: fn(&[u8]) -> Result<Vec<u8>, Error>) -> u64 {
    with_engine(|engine| engine.run_own(usize::try_from(length).unwrap_or(usize::MAX), derive))
}
