//! What the vectors must say: every code, every clause of a decision, every operation.

use std::collections::BTreeSet;

use serde_json::Value;
use warded_conformance::cases;
use warded_core::error::{Blame, ErrorCode};

/// The codes that no vector answers, and why; each has tests where it can be caused.
const ELSEWHERE: [(ErrorCode, &str); 5] = [
    (
        ErrorCode::ChainTooLong,
        "a call whose chain is too long is refused before it is decided: core/src/decide/tests.rs",
    ),
    (ErrorCode::InvalidCompiled, "no call takes compiled bytes: wasm/hot/src/engine/tests.rs"),
    (ErrorCode::Stale, "no call has a handle: wasm/hot/src/engine/tests.rs"),
    (ErrorCode::InvalidBuffer, "no call is packed: wasm/hot/src/engine/tests.rs"),
    (ErrorCode::Internal, "it would be a bug"),
];

/// Every `code` of every answer, wherever it stands.
fn codes(answer: &Value, found: &mut BTreeSet<String>) {
    match answer {
        Value::Array(items) => items.iter().for_each(|item| codes(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get("code").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| codes(value, found));
        }
        _ => {}
    }
}

/// The codes that stand in a part of any answer, given as a JSON pointer.
fn answered(part: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for case in cases().iter().filter(|case| case.call.get("op").and_then(Value::as_str) != Some("errors")) {
        if let Some(answer) = case.expected.pointer(part) {
            codes(answer, &mut found);
        }
    }
    found
}

#[test]
fn every_code_is_answered_by_a_vector_or_has_a_reason_not_to_be() {
    let found = answered("");
    for code in ErrorCode::ALL {
        let reason = ELSEWHERE.iter().find(|(other, _)| other == code).map(|(_, reason)| reason);
        match reason {
            None => assert!(found.contains(code.name()), "no vector answers {}", code.name()),
            Some(reason) => assert!(
                !found.contains(code.name()),
                "{} is answered: not true any more: {reason}",
                code.name()
            ),
        }
    }
}

#[test]
fn every_clause_is_a_reason_of_a_decision() {
    let found = answered("/reasons");
    for code in ErrorCode::ALL.iter().filter(|code| code.blame() == Blame::Denied) {
        let is_clause = *code != ErrorCode::ChainTooLong;
        assert_eq!(found.contains(code.name()), is_clause, "{}", code.name());
    }
}

#[test]
fn every_operation_of_the_table_is_called() {
    let page = include_str!("../../../docs/abi.md");
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| op "))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let column = rows.filter_map(|row| row.split('|').nth(1));
    let listed: BTreeSet<_> =
        column.flat_map(|names| names.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    let called: BTreeSet<_> =
        cases().iter().filter_map(|case| Some(case.call["op"].as_str()?.to_owned())).collect();
    assert!(listed.len() > 20, "{listed:?}");
    assert_eq!(listed.difference(&called).collect::<Vec<_>>(), Vec::<&String>::new());
}
