//! The time of day and the day of the week, in UTC or at a fixed offset.

use crate::error::Error;

use super::read::malformed;

const MINUTE: u64 = 60_000;
/// The minutes of a day; also what an offset of nothing is kept as.
pub(super) const DAY: u64 = 1_440;
/// From a Monday midnight to that of the first day of 1970, which was a Thursday, less the day that an offset is kept with; and a whole week.
const BEFORE_1970: u64 = 9 * DAY;

/// Minutes since a Monday midnight, at an offset as [`parse_offset`] gives it.
const fn minutes_since_monday(now: u64, offset: u64) -> u64 {
    (now / MINUTE).saturating_add(BEFORE_1970).saturating_add(offset)
}

/// The minute of the day.
pub(super) const fn minute(now: u64, offset: u64) -> u64 {
    minutes_since_monday(now, offset) % DAY
}

/// The day of the week as a bit, Monday the lowest.
pub(super) const fn weekday(now: u64, offset: u64) -> u64 {
    1 << (minutes_since_monday(now, offset) / DAY % 7)
}

/// Whether a minute of the day lies in `from..to`, which may pass midnight.
pub(super) const fn is_between(minute: u64, from: u64, to: u64) -> bool {
    if from < to { from <= minute && minute < to } else { from <= minute || minute < to }
}

/// The bit of a day's word.
pub(super) fn parse_weekday(word: &str) -> Result<u64, Error> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    match days.iter().position(|day| *day == word) {
        Some(place) => Ok(1 << place),
        None => malformed("one of `mon tue wed thu fri sat sun`"),
    }
}

/// A time of day such as `22:00`, in minutes.
pub(super) fn parse_time(text: &str) -> Result<u64, Error> {
    minutes(text.as_bytes()).map_or_else(|| malformed("a time such as `22:00`"), Ok)
}

/// An offset such as `+02:00`, in minutes and a day more, so that it is never negative.
pub(super) fn parse_offset(text: &str) -> Result<u64, Error> {
    let shifted = match text.as_bytes() {
        [b'+', time @ ..] => minutes(time).and_then(|minutes| minutes.checked_add(DAY)),
        [b'-', time @ ..] => minutes(time).and_then(|minutes| DAY.checked_sub(minutes)),
        _ => None,
    };
    shifted.map_or_else(|| malformed("an offset such as `+02:00`"), Ok)
}

fn minutes(text: &[u8]) -> Option<u64> {
    let [a, b, b':', c, d] = *text else { return None };
    let mut pairs = [0, 0];
    for (pair, (tens, ones)) in pairs.iter_mut().zip([(a, b), (c, d)]) {
        *pair =
            char::from(tens).to_digit(10)?.checked_mul(10)?.checked_add(char::from(ones).to_digit(10)?)?;
    }
    let [hour, minute] = pairs;
    (hour < 24 && minute < 60).then(|| u64::from(hour.saturating_mul(60).saturating_add(minute)))
}
