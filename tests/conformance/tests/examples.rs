//! The examples of `docs/abi.md` and `docs/component.md`: each block is the file that is run here, word for word.
#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::process::{Command, Output};

use warded_conformance::{process, repository};

const HOSTS: &str = "tests/conformance/hosts";
const ABI: &str = "docs/abi.md";
const COMPONENT: &str = "docs/component.md";

/// The one block of a language in the document.
fn block(document: &str, language: &str) -> String {
    let text = fs::read_to_string(repository(document)).unwrap();
    let opening = format!("```{language}\n");
    let mut blocks = text.split(opening.as_str()).skip(1).map(|rest| rest.split("```\n").next().unwrap());
    let block = blocks.next().unwrap_or_else(|| panic!("{document} has no block of {language}"));
    assert_eq!(blocks.next(), None, "{document} has one block of {language}");
    block.to_owned()
}

/// Runs the program beside the files of the package, after its text has been compared with the document's.
fn run(document: &str, language: &str, file: &str, program: &mut Command) -> String {
    let text = fs::read_to_string(repository(&format!("{HOSTS}/{file}"))).unwrap();
    assert_eq!(block(document, language), text, "{file} and {document}");
    let Output { status, stdout, stderr } = program.current_dir(repository("pkg/dist")).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[test]
fn the_example_in_python_prints_its_answer() {
    if !process::is_built(process::PYTHON) {
        return;
    }
    let python = repository(process::PYTHON.path);
    let example = repository(&format!("{HOSTS}/python/example.py"));
    assert_eq!(
        run(ABI, "python", "python/example.py", Command::new(python).arg(example)),
        "{'result': True}\n"
    );
}

#[test]
fn the_example_in_go_prints_its_answer() {
    if !process::is_built(process::GO) {
        return;
    }
    let example = repository(&format!("{HOSTS}/go/target/example"));
    assert_eq!(run(ABI, "go", "go/example/main.go", &mut Command::new(example)), "{\"result\":true}\n");
}

#[test]
fn the_example_in_java_prints_its_answer() {
    if !process::is_built(process::JAVA) {
        return;
    }
    assert_eq!(run(ABI, "java", "java/Example.java", process::java().arg("Example")), "{\"result\":true}\n");
}

#[test]
fn the_example_in_javascript_prints_its_answer() {
    let example = repository(&format!("{HOSTS}/javascript/example.mjs"));
    assert_eq!(
        run(ABI, "js", "javascript/example.mjs", Command::new("node").arg(example)),
        "{ result: true }\n"
    );
}

#[test]
fn the_components_example_in_python_prints_its_answer() {
    if !process::is_built(process::PYTHON) {
        return;
    }
    let example = repository(&format!("{HOSTS}/python/component.py"));
    let mut python = Command::new(repository(process::PYTHON.path));
    assert_eq!(run(COMPONENT, "python", "python/component.py", python.arg(example)), "True\n");
}

#[test]
fn the_components_example_in_javascript_prints_its_answers() {
    let runner = repository(&format!("{HOSTS}/jco/run-example.mjs"));
    let printed = run(COMPONENT, "js", "jco/example.mjs", Command::new("node").arg(runner));
    assert_eq!(printed, "allow deny uses_exhausted\n");
}

#[test]
fn every_example_is_under_ten_lines_of_code() {
    // What is not counted: imports, what surrounds a program in its language, blank lines and lone brackets.
    let frame = [
        "import ",
        "from ",
        "use ",
        "\"",
        "package ",
        "func main",
        "final class",
        "public static",
        "fn main",
    ];
    for language in ["python", "go", "java", "js", "rust"] {
        let block = block(ABI, language);
        let program = block.split("\nfunc must").next().unwrap();
        let counts = |line: &&str| {
            line.chars().any(char::is_alphanumeric) && !frame.iter().any(|start| line.starts_with(start))
        };
        let lines = program.lines().map(str::trim).filter(counts).count();
        assert!((2..10).contains(&lines), "{language}: {lines}");
    }
}
