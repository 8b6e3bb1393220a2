//! The npm package in Node: a program that reads calls and writes answers, one JSON text to a line.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use warded_conformance::Case;

/// Operations that the package does not offer; it reaches the same code through decisions, and draws its own randomness.
const NOT_OFFERED: [&str; 7] =
    ["contains", "mint_token", "parse_address", "parse_network", "parse_path", "parse_ttl", "verify_chain"];

#[test]
fn the_package_answers_every_call_that_it_offers_as_expected() {
    let cases = warded_conformance::cases();
    let mut node = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/node.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let calls: String = cases.iter().map(|case| format!("{}\n", case.call)).collect();
    let mut stdin = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(calls.as_bytes()));
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the adapter failed; `make wasm` builds the package");
    writer.join().unwrap().unwrap();
    let mut answers = output.stdout.split(|byte| *byte == b'\n');
    let ran = warded_conformance::run(|case| {
        let answer: Value = serde_json::from_slice(answers.next().unwrap()).unwrap();
        if let Some(thrown) = case.package.as_ref().filter(|thrown| !thrown.is_null()) {
            assert_eq!(answer["error"]["code"], *thrown, "{}", case.id);
        }
        is_offered(case).then_some(answer)
    });
    assert_eq!(ran, cases.iter().filter(|case| is_offered(case)).count());
    assert!(ran > 250, "{ran}");
}

/// The document boundary itself is not part of the package: there a call is a function and bytes are bytes.
fn is_offered(case: &Case) -> bool {
    let op = case.call.get("op").and_then(Value::as_str).unwrap_or_default();
    case.package.is_none() && !case.id.starts_with("calls.json") && !NOT_OFFERED.contains(&op)
}
