//! The raw module in wasmtime, as the server runs it.

use serde_json::Value;
use warded::guest::Guest;
use warded_conformance::Case;
use warded_core::secret::Secret;

#[test]
fn the_module_answers_every_call_as_expected() {
    let guest = Guest::new(&[Secret::new([7; 32])]).unwrap();
    let raw = |case: &Case| {
        let (status, json) = guest.call(case.call.to_string().as_bytes()).unwrap();
        let answer: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(status != 0, answer.get("error").is_some(), "{}", case.call);
        Some(answer)
    };
    assert_eq!(warded_conformance::run(raw), warded_conformance::cases().len());
    assert_eq!(guest.traps(), 0);
}
