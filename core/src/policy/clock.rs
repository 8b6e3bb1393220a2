//! The time of day and the day of the week, in UTC or at a fixed offset.

use crate::error::{Error, ErrorCode};

const MINUTE: u64 = 60_000;
/// The minutes of a day.
pub(super) const DAY: u16 = 1_440;
const WEEK: u64 = 7 * 1_440;
/// From a Monday midnight to that of the first day of 1970, which was a Thursday; and a whole week more, so that a time before it at a
/// negative offset is above zero.
const BEFORE_1970: u64 = 10 * 1_440;

/// An offset from UTC in minutes, from -23:59 to +23:59.
pub(super) type Offset = i16;

/// The day of the week from Monday, and the minute of the day, at the offset.
fn day_and_minute(now: u64, offset: Offset) -> (u16, u16) {
    let minutes = (now / MINUTE).saturating_add(BEFORE_1970).saturating_add_signed(offset.into()) % WEEK;
    let minutes = u16::try_from(minutes).unwrap_or_default();
    (minutes / DAY, minutes % DAY)
}

/// The minute of the day.
pub(super) fn minute(now: u64, offset: Offset) -> u16 {
    day_and_minute(now, offset).1
}

/// Whether a minute of the day lies in `from..to`, which may pass midnight.
pub(super) const fn is_between(minute: u16, from: u16, to: u16) -> bool {
    if from < to { from <= minute && minute < to } else { from <= minute || minute < to }
}

/// The day of the week as a bit, Monday the lowest.
pub(super) fn weekday(now: u64, offset: Offset) -> u8 {
    1 << day_and_minute(now, offset).0
}

/// The bit of a day's word.
pub(super) fn parse_weekday(word: &str) -> Result<u8, Error> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let found = (0..).zip(days).find(|(_, day)| *day == word).map(|(index, _): (u8, _)| 1 << index);
    found.ok_or_else(|| Error::because(ErrorCode::InvalidText, "one of `mon tue wed thu fri sat sun`"))
}

/// A time of day such as `22:00`, in minutes.
pub(super) fn parse_time(text: &str) -> Result<u16, Error> {
    minutes(text).ok_or_else(|| Error::because(ErrorCode::InvalidText, "a time such as `22:00`"))
}

/// An offset such as `+02:00`.
pub(super) fn parse_offset(text: &str) -> Result<Offset, Error> {
    let signed = text.split_at_checked(1).and_then(|(sign, rest)| {
        let minutes = i16::try_from(minutes(rest)?).ok()?;
        match sign {
            "+" => Some(minutes),
            "-" => Some(minutes.saturating_neg()),
            _ => None,
        }
    });
    signed.ok_or_else(|| Error::because(ErrorCode::InvalidText, "an offset such as `+02:00`"))
}

fn minutes(text: &str) -> Option<u16> {
    let [a, b, b':', c, d] = *text.as_bytes() else { return None };
    let pair = |tens: u8, ones: u8| {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte.wrapping_sub(b'0')));
        digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?)
    };
    let (hour, minute) = (pair(a, b)?, pair(c, d)?);
    (hour < 24 && minute < 60).then(|| hour.saturating_mul(60).saturating_add(minute))
}
