//! Implementations that are programs of their own: calls on stdin and answers on stdout, one JSON text to a line.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::cases;

/// What the program answers to every case of the suite, in its order.
///
/// # Panics
/// The program cannot be started, fails, or does not answer once to each call.
#[must_use]
pub fn answers(program: &mut Command) -> Vec<Value> {
    let calls: Vec<_> = cases().into_iter().map(|case| case.call).collect();
    answers_to(program, &calls)
}

/// What the program answers to these calls, in their order.
///
/// # Panics
/// As [`answers`].
#[must_use]
pub fn answers_to(program: &mut Command, calls: &[Value]) -> Vec<Value> {
    let shown = program.get_program().display().to_string();
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
    let lines: String = calls.iter().map(|call| format!("{call}\n")).collect();
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    // Beside the reading: a program that answers at once would fill the pipe while it is still being written to.
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("its output is a pipe");
    assert!(output.status.success(), "{shown} ended with {}", output.status);
    writer.join().expect("a writer that does not panic").expect("a program that reads to the end");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect();
    assert_eq!(answers.len(), calls.len(), "{shown}");
    answers
}

/// A program that needs more than Rust and Node: `make hosts` builds it.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "tests name it")]
pub struct Toolchain {
    /// What is there when it has been built.
    pub path: &'static str,
    /// What to install otherwise.
    pub needs: &'static str,
}

/// Python with the `wasmtime` wheel.
pub const PYTHON: Toolchain = Toolchain {
    path: "tests/conformance/hosts/python/.venv/bin/python",
    needs: "Python 3.9 or newer with its venv module (Debian: python3-venv)",
};

/// Go with wazero.
pub const GO: Toolchain = Toolchain {
    path: "tests/conformance/hosts/go/target/host",
    needs: "Go 1.22 or newer (https://go.dev/dl)",
};

/// Java with Chicory.
pub const JAVA: Toolchain = Toolchain {
    path: "tests/conformance/hosts/java/target/.stamp",
    needs: "a JDK 17 or newer and Maven (Debian: default-jdk-headless, maven)",
};

/// Java with the classes of the programs and of Chicory; the name of a program is still to be added.
#[must_use]
pub fn java() -> Command {
    let built = crate::repository("tests/conformance/hosts/java/target");
    let mut java = Command::new("java");
    java.args(["-cp", &format!("{built}/classes:{built}/dependency/*")]);
    java
}

/// Whether a program has been built; if not, says on standard output that its test is skipped, and what to do.
///
/// # Panics
/// It is not there, and the environment says `CI=true`: there nothing is skipped.
#[must_use]
pub fn is_built(Toolchain { path, needs }: Toolchain) -> bool {
    if Path::new(&crate::repository(path)).exists() {
        return true;
    }
    let text = format!("{path} is missing: install {needs}, then run `make test`");
    assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "{text}");
    // Not by `println!`, whose output a test runner keeps to itself. `tests/run.mjs` counts these lines.
    writeln!(std::io::stdout(), "\n# SKIP {text}").expect("standard output");
    false
}
