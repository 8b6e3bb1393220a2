//! SHA-256, HMAC-SHA-256 and AES-256-GCM of RustCrypto, with all their types filled in. None of them is written here.
//!
//! A crate of its own, because generic code is compiled by the crate that names its types: this one for speed, while the engine that uses it
//! is compiled for size where it becomes Wasm. Use `warded_core::crypto`, not this.
#![no_std]
#![forbid(unsafe_code)]

use aes_gcm::aead::AeadInOut as _;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use hmac::digest::FixedOutput as _;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// SHA-256 (FIPS 180-4) of several pieces as if they were one.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// A key that HMAC-SHA-256 (FIPS 198-1) has already taken in, so that a short message costs two blocks of SHA-256 and not four.
///
/// As secret as the key: wiped on drop by `sha2` and `hmac` (their feature `zeroize`).
#[expect(missing_debug_implementations, reason = "it is as secret as its key")]
pub struct Mac(Hmac<Sha256>);

impl Mac {
    /// A key of any length, taken in.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        // FIPS 198-1, section 4, steps 1 to 3: a key of any length fills one block.
        let mut block = Zeroizing::new([0; 64]);
        if let Some(head) = block.get_mut(..key.len()) {
            head.copy_from_slice(key);
        } else if let Some(head) = block.first_chunk_mut() {
            *head = sha256(&[key]);
        }
        Self(Hmac::new((&*block).into()))
    }

    /// The tag of several pieces as if they were one.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        let mut tag = Zeroizing::new([0; 32]);
        mac.finalize_into((&mut *tag).into());
        tag
    }
}

/// Encrypts with AES-256-GCM (SP 800-38D) from buffer to buffer of the same length, and returns the tag; `None` where the lengths differ or are
/// over what GCM allows.
#[must_use]
pub fn aes_gcm_encrypt(
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    plaintext: &[u8],
    ciphertext: &mut [u8],
) -> Option<[u8; 16]> {
    let buffer = InOutBuf::new(plaintext, ciphertext).ok()?;
    let tag = Aes256Gcm::new(key.into()).encrypt_inout_detached(nonce.into(), aad, buffer).ok()?;
    Some(tag.into())
}

/// Decrypts; `None`, with nothing decrypted, where the tag does not hold or the lengths differ.
#[must_use]
pub fn aes_gcm_decrypt(
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8; 16],
    plaintext: &mut [u8],
) -> Option<()> {
    let buffer = InOutBuf::new(ciphertext, plaintext).ok()?;
    Aes256Gcm::new(key.into()).decrypt_inout_detached(nonce.into(), aad, buffer, tag.into()).ok()
}

/// PBKDF2-HMAC-SHA-256 (RFC 8018, section 5.2).
#[cfg(feature = "derive")]
pub fn pbkdf2(password: &[u8], salt: &[u8], iterations: u32, output: &mut [u8]) {
    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, output);
}
