//! Sealed values: the envelope, version 1.
//!
//! ```text
//! 0   1   version = 1
//! 1   1   suite   = 1
//! 2   8   key id: first 8 bytes of HMAC-SHA-256(key, "warded/kid/v1")
//! 10  32  salt, random
//! 42  32  commitment
//! 74  n   ciphertext
//! ..  16  tag
//!
//! d          = SHA-256("warded/seal/v1" || bytes 0..42 || context)
//! KDF(label) = HMAC-SHA-256(key, 00000001 || label || 00 || d || 00000100)      SP 800-108r1, counter mode, one block
//! commitment = KDF("wd1/com");  ciphertext, tag = AES-256-GCM(KDF("wd1/key"), nonce = 12 zero bytes, no associated data)
//! ```
//!
//! A fresh 256-bit salt gives every message a key of its own, so the fixed nonce is used once with it (SP 800-38D, section 8).
//! The commitment covers key, header and context: a sealed value opens under one key, in one place.

use alloc::vec::Vec;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::hash::{aes_gcm_open, append_aes_gcm};
use super::key::{KeyId, Keyring, MasterKey};
use crate::error::{Error, ErrorCode, Hint};
use crate::secret::Secret;

mod context;

pub use context::Context;

/// How much longer a sealed value is than its plaintext.
pub const OVERHEAD: usize = 90;

/// The longest plaintext: 16 MiB.
pub const MAX_PLAINTEXT: usize = 16 * 1024 * 1024;

const VERSION: u8 = 1;
const SUITE: u8 = 1;
const NONCE: [u8; 12] = [0; 12];
const REJECTED: Error = Error::new(ErrorCode::SealRejected);

/// Seals a plaintext under the keyring's current key, bound to its context.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`] for a plaintext over [`MAX_PLAINTEXT`], or a field of the context over 4 GiB.
///
/// # Security
/// The salt must be 32 fresh random bytes for every call: two plaintexts sealed with one salt in one context give each other away.
pub fn seal(
    keyring: &Keyring,
    context: &Context<'_>,
    salt: [u8; 32],
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    seal_under(keyring.current(), context, &salt, plaintext)
}

/// Opens a sealed value in the context that it was sealed in.
///
/// # Errors
/// [`ErrorCode::KeyUnknown`] where the keyring lacks the key that the value names; [`ErrorCode::SealRejected`] for every other cause.
pub fn open(keyring: &Keyring, context: &Context<'_>, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
    let envelope = Envelope::parse(sealed).ok_or(REJECTED)?;
    let key = keyring.find(envelope.key_id).ok_or(Error::new(ErrorCode::KeyUnknown))?;
    envelope.open(key, context)
}

/// The key id that a sealed value names; `None` for what is not a sealed value of this version.
#[must_use]
pub fn key_id(sealed: &[u8]) -> Option<KeyId> {
    Envelope::parse(sealed).map(|envelope| envelope.key_id)
}

/// A value sealed under a data key of its own, and that data key sealed under the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wrapped {
    /// The data key, sealed under the keyring's current key.
    pub data_key: Vec<u8>,
    /// The value, sealed under the data key.
    pub value: Vec<u8>,
}

/// Seals a plaintext under a new data key, and the data key under the keyring: changing the master key then re-seals 32 bytes.
///
/// # Errors
/// As [`seal`].
///
/// # Security
/// The data key and both salts (the key's, the value's) must be fresh random bytes for every call.
pub fn seal_with_data_key(
    keyring: &Keyring,
    wrap: &Context<'_>,
    value: &Context<'_>,
    data_key: &[u8; 32],
    salts: [[u8; 32]; 2],
    plaintext: &[u8],
) -> Result<Wrapped, Error> {
    let [key_salt, value_salt] = &salts;
    Ok(Wrapped {
        data_key: seal_under(keyring.current(), wrap, key_salt, data_key)?,
        value: seal_under(&MasterKey::new(data_key), value, value_salt, plaintext)?,
    })
}

/// Opens a data key, and with it the value that was sealed under it.
///
/// # Errors
/// As [`open`]; a value that another data key sealed is [`ErrorCode::SealRejected`], since no keyring could help.
pub fn open_with_data_key(
    keyring: &Keyring,
    wrap: &Context<'_>,
    value: &Context<'_>,
    sealed_key: &[u8],
    sealed: &[u8],
) -> Result<Secret<Vec<u8>>, Error> {
    let data_key = open(keyring, wrap, sealed_key)?;
    let data_key = MasterKey::new(data_key.expose().as_slice().try_into().map_err(|_| REJECTED)?);
    let envelope =
        Envelope::parse(sealed).filter(|envelope| envelope.key_id == data_key.id()).ok_or(REJECTED)?;
    envelope.open(&data_key, value)
}

fn seal_under(
    key: &MasterKey,
    context: &Context<'_>,
    salt: &[u8; 32],
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    if plaintext.len() > MAX_PLAINTEXT {
        return Err(Error::new(ErrorCode::LimitExceeded).with_hint(Hint::AtMost(MAX_PLAINTEXT as u64)));
    }
    let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
    sealed.extend_from_slice(&[VERSION, SUITE]);
    sealed.extend_from_slice(key.id().as_bytes());
    sealed.extend_from_slice(salt);
    let derived = Derived::new(key, &sealed, context)?;
    sealed.extend_from_slice(&*derived.commitment);
    append_aes_gcm(&mut sealed, &derived.message_key, &NONCE, &[], plaintext)?;
    Ok(sealed)
}

/// What one key makes of one header in one context.
struct Derived {
    commitment: Zeroizing<[u8; 32]>,
    message_key: Zeroizing<[u8; 32]>,
}

impl Derived {
    fn new(key: &MasterKey, header: &[u8], context: &Context<'_>) -> Result<Self, Error> {
        let binding = context.bind(header)?;
        Ok(Self {
            commitment: key.derive(b"wd1/com", &binding),
            message_key: key.derive(b"wd1/key", &binding),
        })
    }
}

/// A sealed value, taken apart.
struct Envelope<'a> {
    header: &'a [u8; 42],
    key_id: KeyId,
    commitment: &'a [u8; 32],
    /// Ciphertext and tag.
    body: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn parse(sealed: &'a [u8]) -> Option<Self> {
        if !(OVERHEAD..=OVERHEAD.saturating_add(MAX_PLAINTEXT)).contains(&sealed.len()) {
            return None;
        }
        let (header, rest) = sealed.split_first_chunk::<42>()?;
        let (commitment, body) = rest.split_first_chunk()?;
        let [VERSION, SUITE, a, b, c, d, e, f, g, h, ..] = *header else { return None };
        Some(Self { header, key_id: KeyId::new([a, b, c, d, e, f, g, h]), commitment, body })
    }

    fn open(&self, key: &MasterKey, context: &Context<'_>) -> Result<Secret<Vec<u8>>, Error> {
        let derived = Derived::new(key, self.header, context).map_err(|_| REJECTED)?;
        // Before anything else is done with the key: one ciphertext could otherwise open under several.
        if !bool::from(derived.commitment.ct_eq(self.commitment)) {
            return Err(REJECTED);
        }
        aes_gcm_open(&derived.message_key, &NONCE, &[], self.body)
    }
}

#[cfg(test)]
mod tests;
