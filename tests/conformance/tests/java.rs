//! The raw module in Java, in Chicory.

use warded_conformance::{cases, process, repository, run};

#[test]
fn the_module_answers_every_call_in_java_as_expected() {
    if !process::is_built(process::JAVA) {
        return;
    }
    let mut host = process::java();
    host.arg("Host").arg(repository("target/wasm/warded_raw.wasm"));
    let mut answers = process::answers(&mut host).into_iter();
    assert_eq!(run(|_| answers.next()), cases().len());
}
