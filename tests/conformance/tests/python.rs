//! The raw module in Python, in the runtime of the `wasmtime` wheel.

use std::process::Command;

use warded_conformance::{cases, process, repository, run};

#[test]
fn the_module_answers_every_call_in_python_as_expected() {
    if !process::is_built(process::PYTHON) {
        return;
    }
    let mut host = Command::new(repository(process::PYTHON.path));
    host.arg(repository("tests/conformance/hosts/python/host.py"))
        .arg(repository("target/wasm/warded_raw.wasm"));
    let mut answers = process::answers(&mut host).into_iter();
    assert_eq!(run(|_| answers.next()), cases().len());
}
