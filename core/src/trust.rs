//! How well a principal is known: as the caller judges it, from 0 to 3.

use crate::document::Item;
use crate::error::Error;

/// How well a principal is known; documents have the number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new level must be met by every match, in every crate")]
pub enum Trust {
    /// 0: not at all.
    #[default]
    Anonymous,
    /// 1: by an API key.
    Basic,
    /// 2: by a secret of its own.
    Verified,
    /// 3: by a secret of its own, and a clean record.
    Trusted,
}

impl Trust {
    /// Every level, from the lowest.
    pub const ALL: [Self; 4] = [Self::Anonymous, Self::Basic, Self::Verified, Self::Trusted];

    /// The level of a number.
    #[must_use]
    pub fn from_level(level: u8) -> Option<Self> {
        Self::ALL.get(usize::from(level)).copied()
    }

    /// The number of the level.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::Anonymous => 0,
            Self::Basic => 1,
            Self::Verified => 2,
            Self::Trusted => 3,
        }
    }

    /// Reads a level of a document.
    ///
    /// # Errors
    /// Not a number from 0 to 3.
    pub fn from_item(item: &Item<'_, '_>) -> Result<Self, Error> {
        let level = item.integer(0, u64::from(Self::Trusted.level()))?;
        Ok(u8::try_from(level).ok().and_then(Self::from_level).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_its_number_and_four_is_none() {
        for (number, trust) in (0..).zip(Trust::ALL) {
            assert_eq!((trust.level(), Trust::from_level(number)), (number, Some(trust)));
        }
        assert!(Trust::ALL.is_sorted());
        assert_eq!(Trust::from_level(4), None);
    }
}
