//! Tokens: minted from given bytes, checked for form before any look-up, stored as SHA-256 only.
//!
//! The text is `wd`, a kind letter, `_`, 43 digits of base62 and a checksum of 6 more: CRC-32/ISO-HDLC of the 47 characters before it.
//! The text is the token and is never decoded. So 43 digits above 2^256-1, which nothing mints, have a token's form like any other;
//! they match no stored hash.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::hash::sha256;
use crate::error::{Error, ErrorCode};
use crate::secret::Secret;

mod crc;

/// The length of a token's text.
pub const LENGTH: usize = 53;

/// How many characters of a token may be displayed: prefix, kind, and 8 of the 43 random digits.
pub const DISPLAYED: usize = 12;

/// The characters under the checksum.
const CHECKED: usize = 47;

/// The most digits whose power fits into 32 bits.
const GROUP: usize = 5;
const GROUP_BASE: u64 = 62_u64.pow(5);

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// An agent's own long-lived key, `wda_`.
    Agent,
    /// An operator's API key, `wdk_`.
    ApiKey,
    /// A device's secret, `wdd_`.
    Device,
    /// A token narrowed from another, `wdn_`.
    Narrowed,
    /// A token of the model proxy, `wdp_`.
    Proxy,
    /// A one-time registration token, `wdr_`.
    Registration,
    /// A short-lived scoped token, `wds_`.
    Scoped,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Agent,
        Self::ApiKey,
        Self::Device,
        Self::Narrowed,
        Self::Proxy,
        Self::Registration,
        Self::Scoped,
    ];

    /// The kind's letter, in ASCII.
    #[must_use]
    pub const fn letter(self) -> u8 {
        match self {
            Self::Agent => b'a',
            Self::ApiKey => b'k',
            Self::Device => b'd',
            Self::Narrowed => b'n',
            Self::Proxy => b'p',
            Self::Registration => b'r',
            Self::Scoped => b's',
        }
    }

    /// The kind of a letter, in ASCII.
    #[must_use]
    pub const fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'a' => Some(Self::Agent),
            b'k' => Some(Self::ApiKey),
            b'd' => Some(Self::Device),
            b'n' => Some(Self::Narrowed),
            b'p' => Some(Self::Proxy),
            b'r' => Some(Self::Registration),
            b's' => Some(Self::Scoped),
            _ => None,
        }
    }
}

/// The text of a new token: wiped when it is dropped, and shown in `Debug` by its first 12 characters only.
pub struct TokenText(Secret<String>);

impl TokenText {
    /// The whole text, to be handed out once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The part that may be shown later.
    #[must_use]
    pub fn display(&self) -> &str {
        display(self.expose())
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash(self.expose())
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenText({}..)", self.display())
    }
}

/// Makes a token of 32 bytes.
///
/// # Security
/// The bytes must be fresh random ones; wiping them is the caller's.
#[must_use]
pub fn mint(kind: TokenKind, random: &[u8; 32]) -> TokenText {
    // Its capacity is final: a string that grew would leave a copy behind.
    let mut text = String::with_capacity(LENGTH);
    text.push_str("wd");
    text.push(char::from(kind.letter()));
    text.push('_');
    text.extend(base62(random).iter().copied().map(char::from));
    text.extend(checksum(text.as_bytes()).map(char::from));
    TokenText(Secret::new(text))
}

/// Checks that text has a token's form, kind and checksum.
///
/// # Errors
/// [`ErrorCode::InvalidToken`] for every cause.
pub fn parse(text: &str) -> Result<TokenKind, Error> {
    parse_form(text.as_bytes()).ok_or_else(|| Error::new(ErrorCode::InvalidToken))
}

fn parse_form(text: &[u8]) -> Option<TokenKind> {
    if text.len() != LENGTH {
        return None;
    }
    let (checked, digits_of_checksum) = text.split_at_checked(CHECKED)?;
    let [b'w', b'd', letter, b'_', digits @ ..] = checked else { return None };
    let kind = TokenKind::from_letter(*letter)?;
    // The checksum's own alphabet is checked by comparing.
    let well_formed = digits.iter().all(u8::is_ascii_alphanumeric) && checksum(checked) == digits_of_checksum;
    well_formed.then_some(kind)
}

/// What is stored of a token, and what it is looked up by: SHA-256 of the whole text.
#[must_use]
pub fn hash(text: &str) -> [u8; 32] {
    sha256(text.as_bytes())
}

/// Whether text is the token of a stored hash, in constant time.
#[must_use]
pub fn verify(text: &str, stored: &[u8; 32]) -> bool {
    hash(text).ct_eq(stored).into()
}

/// The first 12 characters of a token, which may be displayed; nothing of text that has another length than a token.
#[must_use]
pub fn display(text: &str) -> &str {
    if text.len() == LENGTH { text.get(..DISPLAYED).unwrap_or_default() } else { "" }
}

fn checksum(checked: &[u8]) -> [u8; 6] {
    let mut digits = [0; 6];
    write_base62(crc::checksum(checked).into(), &mut digits);
    digits
}

/// A 256-bit big-endian integer in base62: long division by 62^5, so that nine rounds give all digits.
fn base62(bytes: &[u8; 32]) -> Zeroizing<[u8; 43]> {
    let mut limbs = Zeroizing::new([0_u64; 8]);
    for (limb, four) in limbs.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u32::from_be_bytes(*four).into();
    }
    let mut digits = Zeroizing::new([0; 43]);
    for group in digits.rchunks_mut(GROUP) {
        let mut remainder = 0;
        for limb in limbs.iter_mut() {
            let dividend = (remainder << 32) | *limb;
            *limb = dividend / GROUP_BASE;
            remainder = dividend % GROUP_BASE;
        }
        write_base62(remainder, group);
    }
    digits
}

/// The lowest digits of a number, as many as there is room for.
fn write_base62(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        let [.., lowest] = (number % 62).to_be_bytes();
        *digit = match lowest {
            0..10 => lowest.wrapping_add(b'0'),
            10..36 => lowest.wrapping_add(b'A' - 10),
            _ => lowest.wrapping_add(b'a' - 36),
        };
        number /= 62;
    }
}

#[cfg(test)]
mod tests;
