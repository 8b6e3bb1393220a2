//! What a request takes from the limits of the grants.

use crate::document::{Item, MAX_INTEGER};
use crate::error::{Error, ErrorCode};

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new unit must be met by every match, in every crate")]
pub enum Unit {
    /// Millionths of a unit of money.
    Micros,
    /// Requests.
    Requests,
    /// Tokens of a language model.
    Tokens,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 3] = [Self::Micros, Self::Requests, Self::Tokens];

    /// The unit that the word is.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidText`] for any other word.
    pub fn parse(word: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.word() == word)
            .ok_or_else(|| Error::because(ErrorCode::InvalidText, "one of `requests`, `tokens` and `micros`"))
    }

    /// The word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Micros => "micros",
            Self::Requests => "requests",
            Self::Tokens => "tokens",
        }
    }
}

/// An amount of each unit, at most 2^53-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a new unit must be met by every caller")]
pub struct Cost {
    /// How many requests.
    pub requests: u64,
    /// How many tokens of a language model.
    pub tokens: u64,
    /// How many millionths of a unit of money.
    pub micros: u64,
}

impl Default for Cost {
    fn default() -> Self {
        Self::ONE_REQUEST
    }
}

impl Cost {
    /// One request, and nothing else: what a request costs that does not say.
    pub const ONE_REQUEST: Self = Self { requests: 1, tokens: 0, micros: 0 };

    /// Nothing of any unit.
    pub const NOTHING: Self = Self { requests: 0, tokens: 0, micros: 0 };

    /// Reads a cost document; a unit that is absent costs what it does in `other`.
    ///
    /// # Errors
    /// The field that is unknown or wrong.
    pub fn from_document(item: &Item<'_, '_>, other: &Self) -> Result<Self, Error> {
        let mut fields = item.fields()?;
        let mut amount = |unit: Unit| match fields.optional(unit.word()) {
            Some(field) => field.integer(0, MAX_INTEGER),
            None => Ok(other.of(unit)),
        };
        let (requests, tokens) = (amount(Unit::Requests)?, amount(Unit::Tokens)?);
        let cost = Self { requests, tokens, micros: amount(Unit::Micros)? };
        fields.finish()?;
        Ok(cost)
    }

    /// The amount of a unit.
    #[must_use]
    pub const fn of(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Micros => self.micros,
            Unit::Requests => self.requests,
            Unit::Tokens => self.tokens,
        }
    }
}
