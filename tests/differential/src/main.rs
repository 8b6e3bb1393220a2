//! Answers calls with the engine as native code: one JSON call to a line on stdin, one answer to a line on stdout.

use std::io::{BufRead as _, Write as _};

use warded_core::call;

fn main() -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        // An empty line asks for what has been answered so far: nothing is written before that.
        if text.is_empty() {
            output.flush()?;
        } else {
            output.write_all(&call::answer(text).json)?;
            output.write_all(b"\n")?;
        }
        line.clear();
    }
    output.flush()
}
