//! Times as requests, replies and files write them.

use jiff::Timestamp;
use warded_core::time::Millis;

use crate::audit::record::time_text;
use crate::error::ApiError;

/// A time given as RFC 3339 with a zone; one before 1970 is 1970.
///
/// # Errors
/// 400 naming the field.
pub fn parse_time(field: &str, text: &str) -> Result<Millis, ApiError> {
    let refused = || ApiError::invalid(field, "expected a time such as `2026-01-31T12:00:00Z`");
    let timestamp: Timestamp = text.parse().map_err(|_| refused())?;
    Millis::new(u64::try_from(timestamp.as_millisecond()).unwrap_or_default()).map_err(|_| refused())
}

/// A time as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339(time: Millis) -> String {
    // Beyond the year 9999 there is no such text; a reader must still take it for a time, and for one as far away.
    time_text(time).unwrap_or_else(|_| "9999-12-31T23:59:59.999Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_with_a_zone() {
        assert_eq!(rfc3339(Millis::new(1_700_000_000_123).unwrap()), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc3339(Millis::MAX), "9999-12-31T23:59:59.999Z");
    }
}
