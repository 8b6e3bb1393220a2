//! Ids: a prefix that says what it names, and 128 random bits. Never used again.

use crate::rng::{self, RngError};

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// An agent.
    Agent,
    /// An approval.
    Approval,
    /// An audit event.
    Event,
    /// An operator's API key.
    Key,
    /// A member.
    Member,
    /// A secret.
    Secret,
    /// A scoped token.
    Token,
    /// A webhook.
    Webhook,
}

impl Prefix {
    /// Every prefix.
    pub const ALL: [Self; 8] = [
        Self::Agent,
        Self::Approval,
        Self::Event,
        Self::Key,
        Self::Member,
        Self::Secret,
        Self::Token,
        Self::Webhook,
    ];

    /// The text before the digits, `_` included.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Agent => "agt_",
            Self::Approval => "apr_",
            Self::Event => "evt_",
            Self::Key => "key_",
            Self::Member => "mem_",
            Self::Secret => "sec_",
            Self::Token => "tok_",
            Self::Webhook => "whk_",
        }
    }

    /// Whether a text has the form of an id with this prefix.
    #[must_use]
    pub fn begins(self, text: &str) -> bool {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let digits = text.strip_prefix(self.text());
        digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(is_digit))
    }

    /// The id of these bits.
    #[must_use]
    pub fn id(self, bits: [u8; 16]) -> String {
        let mut digits = [0; 32];
        // The buffer has two digits for each byte, so encoding cannot fail.
        let _ = hex::encode_to_slice(bits, &mut digits);
        let mut id = String::with_capacity(self.text().len() + digits.len());
        id.push_str(self.text());
        id.extend(digits.map(char::from));
        id
    }
}

/// A new id.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn new_id(prefix: Prefix) -> Result<String, RngError> {
    Ok(prefix.id(rng::bytes()?))
}

/// Whether a name could be taken for an id, which no name may.
#[must_use]
pub fn looks_like_id(name: &str) -> bool {
    Prefix::ALL.iter().any(|prefix| name.starts_with(prefix.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_prefix_and_32_lower_case_digits() {
        assert_eq!(Prefix::Agent.id([0xAB; 16]), "agt_abababababababababababababababab");
        let (one, other) = (new_id(Prefix::Token).unwrap(), new_id(Prefix::Token).unwrap());
        assert_eq!((one.len(), one.starts_with("tok_")), (36, true));
        assert_ne!(one, other);
        assert!(Prefix::Token.begins(&one) && !Prefix::Secret.begins(&one));
        for text in ["tok_", "tok_ab", &one.to_uppercase(), &format!("{one}0")] {
            assert!(!Prefix::Token.begins(text), "{text}");
        }
    }

    #[test]
    fn a_name_that_begins_like_an_id_is_told_apart() {
        assert!(looks_like_id("tok_worker") && looks_like_id("whk_worker"));
        assert!(!looks_like_id("token_worker"));
    }
}
