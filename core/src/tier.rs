//! Access tiers: how much care a secret needs.

use core::fmt;

use crate::error::{Error, ErrorCode};

/// How much care a secret needs; the higher, the more approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new tier must be met by every match, in every crate")]
pub enum Tier {
    /// No approval unless the policy says otherwise.
    Standard,
    /// One approval unless the policy says otherwise.
    Sensitive,
    /// Two approvals unless the policy says otherwise.
    Critical,
}

impl Tier {
    /// Every tier, from the lowest.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Sensitive, Self::Critical];

    /// The tier that the word is.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidTier`] for any other word.
    pub fn parse(word: &str) -> Result<Self, Error> {
        let rule = "one of `standard`, `sensitive` and `critical`";
        Self::ALL
            .into_iter()
            .find(|tier| tier.word() == word)
            .ok_or_else(|| Error::because(ErrorCode::InvalidTier, rule))
    }

    /// The tier of a byte of compiled data.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Standard),
            1 => Some(Self::Sensitive),
            2 => Some(Self::Critical),
            _ => None,
        }
    }

    /// The byte in compiled data.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Standard => 0,
            Self::Sensitive => 1,
            Self::Critical => 2,
        }
    }

    /// The word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Sensitive => "sensitive",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_ascend_from_standard_to_critical() {
        assert!(Tier::Standard < Tier::Sensitive && Tier::Sensitive < Tier::Critical);
    }

    #[test]
    fn a_tier_is_its_word_and_its_byte() {
        for (byte, word) in [(0, "standard"), (1, "sensitive"), (2, "critical")] {
            let tier = Tier::parse(word).unwrap();
            assert_eq!((tier.word(), tier.to_byte(), Tier::from_byte(byte)), (word, byte, Some(tier)));
        }
        assert_eq!(Tier::from_byte(3), None);
    }

    #[test]
    fn another_word_is_refused() {
        for word in ["", "Standard", "critical ", "high"] {
            assert_eq!(Tier::parse(word).unwrap_err().code(), ErrorCode::InvalidTier);
        }
    }
}
