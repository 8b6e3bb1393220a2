//! Times as replies write them.

use warded_core::time::Millis;

use crate::audit::record::time_text;

/// A time as RFC 3339 in UTC.
pub(super) fn rfc3339(time: Millis) -> String {
    // Beyond the year 9999 there is no such text; a client must still read it as a time, and as far away.
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
