//! The raw module in Go, in wazero.

use std::process::Command;

use warded_conformance::{cases, process, repository, run};

#[test]
fn the_module_answers_every_call_in_go_as_expected() {
    if !process::is_built(process::GO) {
        return;
    }
    let mut host = Command::new(repository(process::GO.path));
    host.arg(repository("target/wasm/warded_raw.wasm"));
    let mut answers = process::answers(&mut host).into_iter();
    assert_eq!(run(|_| answers.next()), cases().len());
}
