//! One set of vectors, run by every implementation.
//!
//! The vector files become [`Case`]s: a call of the document boundary and the answer that is expected of everyone.
//! An implementation is anything that answers calls. Answers are compared whole, except that an error's message is prose.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a vector file that is not as expected stops the suite"
)]

use std::io::Write as _;

use serde_json::{Map, Value, json};

#[cfg(doctest)]
#[doc = include_str!("../../../docs/abi.md")]
struct Abi;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/component.md")]
struct Component;

pub mod process;
mod published;
mod vectors;

pub use published::derivations;
pub use vectors::cases;
use vectors::{entries, field};

/// A file of the repository.
#[must_use]
pub fn repository(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

/// A call and what everyone must answer.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "tests take it apart")]
pub struct Case {
    /// The file, and the case in it.
    pub id: String,
    /// The call.
    pub call: Value,
    /// How the npm package differs by its own contract: `null` where it has a default, else the error that it throws.
    pub package: Option<Value>,
    /// The result document, or `{"error": {"code", "field"?}}`.
    pub expected: Value,
}

/// An answer without its prose.
#[must_use]
pub fn comparable(answer: &Value) -> Value {
    if let Some(warnings) = answer.get("warnings").and_then(Value::as_array) {
        let without_message = |warning: &Value| {
            let fields = warning.as_object().into_iter().flatten().filter(|(name, _)| *name != "message");
            fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>()
        };
        return json!({ "warnings": warnings.iter().map(without_message).collect::<Vec<_>>() });
    }
    let Some(error) = answer.get("error").and_then(Value::as_object) else { return answer.clone() };
    let kept =
        ["code", "field"].into_iter().filter_map(|name| Some((name.to_owned(), error.get(name)?.clone())));
    json!({ "error": kept.collect::<Map<_, _>>() })
}

/// Runs every case that the implementation offers, and says and returns how many that were.
///
/// # Panics
/// An answer is not the expected one; all that differ are listed.
pub fn run(mut implementation: impl FnMut(&Case) -> Option<Value>) -> usize {
    let mut ran = 0;
    let mut wrong = Vec::new();
    for case in cases() {
        let Some(answer) = implementation(&case) else { continue };
        ran += 1;
        let answer = comparable(&answer);
        if answer != case.expected {
            wrong.push(format!(
                "{}: {}\n  expected {}\n  answered {answer}",
                case.id, case.call, case.expected
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {ran} cases differ:\n{}", wrong.len(), wrong.join("\n"));
    // Not by `println!`, whose output a test runner keeps to itself. `tests/run.mjs` shows these lines at its end.
    let name = std::thread::current().name().unwrap_or("an implementation").replace('_', " ");
    writeln!(std::io::stdout(), "\n# {name}: {ran} cases").expect("standard output");
    ran
}
