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

/// How many bytes stand before the ciphertext.
pub const HEAD: usize = 74;

/// The longest plaintext: 16 MiB.
pub const MAX_PLAINTEXT: usize = 16 * 1024 * 1024;

const VERSION: u8 = 1;
const SUITE: u8 = 1;
const NONCE: [u8; 12] = [0; 12];
/// The labels of what is derived.
const COMMITMENT: &[u8] = b"wd1/com";
const MESSAGE_KEY: &[u8] = b"wd1/key";
#[cold]
fn rejected() -> Error {
    Error::new(ErrorCode::SealRejected)
}

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
    let envelope = Envelope::parse(sealed).ok_or_else(rejected)?;
    let key = keyring.find(envelope.head.key_id).ok_or_else(|| Error::new(ErrorCode::KeyUnknown))?;
    envelope.open(key, context)
}

/// Seals again under the keyring's current key what any of its keys has sealed, in the same context: after a new master key, for every data key.
///
/// # Errors
/// As [`open`].
///
/// # Security
/// As [`seal`]: the salt must be fresh.
pub fn reseal(
    keyring: &Keyring,
    context: &Context<'_>,
    salt: [u8; 32],
    sealed: &[u8],
) -> Result<Vec<u8>, Error> {
    seal(keyring, context, salt, open(keyring, context, sealed)?.expose())
}

/// The head of a value to be sealed, and the key to encrypt its plaintext with: AES-256-GCM, a nonce of 12 zero bytes, no associated data.
///
/// For large values, where the runtime has an AES that is faster than the one compiled in; the bytes are the same.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`] for a field of the context over 4 GiB.
///
/// # Security
/// As [`seal`]; the key is for this one plaintext.
pub fn seal_head(
    keyring: &Keyring,
    context: &Context<'_>,
    salt: [u8; 32],
) -> Result<(Vec<u8>, Secret<[u8; 32]>), Error> {
    let mut head = Vec::with_capacity(HEAD);
    let message_key = append_head(&mut head, keyring.current(), context, &salt)?;
    Ok((head, Secret::new(*message_key)))
}

/// The key that the rest of a sealed value opens with, its [`HEAD`] bytes having been checked.
///
/// # Errors
/// As [`open`].
///
/// # Security
/// Nothing that is decrypted may be used before its tag has been checked.
pub fn open_head(keyring: &Keyring, context: &Context<'_>, head: &[u8]) -> Result<Secret<[u8; 32]>, Error> {
    let (head, []) = Head::parse(head).ok_or_else(rejected)? else { return Err(rejected()) };
    let key = keyring.find(head.key_id).ok_or_else(|| Error::new(ErrorCode::KeyUnknown))?;
    Ok(Secret::new(*head.message_key(key, context)?))
}

/// The key id that a sealed value names; `None` for what is not a sealed value of this version.
#[must_use]
pub fn key_id(sealed: &[u8]) -> Option<KeyId> {
    Envelope::parse(sealed).map(|envelope| envelope.head.key_id)
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
    let data_key = MasterKey::new(data_key.expose().as_slice().try_into().map_err(|_| rejected())?);
    let envelope = Envelope::parse(sealed)
        .filter(|envelope| envelope.head.key_id == data_key.id())
        .ok_or_else(rejected)?;
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
    let message_key = append_head(&mut sealed, key, context, salt)?;
    append_aes_gcm(&mut sealed, &message_key, &NONCE, &[], plaintext)?;
    Ok(sealed)
}

/// Writes everything but ciphertext and tag into an empty vector, and answers what to encrypt with.
fn append_head(
    sealed: &mut Vec<u8>,
    key: &MasterKey,
    context: &Context<'_>,
    salt: &[u8; 32],
) -> Result<Zeroizing<[u8; 32]>, Error> {
    sealed.extend_from_slice(&[VERSION, SUITE]);
    sealed.extend_from_slice(key.id().as_bytes());
    sealed.extend_from_slice(salt);
    let binding = context.bind(sealed)?;
    sealed.extend_from_slice(&*key.derive(COMMITMENT, &binding));
    Ok(key.derive(MESSAGE_KEY, &binding))
}

/// The head of a sealed value, taken apart.
struct Head<'a> {
    header: &'a [u8; 42],
    key_id: KeyId,
    commitment: &'a [u8; 32],
}

impl<'a> Head<'a> {
    /// The head, and what follows it.
    fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = bytes.split_first_chunk::<42>()?;
        let (commitment, rest) = rest.split_first_chunk()?;
        let [VERSION, SUITE, a, b, c, d, e, f, g, h, ..] = *header else { return None };
        Some((Self { header, key_id: KeyId::new([a, b, c, d, e, f, g, h]), commitment }, rest))
    }

    fn message_key(&self, key: &MasterKey, context: &Context<'_>) -> Result<Zeroizing<[u8; 32]>, Error> {
        let binding = context.bind(self.header).map_err(|_| rejected())?;
        // Before anything else is done with the key: one ciphertext could otherwise open under several.
        if !bool::from(key.derive(COMMITMENT, &binding).ct_eq(self.commitment)) {
            return Err(rejected());
        }
        Ok(key.derive(MESSAGE_KEY, &binding))
    }
}

/// A sealed value, taken apart.
struct Envelope<'a> {
    head: Head<'a>,
    /// Ciphertext and tag.
    body: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn parse(sealed: &'a [u8]) -> Option<Self> {
        if !(OVERHEAD..=OVERHEAD.saturating_add(MAX_PLAINTEXT)).contains(&sealed.len()) {
            return None;
        }
        let (head, body) = Head::parse(sealed)?;
        Some(Self { head, body })
    }

    fn open(&self, key: &MasterKey, context: &Context<'_>) -> Result<Secret<Vec<u8>>, Error> {
        aes_gcm_open(&*self.head.message_key(key, context)?, &NONCE, &[], self.body)
    }
}

#[cfg(test)]
mod tests;
