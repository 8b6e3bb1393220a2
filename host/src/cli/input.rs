//! What must not stand on a command line: values, which come from standard input or a file.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use warded_core::secret::Secret;
use zeroize::Zeroizing;

use super::failure::Failure;

mod typed;

/// The server takes 1 MiB of a body.
const LONGEST: usize = 1024 * 1024;

/// Where a value comes from.
#[derive(Debug, Args)]
pub struct ValueFlags {
    /// Read the value from a file instead of standard input
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    /// Keep the line's end after a value of one line, which is dropped otherwise
    #[arg(long)]
    pub exact: bool,
}

impl ValueFlags {
    /// Reads the value; typed at a terminal, it is not shown.
    ///
    /// # Errors
    /// There is none, it cannot be read, or it is not UTF-8.
    pub fn read(&self) -> Result<Secret<String>, Failure> {
        let mut value = match &self.from_file {
            Some(path) => read_file(path)?,
            None if io::stdin().is_terminal() => typed::read()?,
            None => read_all(io::stdin().lock(), "standard input")?,
        };
        if !self.exact {
            drop_line_end(&mut value);
        }
        if value.is_empty() {
            return Err(Failure::Usage(
                "the value is empty: give it on standard input or with --from-file".to_owned(),
            ));
        }
        to_text(&value)
    }
}

/// Reads a text file, or standard input for `-`.
///
/// # Errors
/// It cannot be read, is too large, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<Secret<String>, Failure> {
    let is_stdin = path == Path::new("-");
    to_text(&if is_stdin { read_all(io::stdin().lock(), "standard input")? } else { read_file(path)? })
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let name = path.display().to_string();
    let file =
        File::open(path).map_err(|error| Failure::Usage(format!("`{name}` cannot be read: {error}")))?;
    read_all(file, &name)
}

fn read_all(from: impl Read, name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // It never grows, so it leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST.saturating_add(2)));
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    from.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Usage(format!("`{name}` cannot be read: {error}")))?;
    if bytes.len() > LONGEST {
        return Err(Failure::Usage(format!("`{name}` is larger than 1 MiB")));
    }
    Ok(bytes)
}

/// `echo` and editors end a line, which is hardly ever meant; what has several lines, such as a key in PEM, needs the last end.
fn drop_line_end(value: &mut Vec<u8>) {
    if value.iter().filter(|byte| **byte == b'\n').count() == 1 && value.last() == Some(&b'\n') {
        value.pop();
        if value.last() == Some(&b'\r') {
            value.pop();
        }
    }
}

fn to_text(bytes: &[u8]) -> Result<Secret<String>, Failure> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(Secret::new(text.to_owned())),
        Err(_) => {
            Err(Failure::Usage("the value is not UTF-8: encode it first, for example with base64".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lines_end_is_dropped_and_several_lines_are_kept() {
        for (given, kept) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a", "a"),
            ("a\nb\n", "a\nb\n"),
            ("a\n\n", "a\n\n"),
            ("\na", "\na"),
            ("\n", ""),
        ] {
            let mut value = given.as_bytes().to_vec();
            drop_line_end(&mut value);
            assert_eq!(value, kept.as_bytes(), "{given:?}");
        }
    }

    #[test]
    fn a_file_is_read_whole_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        let flags = |exact| ValueFlags { from_file: Some(path.clone()), exact };
        std::fs::write(&path, "s3cret\n").unwrap();
        assert_eq!(flags(false).read().unwrap().expose(), "s3cret");
        assert_eq!(flags(true).read().unwrap().expose(), "s3cret\n");
        for (bytes, message) in [
            (vec![], "empty"),
            (vec![b'\n'], "empty"),
            (vec![0xff], "UTF-8"),
            (vec![b'a'; LONGEST + 1], "1 MiB"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert!(flags(false).read().unwrap_err().to_string().contains(message), "{message}");
        }
    }
}
