//! Time in milliseconds, always an argument; and how long a token lives, as people write it.

use crate::error::{Error, ErrorCode, Hint};

#[cfg(test)]
mod tests;

/// A point in time since the Unix epoch, or a span, in milliseconds; at most 2^53 - 1, so that JavaScript holds it exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u64);

/// 24 hours: the default ceiling for scoped tokens.
pub const DAY: Millis = Millis(86_400_000);

/// Five minutes: what a bundle lives unless its maker says otherwise.
pub const FIVE_MINUTES: Millis = Millis(300_000);

const PER_SECOND: u64 = 1_000;

impl Millis {
    /// The epoch, or no time at all.
    pub const ZERO: Self = Self(0);
    /// 2^53 - 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// So many milliseconds.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::OutOfRange`] above [`Millis::MAX`].
    pub fn new(millis: u64) -> Result<Self, Error> {
        if millis > Self::MAX.0 {
            return Err(Error::new(ErrorCode::OutOfRange).with_hint(Hint::AtMost(Self::MAX.0)));
        }
        Ok(Self(millis))
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// This and a span more; `None` above [`Millis::MAX`].
    #[must_use]
    pub fn checked_add(self, span: Self) -> Option<Self> {
        self.0.checked_add(span.0).map(Self).filter(|sum| *sum <= Self::MAX)
    }
}

/// A lifetime such as `90s`, `15m`, `1h` or `7d`: one to seven digits that do not begin with 0, and a unit.
///
/// # Errors
///
/// [`ErrorCode::InvalidTtl`] for any other text, [`ErrorCode::TtlOverCeiling`] with the ceiling in whole seconds.
pub fn parse_ttl(text: &str, ceiling: Millis) -> Result<Millis, Error> {
    let (digits, seconds) = split_unit(text).filter(|(digits, _)| is_count(digits)).ok_or_else(not_a_ttl)?;
    let count: u64 = digits.parse().map_err(|_| not_a_ttl())?;
    ttl_seconds(count.saturating_mul(seconds), ceiling)
}

/// A lifetime of so many seconds.
///
/// # Errors
///
/// [`ErrorCode::InvalidTtl`] for 0, [`ErrorCode::TtlOverCeiling`] with the ceiling in whole seconds.
pub fn ttl_seconds(seconds: u64, ceiling: Millis) -> Result<Millis, Error> {
    if seconds == 0 {
        return Err(not_a_ttl());
    }
    let ttl = Millis(seconds.saturating_mul(PER_SECOND));
    if ttl > ceiling {
        return Err(Error::new(ErrorCode::TtlOverCeiling).with_hint(Hint::AtMost(ceiling.0 / PER_SECOND)));
    }
    Ok(ttl)
}

fn not_a_ttl() -> Error {
    Error::because(
        ErrorCode::InvalidTtl,
        "such as `90s`, `15m`, `1h` or `7d`, or a number of seconds above 0",
    )
}

fn split_unit(text: &str) -> Option<(&str, u64)> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    units.into_iter().find_map(|(unit, seconds)| text.strip_suffix(unit).map(|digits| (digits, seconds)))
}

fn is_count(digits: &str) -> bool {
    (1..=7).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}
