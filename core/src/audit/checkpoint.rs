//! Checkpoints: the installation signs that its chain has this link at this seq (Ed25519, RFC 8032).
//!
//! ```text
//! signed = "warded/checkpoint/v1" || tenant (16) || seq (8, big-endian) || link (32) || time in ms (8, big-endian) || key id (8)
//! key id = the first 8 bytes of SHA-256("warded/checkpoint-key/v1" || public key)
//! ```
//!
//! Whoever owns both database and signing key can rewrite what nobody else has kept: a checkpoint proves something where it is held elsewhere.

use core::fmt;

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};

use crate::crypto::hash::sha256_parts;
use crate::crypto::key::KeyId;
use crate::document::{Fields, Item, MAX_INTEGER, Value};
use crate::error::Error;
use crate::hex;
use crate::request::millis;
use crate::time::Millis;

#[cfg(test)]
mod tests;

/// The key that signs checkpoints; wiped when it is dropped.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Takes in a key.
    ///
    /// # Security
    /// The bytes must be 32 random ones, kept apart from the database; wiping them is the caller's.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(bytes))
    }

    /// What verifies its signatures.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::of(self.0.verifying_key())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

/// The key that verifies checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    id: KeyId,
}

impl PublicKey {
    /// Takes in a key; `None` for bytes that are no point of the curve, or one of its few weak points.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(Self::of)
    }

    fn of(key: VerifyingKey) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = sha256_parts(&[b"warded/checkpoint-key/v1", key.as_bytes()]);
        Self { key, id: KeyId::new([a, b, c, d, e, f, g, h]) }
    }

    /// The id that checkpoints carry.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The key's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }
}

/// A signed statement about a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the format")]
pub struct Checkpoint {
    /// The installation.
    pub tenant: [u8; 16],
    /// The newest record that it covers.
    pub seq: u64,
    /// That record's link.
    pub link: [u8; 32],
    /// When it was signed.
    pub time: Millis,
    /// Which key signed it.
    pub key_id: KeyId,
    /// Over everything above.
    pub signature: [u8; 64],
}

impl Checkpoint {
    /// Signs the newest link of a chain.
    #[must_use]
    pub fn sign(key: &SigningKey, tenant: [u8; 16], seq: u64, link: [u8; 32], time: Millis) -> Self {
        let mut checkpoint = Self { tenant, seq, link, time, key_id: key.public().id(), signature: [0; 64] };
        checkpoint.signature = key.0.sign(&checkpoint.signed_bytes()).to_bytes();
        checkpoint
    }

    /// Whether the key signed it. A signature that only some implementations take is none.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.key_id == key.id
            && key.key.verify_strict(&self.signed_bytes(), &Signature::from_bytes(&self.signature)).is_ok()
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn signed_bytes(&self) -> alloc::vec::Vec<u8> {
        let (seq, time) = (self.seq.to_be_bytes(), self.time.as_u64().to_be_bytes());
        let parts: [&[u8]; 6] =
            [b"warded/checkpoint/v1", &self.tenant, &seq, &self.link, &time, self.key_id.as_bytes()];
        parts.concat()
    }

    /// Reads the document.
    ///
    /// # Errors
    /// The field that is unknown, missing or wrong.
    pub fn from_document(item: &Item<'_, '_>) -> Result<Self, Error> {
        let place = *item.place();
        let mut fields = Fields::of(item.value(), &place)?;
        let checkpoint = Self {
            tenant: hex::array(&mut fields, "tenant")?,
            seq: fields.required("seq")?.integer(1, MAX_INTEGER)?,
            link: hex::array(&mut fields, "link")?,
            time: millis(&fields.required("time")?)?,
            key_id: KeyId::new(hex::array(&mut fields, "key_id")?),
            signature: hex::array(&mut fields, "signature")?,
        };
        fields.finish()?;
        Ok(checkpoint)
    }

    /// The document: bytes are lower-case hex.
    #[must_use]
    pub fn to_document(&self) -> Value {
        Value::object([
            ("tenant", hex::encode(&self.tenant)),
            ("seq", Value::Integer(self.seq)),
            ("link", hex::encode(&self.link)),
            ("time", Value::Integer(self.time.as_u64())),
            ("key_id", hex::encode(self.key_id.as_bytes())),
            ("signature", hex::encode(&self.signature)),
        ])
    }
}
