use serde_json::Value;

use super::*;

#[test]
fn lifetimes_are_read_as_the_vectors_say() {
    let all: Value = serde_json::from_str(include_str!("../../../tests/vectors/time.json")).unwrap();
    for vector in all["ttl"].as_array().unwrap() {
        let ceiling = Millis::new(vector["ceiling_ms"].as_u64().unwrap()).unwrap();
        let read = match vector["input"].as_str() {
            Some(text) => parse_ttl(text, ceiling),
            None => ttl_seconds(vector["input"].as_u64().unwrap(), ceiling),
        };
        let expected = vector["ttl_ms"].as_u64().ok_or_else(|| vector["code"].as_str().unwrap());
        assert_eq!(read.map(Millis::as_u64).map_err(|error| error.code().name()), expected, "{vector}");
    }
}

#[test]
fn over_the_ceiling_the_ceiling_is_named_in_seconds() {
    assert_eq!(parse_ttl("25h", DAY).unwrap_err().hint(), Hint::AtMost(86_400));
}

#[test]
fn a_time_is_at_most_what_javascript_holds_exactly() {
    assert_eq!(Millis::new(9_007_199_254_740_991), Ok(Millis::MAX));
    assert_eq!(Millis::new(9_007_199_254_740_992).unwrap_err().code(), ErrorCode::OutOfRange);
    assert_eq!(Millis::MAX.checked_add(Millis(1)), None);
    assert_eq!(Millis(1).checked_add(DAY).map(Millis::as_u64), Some(86_400_001));
}
