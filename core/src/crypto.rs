//! Keys, sealed values and tokens, built on RustCrypto's primitives: none is written here.
//!
//! Randomness is an argument, keys are wiped, and every failure to open looks the same unless the key id, which is public, is unknown.

#[cfg(feature = "derive")]
pub mod derive;
pub mod hash;
pub mod key;
pub mod seal;
pub mod token;
