//! A time as people ask for it: how long ago or in how long, and when.

use jiff::Timestamp;
use warded_core::time::Millis;

/// Both of a timestamp; `None` if it is none.
pub(super) fn when(text: &str, now: Millis) -> Option<String> {
    let time: Timestamp = text.parse().ok()?;
    let now = i64::try_from(now.as_u64()).ok()?;
    let ahead = time.as_millisecond().checked_sub(now)?.checked_div(1_000)?;
    let span = span(ahead.unsigned_abs());
    let relative = match ahead {
        0 => "now".to_owned(),
        1.. => format!("in {span}"),
        _ => format!("{span} ago"),
    };
    Some(format!("{relative}, {} UTC", time.strftime("%Y-%m-%d %H:%M:%S")))
}

/// Seconds in the largest unit that they fill.
fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = units.iter().find(|(length, _)| seconds >= *length).unwrap_or(&(1, "s"));
    format!("{} {}", seconds.checked_div(unit.0).unwrap_or_default(), unit.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_from_now_and_as_itself() {
        let now = Millis::new(1_700_000_000_000).unwrap();
        for (text, expected) in [
            ("2023-11-14T22:13:20.400Z", "now, 2023-11-14 22:13:20 UTC"),
            ("2023-11-14T22:13:21Z", "in 1 s, 2023-11-14 22:13:21 UTC"),
            ("2023-11-14T22:12:21+00:00", "59 s ago, 2023-11-14 22:12:21 UTC"),
            ("2023-11-14T20:13:21Z", "1 h ago, 2023-11-14 20:13:21 UTC"),
            ("2023-12-14T22:13:20.000Z", "in 30 d, 2023-12-14 22:13:20 UTC"),
        ] {
            assert_eq!(when(text, now).as_deref(), Some(expected));
        }
        for text in ["never", "9999-12-31T23:59:59.999Z"] {
            assert_eq!(when(text, now), None, "what cannot be told from now is shown as it is");
        }
    }
}
