//! What is wrong or doubtful in a file, shown with the place: the line, a caret under it, and the message.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::Value;
use warded_core::error::Error;
use warded_core::json::{Kind, Reader};

/// The largest file that is read: a grant can have 100,000 networks.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system says why.
    #[error("`{name}` cannot be read: {error}")]
    Read {
        /// The file.
        name: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// More than a document can have.
    #[error("`{name}` is larger than 16 MiB")]
    TooLarge {
        /// The file.
        name: String,
    },
}

/// The text of a file, and what to call it.
#[derive(Debug)]
pub struct Source {
    name: String,
    bytes: Vec<u8>,
}

impl Source {
    /// Reads a file, or stdin for `-`.
    ///
    /// # Errors
    /// The file cannot be read, or is too large.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let (name, read) = if path == Path::new("-") {
            ("stdin".to_owned(), read_at_most(io::stdin().lock()))
        } else {
            (path.display().to_string(), File::open(path).and_then(read_at_most))
        };
        match read {
            Err(error) => Err(SourceError::Read { name, error }),
            Ok(None) => Err(SourceError::TooLarge { name }),
            Ok(Some(bytes)) => Ok(Self { name, bytes }),
        }
    }

    /// What the file is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is in it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn read_at_most(from: impl io::Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let length = from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((u64::try_from(length).unwrap_or(u64::MAX) <= MAX_BYTES).then_some(bytes))
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It is wrong.
    Error,
    /// It is right, and still doubtful.
    Warning,
}

/// Something to be said about a file.
#[derive(Debug)]
pub struct Diagnostic {
    severity: Severity,
    code: String,
    message: String,
    /// The line and the column of a character, from 1.
    position: Option<(usize, usize)>,
}

impl Diagnostic {
    /// An error of the engine.
    #[must_use]
    pub fn of_error(error: &Error) -> Self {
        let place = |part: u32| usize::try_from(part).unwrap_or(usize::MAX);
        Self {
            severity: Severity::Error,
            code: error.code().name().to_owned(),
            message: error.message(),
            position: error.position().map(|position| (place(position.line), place(position.column))),
        }
    }

    /// An error or a warning as a document: `code`, `message`, `line` and `column`.
    #[must_use]
    pub fn of_document(severity: Severity, document: &Value) -> Self {
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| {
            document.get(name).and_then(Value::as_u64).and_then(|part| usize::try_from(part).ok())
        };
        Self {
            severity,
            code: text("code"),
            message: text("message"),
            position: number("line").zip(number("column")),
        }
    }

    /// Shows it for people, in colours that the stream drops if it is no terminal.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn show(&self, source: &Source, out: &mut dyn Write) -> io::Result<()> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(self.message.as_str()).id(self.code.as_str());
        // Text that is not UTF-8 has no places in it.
        let text = str::from_utf8(source.bytes()).ok();
        let place = text.zip(self.position.and_then(|position| span(text?, position)));
        let group = match place {
            Some((text, span)) => {
                let snippet = Snippet::source(text).path(source.name());
                title.element(snippet.annotation(AnnotationKind::Primary.span(span)))
            }
            None => Group::with_title(title),
        };
        writeln!(out, "{}\n", Renderer::styled().render(&[group]))
    }
}

/// The bytes of what begins at a position: a text, number or key as a whole, of anything else its first character.
fn span(text: &str, (line, column): (usize, usize)) -> Option<Range<usize>> {
    let before: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = text.get(before..)?;
    let inside = rest.char_indices().nth(column.checked_sub(1)?).map_or(rest.len(), |(at, _)| at);
    let start = before.checked_add(inside)?;
    let first = text.get(start..)?.chars().next().map_or(0, char::len_utf8);
    Some(start..token_end(text, start).unwrap_or(start.checked_add(first)?))
}

/// The end of the key or scalar that begins at a byte.
fn token_end(text: &str, start: usize) -> Option<usize> {
    let mut reader = Reader::new(text.as_bytes()).ok()?;
    loop {
        let event = reader.next_event().ok()?;
        let is_scalar = !matches!(event.kind, Kind::ObjectStart | Kind::ListStart | Kind::End);
        match event.start {
            at if at < start && event.kind != Kind::End => {}
            at if at == start && is_scalar => return Some(event.end),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, document: &Value) -> String {
        let source = Source { name: "policy.json".to_owned(), bytes: text.as_bytes().to_vec() };
        let mut out = anstream::StripStream::new(Vec::new());
        Diagnostic::of_document(Severity::Warning, document).show(&source, &mut out).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn a_place_is_shown_with_its_line_and_a_caret_under_all_of_it() {
        let text = "{\n  \"größe\": [\"x\", \"a*\"]\n}\n";
        let document = serde_json::json!({ "code": "star_without_slash", "message": "write `a/*`", "line": 2, "column": 18 });
        let expected = "warning[star_without_slash]: write `a/*`\n --> policy.json:2:18\n  |\n2 |   \"größe\": [\"x\", \"a*\"]\n  |                  ^^^^\n\n";
        assert_eq!(shown(text, &document), expected);
    }

    #[test]
    fn of_an_object_the_first_character_is_marked() {
        let document = serde_json::json!({ "code": "c", "message": "m", "line": 1, "column": 7 });
        assert!(shown("{\"a\": {}}", &document).ends_with("1 | {\"a\": {}}\n  |       ^\n\n"));
    }

    #[test]
    fn what_has_no_place_or_one_outside_the_text_is_said_without() {
        for place in [serde_json::json!({}), serde_json::json!({ "line": 9, "column": 9 })] {
            let mut document = serde_json::json!({ "code": "c", "message": "m" });
            document.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
            let shown = shown("{}", &document);
            assert!(shown.starts_with("warning[c]: m\n"), "{shown}");
        }
    }

    #[test]
    fn the_end_of_a_text_that_breaks_off_can_be_marked() {
        let document = serde_json::json!({ "code": "invalid_json", "message": "m", "line": 1, "column": 5 });
        assert!(shown("{\"a\"", &document).contains("policy.json:1:5"));
    }
}
