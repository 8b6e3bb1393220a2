//! The one error, and the one table of codes that every boundary maps from.
//!
//! An [`Error`] says whose fault it is ([`Blame`]), what is wrong ([`ErrorCode`]), where ([`Field`]) and what would be right ([`Hint`]).
//! It is a struct and not one variant per cause: the cause is the code, and the table in `code.rs` is the only place that knows its name, number,
//! HTTP status and meaning, so no boundary can disagree with another.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::ip::{Network, write_network};
use crate::json::{self, Position, push_decimal};

mod code;

pub use code::{Blame, ErrorCode};

/// Where in a document the error is, such as `chain[0].grant.scopes[3]`.
///
/// Built only from names that this crate knows, from indices, and from keys of an unknown field that look like a field's name: never from a
/// value, which could be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(Box<str>);

impl Field {
    /// The field of a name that stands in source code.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self(name.into())
    }

    /// The field as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A place in a document, built on the way down and turned into a [`Field`] only when something is wrong.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Place<'a> {
    /// The document itself.
    Root,
    /// A field of an object.
    Name(&'a Self, &'a str),
    /// An entry of a list.
    Index(&'a Self, usize),
}

impl Place<'_> {
    /// The place as a field; `None` for the document itself.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        let mut text = String::new();
        self.write(&mut text);
        (!text.is_empty()).then(|| Field(text.into()))
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Root => {}
            Self::Name(parent, name) => {
                parent.write(text);
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(if is_field_name(name) { name } else { "?" });
            }
            Self::Index(parent, index) => {
                parent.write(text);
                text.push('[');
                push_decimal(text, u64::try_from(*index).unwrap_or(u64::MAX));
                text.push(']');
            }
        }
    }
}

pub(crate) fn is_field_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// What would be right, where that can be said without repeating the caller's data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// Nothing to add.
    #[default]
    None,
    /// The rule that was broken, or what to write instead.
    Because(&'static str),
    /// The network that was probably meant.
    Network(Network),
    /// The highest value allowed.
    AtMost(u64),
}

/// What went wrong, where, and what would be right.
///
/// One word, because every `?` of the engine moves an error: two took 1 kB more of the package's module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Detail>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Detail {
    code: ErrorCode,
    field: Option<Field>,
    hint: Hint,
    position: Option<Position>,
}

impl Error {
    /// An error that is not tied to a field yet.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn new(code: ErrorCode) -> Self {
        Self(Box::new(Detail { code, field: None, hint: Hint::None, position: None }))
    }

    /// An error with the rule that was broken.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn because(code: ErrorCode, rule: &'static str) -> Self {
        Self::new(code).with_hint(Hint::Because(rule))
    }

    /// The same error with what would be right.
    #[must_use]
    pub fn with_hint(mut self, hint: Hint) -> Self {
        self.0.hint = hint;
        self
    }

    /// The same error at a place of a document; a field that is already named stays.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn at(mut self, place: Place<'_>) -> Self {
        if self.0.field.is_none() {
            self.0.field = place.field();
        }
        self
    }

    /// The same error at a position of the text that the document was read from; one that is already known stays.
    #[must_use]
    pub fn at_position(mut self, position: Position) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    /// The same error with the position of its field in the text that the document was read from; of an unknown field, of its name.
    #[must_use]
    pub fn located(self, text: &[u8]) -> Self {
        let field = self.field().map_or("", Field::as_str);
        let position = match self.code() {
            ErrorCode::UnknownField => json::key_of(text, field),
            _ => json::locate(text, field),
        };
        match position {
            Some(position) => self.at_position(position),
            None => self,
        }
    }

    /// The same error without its place, for a boundary that names the field itself.
    #[must_use]
    pub fn without_field(mut self) -> Self {
        self.0.field = None;
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Where it is wrong, if the data has fields.
    #[must_use]
    pub fn field(&self) -> Option<&Field> {
        self.0.field.as_ref()
    }

    /// Where it is wrong in the text that the document was read from, if there was one.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// What would be right.
    #[must_use]
    pub fn hint(&self) -> Hint {
        self.0.hint
    }
}

impl Error {
    /// What [`Display`](fmt::Display) shows. Written without `core::fmt`, which would take 2 kB of the package's module.
    #[must_use]
    pub fn message(&self) -> String {
        let mut text = String::new();
        if let Some(field) = self.field() {
            for part in ["`", field.as_str(), "`: "] {
                text.push_str(part);
            }
        }
        text.push_str(self.code().message());
        match self.hint() {
            Hint::None => {}
            Hint::Because(rule) => {
                text.push_str(": ");
                text.push_str(rule);
            }
            Hint::Network(network) => {
                text.push_str(", did you mean `");
                write_network(&mut text, network);
                text.push('`');
            }
            Hint::AtMost(limit) => push_number(&mut text, ", at most ", limit),
        }
        if let Some(Position { line, column }) = self.position() {
            push_number(&mut text, " at line ", line.into());
            push_number(&mut text, ", column ", column.into());
        }
        text
    }
}

fn push_number(text: &mut String, before: &str, number: u64) {
    text.push_str(before);
    push_decimal(text, number);
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn names_and_numbers_are_unique_and_ascending() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number());
        }
        let mut names: alloc::vec::Vec<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn a_code_is_found_by_its_number_and_zero_is_none() {
        assert_eq!(ErrorCode::from_number(18), Some(ErrorCode::HostBitsSet));
        assert_eq!(ErrorCode::from_number(0), None);
    }

    #[test]
    fn a_place_is_written_from_the_root() {
        let chain = Place::Name(&Place::Root, "chain");
        let link = Place::Index(&chain, 0);
        let scopes = Place::Name(&link, "scopes");
        let error = Error::new(ErrorCode::InvalidScope).at(Place::Index(&scopes, 3));
        assert_eq!(error.to_string(), "`chain[0].scopes[3]`: scope is malformed");
    }

    #[test]
    fn a_key_that_does_not_look_like_a_field_is_not_repeated() {
        let field = Place::Name(&Place::Root, "wds_secret value").field();
        assert_eq!(field.as_ref().map(Field::as_str), Some("?"));
    }
}
