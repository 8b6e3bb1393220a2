//! The core, called natively.

use serde_json::Value;
use warded_conformance::Case;
use warded_core::call;

fn native(case: &Case) -> Option<Value> {
    let answer = call::answer(case.call.to_string().as_bytes());
    serde_json::from_slice(&answer.json).ok()
}

#[test]
fn the_core_answers_every_call_as_expected() {
    assert_eq!(warded_conformance::run(native), warded_conformance::cases().len());
}

#[test]
fn every_code_that_data_can_cause_is_in_a_vector() {
    use warded_core::error::{Blame, ErrorCode};
    let expected: String = warded_conformance::cases().iter().map(|case| case.expected.to_string()).collect();
    let elsewhere = [
        // What no call can cause, because its JSON is well formed: see core's own tests of documents.
        ErrorCode::InvalidJson,
        ErrorCode::DuplicateKey,
        ErrorCode::TooDeep,
        // A call whose chain is too long is refused before it is decided.
        ErrorCode::ChainTooLong,
        // No call takes compiled bytes: see core's and the module's own tests.
        ErrorCode::InvalidCompiled,
    ];
    let data = |code: &&ErrorCode| matches!(code.blame(), Blame::Input | Blame::Denied | Blame::Crypto);
    for code in ErrorCode::ALL.iter().filter(data).filter(|code| !elsewhere.contains(code)) {
        assert!(expected.contains(&format!("\"{}\"", code.name())), "no vector answers {}", code.name());
    }
}
