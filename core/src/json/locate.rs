//! Where in a text something stands, for people: lines and columns.

use super::reader::{Event, Kind, Reader};
use crate::error::is_field_name;

/// A place in text, counted from 1; a column is a character, not a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there is no third coordinate")]
pub struct Position {
    /// The line; lines end with `\n`.
    pub line: u32,
    /// The character in the line.
    pub column: u32,
}

impl Position {
    /// The position of a byte of a text, which need not be valid.
    #[must_use]
    pub fn of(text: &[u8], at: usize) -> Self {
        let start = Self { line: 1, column: 1 };
        text.iter().take(at).fold(start, |position, byte| match byte {
            b'\n' => Self { line: position.line.saturating_add(1), column: 1 },
            // The bytes behind the first of a character.
            0x80..=0xbf => position,
            _ => Self { column: position.column.saturating_add(1), ..position },
        })
    }
}

/// Where the value of a field such as `rules[3].when.all[0].eq` stands; of a field that is not there, where the object or list stands that
/// lacks it. `None` if the text is not JSON up to that place.
#[must_use]
pub fn locate(text: &[u8], field: &str) -> Option<Position> {
    find(text, field).map(|found| Position::of(text, found.value))
}

/// The same for the name of the field, where it has one.
pub(crate) fn key_of(text: &[u8], field: &str) -> Option<Position> {
    find(text, field).map(|found| Position::of(text, found.key))
}

/// The first bytes of a field's name and value.
struct Found {
    key: usize,
    value: usize,
}

fn find(text: &[u8], field: &str) -> Option<Found> {
    let mut reader = Reader::new(text).ok()?;
    let mut value = reader.next_event().ok()?;
    let mut found = Found { key: value.start, value: value.start };
    let mut rest = field;
    while !rest.is_empty() {
        let step = match value.kind {
            Kind::ObjectStart => named(&mut reader, rest.strip_prefix('.').unwrap_or(rest))?,
            Kind::ListStart => entry(&mut reader, rest)?,
            _ => None,
        };
        let Some(step) = step else { break };
        (value, rest) = (step.value, step.rest);
        found = Found { key: step.key, value: value.start };
    }
    Some(found)
}

/// One step into an object or list.
struct Step<'f> {
    key: usize,
    value: Event,
    /// The field as seen from the value.
    rest: &'f str,
}

/// The field of the object that `rest` begins with.
fn named<'f>(reader: &mut Reader<'_>, rest: &'f str) -> Option<Option<Step<'f>>> {
    loop {
        let key = reader.next_event().ok()?;
        if key.kind != Kind::Key {
            return Some(None);
        }
        let value = reader.next_event().ok()?;
        if let Some(rest) = behind(&reader.decode(key), rest) {
            return Some(Some(Step { key: key.start, value, rest }));
        }
        reader.skip(value).ok()?;
    }
}

/// What follows `key` in `field`, if it begins with it. A key may itself have dots in it; one that errors do not repeat is a `?` there.
fn behind<'f>(key: &str, field: &'f str) -> Option<&'f str> {
    let rest = field.strip_prefix(if is_field_name(key) { key } else { "?" })?;
    matches!(rest.bytes().next(), None | Some(b'.' | b'[')).then_some(rest)
}

/// The entry of the list whose index `rest` begins with.
fn entry<'f>(reader: &mut Reader<'_>, rest: &'f str) -> Option<Option<Step<'f>>> {
    let Some((index, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return Some(None);
    };
    let Ok(mut index) = index.parse::<usize>() else { return Some(None) };
    loop {
        let value = reader.next_event().ok()?;
        if value.kind == Kind::ListEnd {
            return Some(None);
        }
        let Some(before) = index.checked_sub(1) else {
            return Some(Some(Step { key: value.start, value, rest }));
        };
        index = before;
        reader.skip(value).ok()?;
    }
}
