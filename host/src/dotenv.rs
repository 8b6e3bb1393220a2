//! The dotenv format: `KEY=value` lines, quotes, comments; nothing is expanded.
//!
//! There is no standard, so this is the part that the common parsers agree on, and the whole of what clients of this API write:
//! a single-quoted value is taken as it is; a double-quoted one knows `\n \r \t \" \\ \$` and a backtick behind a backslash; both may
//! hold line breaks; an unquoted one ends at its line, or at a `#` behind white space.

use warded_core::path::{MAX_SEGMENT, Path};
use warded_core::secret::Secret;

// Named, because tests/fuzz includes this file from elsewhere.
#[cfg(test)]
#[path = "dotenv/tests.rs"]
mod tests;

/// How many keys one file may hold.
pub const MAX_KEYS: usize = 500;

/// One key and its value.
#[derive(Debug)]
pub struct Entry {
    /// A valid last segment of a path.
    pub key: String,
    /// The value, unquoted.
    pub value: Secret<String>,
    /// The line on which the entry begins, counted from 1.
    pub line: usize,
}

/// The first line that is not right, and why. Nothing of the line is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// The rule that it breaks.
    pub rule: &'static str,
}

/// Parses a whole file, or nothing of it.
///
/// # Errors
/// The first line that is malformed, names a key again, or is one too many.
pub fn parse(content: &str) -> Result<Vec<Entry>, Malformed> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut rest = content.strip_prefix('\u{feff}').unwrap_or(content);
    let mut line = 1;
    while !rest.is_empty() {
        let malformed = |rule| Malformed { line, rule };
        let (entry, after) = entry(rest).map_err(malformed)?;
        if let Some((key, value)) = entry {
            if entries.len() >= MAX_KEYS {
                return Err(malformed("more than 500 keys"));
            }
            if entries.iter().any(|known| known.key == key) {
                return Err(malformed("the key is given twice"));
            }
            entries.push(Entry { key: key.to_owned(), value, line });
        }
        line += lines_between(rest, after);
        rest = after;
    }
    Ok(entries)
}

type Parsed<'a, T> = Result<(T, &'a str), &'static str>;

/// A blank line, a comment, or a key with its value; and what follows.
fn entry(text: &str) -> Parsed<'_, Option<(&str, Secret<String>)>> {
    let start = text.trim_start_matches(BLANKS);
    if start.is_empty() || start.starts_with(['#', '\n']) || start.starts_with("\r\n") {
        return Ok((None, after_line(start)));
    }
    let assignment = without_export(start);
    let end = assignment.find(['=', '\n']).unwrap_or(assignment.len());
    let (key, value) = assignment.split_at_checked(end).ok_or(NO_EQUALS)?;
    let value = value.strip_prefix('=').ok_or(NO_EQUALS)?;
    let key = key.trim_end_matches(BLANKS);
    check_key(key)?;
    let (value, after) = self::value(value)?;
    Ok((Some((key, value)), after))
}

const BLANKS: [char; 2] = [' ', '\t'];
const NO_EQUALS: &str = "expected `KEY=value`";

fn without_export(text: &str) -> &str {
    match text.strip_prefix("export") {
        Some(rest) if rest.starts_with(BLANKS) => rest.trim_start_matches(BLANKS),
        Some(_) | None => text,
    }
}

fn check_key(key: &str) -> Result<(), &'static str> {
    let is_segment = key.len() <= MAX_SEGMENT && !key.contains('/') && Path::parse(key).is_ok();
    if is_segment { Ok(()) } else { Err("a key is 1 to 128 of `A-Z a-z 0-9 . _ ~ @ + -`") }
}

fn value(text: &str) -> Parsed<'_, Secret<String>> {
    let start = text.trim_start_matches(BLANKS);
    if let Some(quoted) = start.strip_prefix('\'') {
        let (inside, after) = quoted.split_once('\'').ok_or(UNCLOSED)?;
        return Ok((unescape(inside, false), end_of_entry(after)?));
    }
    if let Some(quoted) = start.strip_prefix('"') {
        let (inside, after) = split_at_quote(quoted).ok_or(UNCLOSED)?;
        return Ok((unescape(inside, true), end_of_entry(after)?));
    }
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.strip_suffix('\r').unwrap_or(line);
    Ok((Secret::new(before_comment(line).to_owned()), after))
}

const UNCLOSED: &str = "the quote is not closed";

/// What stands before the closing double quote, and what after it.
fn split_at_quote(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' if !escaped => return Some((text.get(..index)?, text.get(index..)?.strip_prefix('"')?)),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// The quoted text with line breaks as LF, and with its escapes carried out if it has any.
fn unescape(text: &str, escapes: bool) -> Secret<String> {
    // The result is never longer, so the buffer never moves and leaves no copy behind.
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\r', Some('\n')) => {}
            ('\\', Some(next)) if escapes => {
                match escape(*next) {
                    Some(meant) => value.push(meant),
                    None => value.extend(['\\', *next]),
                }
                characters.next();
            }
            _ => value.push(character),
        }
    }
    Secret::new(value)
}

const fn escape(character: char) -> Option<char> {
    match character {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '"' | '\\' | '$' | '`' => Some(character),
        _ => None,
    }
}

/// Behind a closing quote stand only white space and a comment.
fn end_of_entry(text: &str) -> Result<&str, &'static str> {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.strip_suffix('\r').unwrap_or(line).trim_start_matches(BLANKS);
    if line.is_empty() || line.starts_with('#') {
        Ok(after)
    } else {
        Err("something follows the closing quote")
    }
}

/// An unquoted value without the comment behind it, which begins at a `#` behind white space.
fn before_comment(line: &str) -> &str {
    let parts = line.match_indices('#').map(|(at, _)| line.split_at(at).0);
    parts.into_iter().find(|before| before.ends_with(BLANKS)).unwrap_or(line).trim_matches(BLANKS)
}

fn after_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, after)| after)
}

/// How many lines end in what lies between a text and its rest.
fn lines_between(text: &str, rest: &str) -> usize {
    let consumed = text.len().saturating_sub(rest.len());
    text.bytes().take(consumed).filter(|byte| *byte == b'\n').count()
}
