use super::*;

#[test]
fn a_time_is_at_most_what_javascript_holds_exactly() {
    assert_eq!(Millis::new(9_007_199_254_740_991), Ok(Millis::MAX));
    assert_eq!(Millis::new(9_007_199_254_740_992).unwrap_err().code(), ErrorCode::OutOfRange);
    assert_eq!(Millis::MAX.checked_add(Millis(1)), None);
    assert_eq!(Millis(1).checked_add(DAY).map(Millis::as_u64), Some(86_400_001));
}
