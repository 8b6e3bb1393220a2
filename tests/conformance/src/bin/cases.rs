//! Prints every case, one JSON text to a line, for implementations that are not driven from Rust.

use std::io::{self, Write as _};

use serde_json::json;

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for case in warded_conformance::cases().into_iter().chain(warded_conformance::derivations()) {
        let mut line = json!({ "id": case.id, "call": case.call, "expected": case.expected });
        if let (Some(line), Some(package)) = (line.as_object_mut(), case.package) {
            line.insert("package".into(), package);
        }
        writeln!(out, "{line}")?;
    }
    out.flush()
}
