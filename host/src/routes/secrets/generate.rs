//! Values that the server makes: base62 from the operating system's randomness.

use warded_core::secret::Secret;
use zeroize::Zeroizing;

use crate::rng::{self, RngError};

/// As many as 256 bits need.
const LENGTH: usize = 43;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Bytes from here on would make the first characters of the alphabet likelier than the others.
const FAIR: u8 = 248;

/// A fresh value: 43 characters that mean nothing to a shell, a URL or a connection string.
///
/// # Errors
/// The operating system gives no randomness.
pub(super) fn value() -> Result<Secret<String>, RngError> {
    let mut text = String::with_capacity(LENGTH);
    let mut random = Zeroizing::new([0; 64]);
    while text.len() < LENGTH {
        rng::fill(random.as_mut_slice())?;
        let wanted = LENGTH.saturating_sub(text.len());
        text.extend(random.iter().filter_map(|byte| character(*byte)).take(wanted));
    }
    Ok(Secret::new(text))
}

/// The character that a byte stands for, each for as many bytes as any other; none for the bytes that are left over.
fn character(byte: u8) -> Option<char> {
    if byte >= FAIR {
        return None;
    }
    ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied().map(char::from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_character_stands_for_as_many_bytes() {
        let mut counts = BTreeMap::new();
        for character in (0..=u8::MAX).filter_map(character) {
            *counts.entry(character).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| *count == 4), "{counts:?}");
    }

    #[test]
    fn a_value_has_43_base62_characters_and_is_another_each_time() {
        let (one, other) = (value().unwrap(), value().unwrap());
        for text in [one.expose(), other.expose()] {
            assert_eq!(text.len(), 43);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
        assert_ne!(one.expose(), other.expose());
    }
}
