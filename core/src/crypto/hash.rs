//! The primitives as compiled in: SHA-256, HMAC-SHA-256, counter-mode derivation and AES-256-GCM.
//!
//! [`seal`](super::seal) and [`token`](super::token) are what to build on; this is for interoperability and for other people's vectors.

use alloc::vec;
use alloc::vec::Vec;

use warded_primitives as primitives;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorCode, Hint};
use crate::secret::Secret;

/// The most bytes that [`kbkdf_counter`] derives from one key and context.
pub const MAX_DERIVED: u32 = 64 * 1024;

/// The length of an AES-GCM tag, which stands at the end of what is sealed.
pub const TAG: usize = 16;

/// SHA-256 (FIPS 180-4) of one piece.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    primitives::sha256(&[bytes])
}

/// SHA-256 (FIPS 180-4) of several pieces as if they were one.
#[must_use]
pub fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    primitives::sha256(parts)
}

/// HMAC-SHA-256 (FIPS 198-1) under a key of any length.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    *MacState::new(key).mac(&[message])
}

/// Derives `length` bytes by SP 800-108r1 in counter mode: HMAC-SHA-256, 32-bit counter before the label, zero byte, context, 32-bit length in bits.
///
/// # Errors
/// [`ErrorCode::OutOfRange`] for no bytes, [`ErrorCode::LimitExceeded`] for more than [`MAX_DERIVED`].
pub fn kbkdf_counter(
    key: &[u8],
    label: &[u8],
    context: &[u8],
    length: usize,
) -> Result<Secret<Vec<u8>>, Error> {
    if length == 0 {
        return Err(Error::because(ErrorCode::OutOfRange, "derive at least one byte"));
    }
    let bits = u32::try_from(length)
        .ok()
        .filter(|length| *length <= MAX_DERIVED)
        .and_then(|length| length.checked_mul(8))
        .ok_or_else(|| Error::new(ErrorCode::LimitExceeded).with_hint(Hint::AtMost(MAX_DERIVED.into())))?;
    let state = MacState::new(key);
    // Allocated once: a vector that grew would leave derived bytes behind.
    let mut derived = Vec::with_capacity(length);
    for counter in 1_u32.. {
        let block = state.derive_block(counter, label, context, bits);
        let missing = length.saturating_sub(derived.len());
        derived.extend(block.iter().take(missing));
        if derived.len() >= length {
            break;
        }
    }
    Ok(Secret::new(derived))
}

/// Encrypts with AES-256-GCM (SP 800-38D); the tag stands at the end.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`] where the plaintext is longer than GCM allows.
///
/// # Security
/// A nonce used twice with one key gives both plaintexts and the authentication key away. [`seal`](super::seal) never needs one.
pub fn aes_gcm_seal(
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(TAG));
    append_aes_gcm(&mut sealed, key, nonce, aad, plaintext)?;
    Ok(sealed)
}

/// Decrypts what [`aes_gcm_seal`] made: ciphertext and 16 bytes of tag.
///
/// # Errors
/// [`ErrorCode::SealRejected`] for every cause.
pub fn aes_gcm_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Secret<Vec<u8>>, Error> {
    let (ciphertext, tag) =
        sealed.split_last_chunk::<TAG>().ok_or_else(|| Error::new(ErrorCode::SealRejected))?;
    let mut plaintext = vec![0; ciphertext.len()];
    // The tag is checked before the first byte is decrypted.
    primitives::aes_gcm_decrypt(key, nonce, aad, ciphertext, tag, &mut plaintext)
        .ok_or_else(|| Error::new(ErrorCode::SealRejected))?;
    Ok(Secret::new(plaintext))
}

/// Encrypts behind what `sealed` already holds, without an allocation where its capacity suffices.
pub(super) fn append_aes_gcm(
    sealed: &mut Vec<u8>,
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<(), Error> {
    let start = sealed.len();
    sealed.resize(start.saturating_add(plaintext.len()), 0);
    // From buffer to buffer, so that the plaintext is never in the output.
    let ciphertext = sealed.get_mut(start..).unwrap_or_default();
    let tag = primitives::aes_gcm_encrypt(key, nonce, aad, plaintext, ciphertext)
        .ok_or_else(|| Error::new(ErrorCode::LimitExceeded))?;
    sealed.extend_from_slice(&tag);
    Ok(())
}

/// A key that HMAC has already taken in; as secret as the key.
pub(super) struct MacState(primitives::Mac);

impl MacState {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(primitives::Mac::new(key))
    }

    pub(super) fn mac(&self, message: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        self.0.tag(message)
    }

    /// One block of SP 800-108r1, section 4.1.
    pub(super) fn derive_block(
        &self,
        counter: u32,
        label: &[u8],
        context: &[u8],
        bits: u32,
    ) -> Zeroizing<[u8; 32]> {
        self.mac(&[&counter.to_be_bytes(), label, &[0], context, &bits.to_be_bytes()])
    }
}

#[cfg(test)]
mod tests;
