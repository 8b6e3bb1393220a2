//! Cursors: where a page of a listing ended, handed back to be shown the next one.

use warded_core::time::Millis;

use crate::error::ApiError;
use crate::openapi::Parameter;

/// The parameter of every listing that has pages.
pub(super) const CURSOR: Parameter =
    Parameter::text("cursor", "Where the page before has ended: its `next_cursor`");

/// The cursor of a place in the order of the listing, so that a page stays right whatever is written or gone in between.
///
/// Hex, so that nobody takes it for anything but a cursor.
pub(super) fn encode(place: &str) -> String {
    hex::encode(place)
}

/// The place that a cursor leads to; `is_place` says what a place in this listing looks like.
///
/// # Errors
/// 400 naming `cursor`.
pub(super) fn decode(cursor: &str, is_place: impl FnOnce(&str) -> bool) -> Result<String, ApiError> {
    let text = hex::decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.filter(|text| encode(text) == cursor && is_place(text)).ok_or_else(foreign)
}

/// A place in an order by time: when, and of all that have this time, which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: Millis,
    pub(super) which: String,
}

impl Moment {
    pub(super) fn encode(&self) -> String {
        encode(&format!("{} {}", self.at.as_u64(), self.which))
    }

    /// The moment that a cursor leads to; `is_which` says what can have a time in this listing.
    ///
    /// # Errors
    /// 400 naming `cursor`.
    pub(super) fn decode(cursor: &str, is_which: impl FnOnce(&str) -> bool) -> Result<Self, ApiError> {
        let place = decode(cursor, |_| true)?;
        let read = || {
            let (millis, which) = place.split_once(' ')?;
            let found = Self { at: Millis::new(millis.parse().ok()?).ok()?, which: which.to_owned() };
            (is_which(which) && found.encode() == cursor).then_some(found)
        };
        read().ok_or_else(foreign)
    }

    /// As the store takes it.
    pub(super) fn parts(&self) -> (Millis, &str) {
        (self.at, &self.which)
    }
}

/// The refusal of a cursor that no page of the listing has answered.
pub(super) fn foreign() -> ApiError {
    ApiError::invalid("cursor", "is not one that this listing answered")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_back_and_nothing_else_does() {
        let moment = Moment { at: Millis::new(7).unwrap(), which: "a/b c".to_owned() };
        assert_eq!(Moment::decode(&moment.encode(), |which| which == "a/b c").unwrap(), moment);
        assert!(Moment::decode(&moment.encode(), |which| which == "a/b").is_err());
        for place in ["7", "7a", "07 a", "+7 a", " a", "99999999999999999999 a"] {
            assert!(Moment::decode(&encode(place), |_| true).is_err(), "{place}");
        }
    }

    #[test]
    fn a_place_comes_back_and_nothing_else_does() {
        let is_place = |text: &str| text.starts_with('a');
        assert_eq!(decode(&encode("a/ü"), is_place).unwrap(), "a/ü");
        for cursor in ["", "6", "zz", "61 ", "ff", "62", "6F", &encode("b")] {
            assert_eq!(decode(cursor, is_place).unwrap_err().errors[0].field, "cursor", "{cursor}");
        }
        assert_eq!(decode("6f", |_| true).unwrap(), "o");
        assert!(decode("6F", |_| true).is_err(), "one spelling only");
    }
}
