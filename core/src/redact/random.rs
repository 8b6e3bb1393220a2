//! Whether text looks as if a machine had drawn it at random.
//!
//! Counted in whole numbers: how often letters of the other case and digits take turns, and how many different characters there are.
//! In random base62 neighbours differ in kind six times out of ten; in words and in names made of words two or three times.

use super::has_word;

/// Base64 of at least 24 bytes; identifiers of requests, objects and files are shorter, behind the word that they begin with.
const SHORTEST: usize = 32;
/// Above it is data, such as an image or a certificate.
const LONGEST: usize = 256;
/// The beginnings of images, PDF and public SSH keys in base64, and of digests.
const FILES: &[u8] = b"iVBOR /9j/ R0lGOD UklGR PHN2Z JVBERi AAAA sha256- sha384- sha512-";
/// The longest word that an identifier begins with, such as `chatcmpl-`.
const LONGEST_WORD: usize = 16;

/// What text is made of.
#[derive(Default)]
struct Look {
    digits: u32,
    uppers: u32,
    lowers: u32,
    /// Letters behind `f`: hexadecimal has none.
    beyond_hex: u32,
    /// How often a letter or digit is of another kind than the one before.
    changes: u32,
    /// A bit for each character; a few share one.
    seen: u64,
}

impl Look {
    /// Looks at text; anything but ASCII letters and digits is passed over.
    #[inline(never)]
    fn at(text: &[u8]) -> Self {
        let mut look = Self::default();
        let mut last = 0_u8;
        for byte in text {
            let (kind, count) = match byte {
                b'0'..=b'9' => (1, &mut look.digits),
                b'A'..=b'Z' => (2, &mut look.uppers),
                b'a'..=b'z' => (3, &mut look.lowers),
                _ => continue,
            };
            *count = count.wrapping_add(1);
            look.changes = look.changes.wrapping_add(u32::from(last != 0 && last != kind));
            look.beyond_hex = look.beyond_hex.wrapping_add(u32::from((byte | 32) > b'f'));
            look.seen |= 1 << (byte & 63);
            last = kind;
        }
        look
    }

    const fn length(&self) -> u32 {
        self.digits.wrapping_add(self.uppers).wrapping_add(self.lowers)
    }

    /// Whether it is drawn from all of base62 or base64. Hexadecimal, UUIDs and other one-case text are not: digests and identifiers are.
    const fn is_random(&self) -> bool {
        self.digits >= 1
            && self.uppers >= 2
            && self.lowers >= 2
            && self.beyond_hex >= 3
            && self.seen.count_ones() >= 14
            && self.changes >= self.length().wrapping_mul(2) / 5
    }
}

/// Whether text could be the random part of a token whose prefix has been seen.
pub(super) fn is_body(text: &[u8]) -> bool {
    let look = Look::at(text);
    let length = look.length();
    length >= 18 && look.digits >= 2 && look.changes >= length / 5
}

/// Whether text is base64 of a file or of a digest, which its beginning says.
pub(super) fn is_file(text: &[u8]) -> bool {
    has_word(FILES, &|start| text.starts_with(start))
}

/// Whether a piece of text without `.` has the length and the look of a credential.
pub(super) fn is_credential(piece: &[u8]) -> bool {
    let body = without_word(piece);
    (SHORTEST..=LONGEST).contains(&body.len()) && Look::at(body).is_random()
}

/// The text without a word in lower case and the sign behind it, which identifiers begin with: `req_`, `chatcmpl-`.
fn without_word(piece: &[u8]) -> &[u8] {
    let word = piece.iter().take(LONGEST_WORD).take_while(|byte| byte.is_ascii_lowercase()).count();
    match piece.split_at_checked(word) {
        Some(([_, _, _, ..], [b'_' | b'-', rest @ ..])) => rest,
        _ => piece,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_text_of_a_credentials_length_is_one() {
        for text in [
            "kT9+vQ2x/LmZ8rYpB4sWcN1dH7gJfU5aE0oXiK3t",
            "8dyfuiRyq1vVc3RRr_edRk-fK__JItpZxQ",
            "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
            "live-K7gNU3sdoOL0wNhqoVWhr3g6s1xYv72ol",
        ] {
            assert!(is_credential(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_only_resembles_random_text_is_not() {
        for text in [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "550e8400-e29b-41d4-a716-446655440000",
            "550E8400-E29B-41D4-A716-446655440000",
            "AbstractSingletonProxyFactoryBeanV2Impl",
            "usr/local/lib/node_modules/SomePackage2/dist/Index",
            "chatcmpl-BnCzYTkbdLkDpZ3hrOqzf5Ie6mQEC",
            "AaBbAaBbAaBb1AaBbAaBbAaBbAaBbAaBb",
        ] {
            assert!(!is_credential(text.as_bytes()), "{text}");
        }
        for file in [
            "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs",
            "iVBORw0KGgoAAAANSUhEUgAAAAE",
            "AAAAC3NzaC1lZDI1NTE5AAAA",
        ] {
            assert!(is_file(file.as_bytes()), "{file}");
        }
        let long = "K7gNU3sdoOL0wNhqoVWhr3g6s1xYv72ol".repeat(8);
        assert!(!is_credential(long.as_bytes()));
    }
}
