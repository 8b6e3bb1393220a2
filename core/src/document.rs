//! Documents: a JSON tree that every boundary turns its own values into, and the decoder that refuses what it does not know.
//!
//! One decoder for JSON text and for JavaScript objects means one set of errors, each with the place in the document;
//! a derived decoder per type would report neither, and would take twice the room in Wasm.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, ErrorCode, Hint, Place};
use crate::json::{self, Event, Kind, Reader};

/// The highest integer that every JSON implementation keeps exactly (RFC 8259, section 6).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A JSON value. Numbers are whole and not negative, or nothing that this crate can use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// `null`, or an absent value of JavaScript.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0 to 2^64-1.
    Integer(u64),
    /// A negative number or a fraction: no document has one, so only the fact is kept.
    OtherNumber,
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// An object, its keys unique, in the order given.
    Object(Vec<(String, Self)>),
}

impl Value {
    /// Parses JSON text.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidJson`], [`ErrorCode::DuplicateKey`], [`ErrorCode::TooDeep`] and [`ErrorCode::LimitExceeded`] (of the fields of one
    /// object, and of all values), each with its position.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(json)?;
        let first = reader.next_event()?;
        let value = read(&mut reader, first, &mut { MAX_VALUES })?;
        reader.next_event().map(|_| value)
    }

    /// A string value.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// An object of fields in the order given.
    #[must_use]
    pub fn object<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// The value of a key, if this is an object that has it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value as JSON text; an [`OtherNumber`](Self::OtherNumber) is `null` there.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut text = String::new();
        json::write(&mut text, self);
        text.into_bytes()
    }
}

/// The value that begins with `event`, if `room` is left for it; the reader bounds the depth.
fn read(reader: &mut Reader<'_>, event: Event, room: &mut u32) -> Result<Value, Error> {
    *room = room.checked_sub(1).ok_or_else(|| reader.refuse(ErrorCode::LimitExceeded, event))?;
    Ok(match event.kind {
        Kind::Null => Value::Null,
        Kind::True => Value::Bool(true),
        Kind::False => Value::Bool(false),
        Kind::Number => integer(reader.source(event)).map_or(Value::OtherNumber, Value::Integer),
        Kind::Text => Value::Text(reader.decode(event).into_owned()),
        Kind::ListStart => {
            let mut list = Vec::new();
            loop {
                let entry = reader.next_event()?;
                if entry.kind == Kind::ListEnd {
                    break Value::List(list);
                }
                list.push(read(reader, entry, room)?);
            }
        }
        Kind::ObjectStart => object(reader, room)?,
        Kind::ObjectEnd | Kind::ListEnd | Kind::Key | Kind::End => {
            return Err(reader.refuse(ErrorCode::InvalidJson, event));
        }
    })
}

fn object(reader: &mut Reader<'_>, room: &mut u32) -> Result<Value, Error> {
    let mut fields: Vec<(String, Value)> = Vec::new();
    loop {
        let key = reader.next_event()?;
        if key.kind == Kind::ObjectEnd {
            return Ok(Value::Object(fields));
        }
        let name = reader.decode(key);
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(reader.refuse(ErrorCode::DuplicateKey, key));
        }
        if fields.len() >= MAX_FIELDS {
            return Err(reader.refuse(ErrorCode::LimitExceeded, key));
        }
        let value = reader.next_event()?;
        fields.push((name.into_owned(), read(reader, value, room)?));
    }
}

/// The most values of a document: twice the largest grant. Without a bound, 17 MiB of `[1,1,...` would become 136 MiB of tree.
const MAX_VALUES: u32 = 1 << 18;

/// No document has more keys in one object; it also keeps the search for duplicates short.
const MAX_FIELDS: usize = 256;

/// A number of 64 bits written in digits alone.
fn integer(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0_u64, |value, digit| {
        let digit = char::from(digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// The fields of one object, each taken once; [`finish`](Self::finish) refuses what is left.
#[derive(Debug)]
pub struct Fields<'a, 'p> {
    fields: &'a [(String, Value)],
    /// One bit for each of the first 64 fields that was taken. Not a vector: every `?` of a decoder would have to free it.
    taken: u64,
    place: &'p Place<'p>,
}

impl<'a, 'p> Fields<'a, 'p> {
    /// The fields of an object that stands at `place`.
    ///
    /// # Errors
    /// [`ErrorCode::WrongType`]: not an object.
    pub fn of(value: &'a Value, place: &'p Place<'p>) -> Result<Self, Error> {
        match value {
            Value::Object(fields) => Ok(Self { fields, taken: 0, place }),
            _ => Err(wrong("expected an object").at(*place)),
        }
    }

    /// A field that may be absent; `null` counts as a value.
    pub fn optional(&mut self, name: &'static str) -> Option<Item<'a, 'p>> {
        let index = self.fields.iter().position(|(key, _)| key == name)?;
        let (_, value) = self.fields.get(index)?;
        self.taken |= bit(index);
        Some(Item { value, place: Place::Name(self.place, name) })
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// [`ErrorCode::MissingField`].
    pub fn required(&mut self, name: &'static str) -> Result<Item<'a, 'p>, Error> {
        self.optional(name)
            .ok_or_else(|| Error::new(ErrorCode::MissingField).at(Place::Name(self.place, name)))
    }

    /// The end of the object.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownField`] names the first field that nobody took.
    pub fn finish(self) -> Result<(), Error> {
        // No document has 64 fields: of more than that, one of the first is unknown.
        match self.fields.iter().enumerate().find(|(index, _)| self.taken & bit(*index) == 0) {
            Some((_, (key, _))) => Err(Error::new(ErrorCode::UnknownField).at(Place::Name(self.place, key))),
            None => Ok(()),
        }
    }
}

/// The bit of a field; of a field behind the 64th, none.
fn bit(index: usize) -> u64 {
    u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or(0)
}

/// A value and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a, 'p> {
    value: &'a Value,
    place: Place<'p>,
}

/// Refuses a list at `place` that has more than `most` entries: for a binding that has it as something else than a document.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`].
pub fn at_most(count: usize, most: usize, place: Place<'_>) -> Result<(), Error> {
    if count <= most {
        return Ok(());
    }
    let most = Hint::AtMost(u64::try_from(most).unwrap_or(u64::MAX));
    Err(Error::new(ErrorCode::LimitExceeded).with_hint(most).at(place))
}

fn wrong(expected: &'static str) -> Error {
    Error::because(ErrorCode::WrongType, expected)
}

impl<'a, 'p> Item<'a, 'p> {
    /// A value at a place.
    #[must_use]
    pub const fn new(value: &'a Value, place: Place<'p>) -> Self {
        Self { value, place }
    }

    /// The value itself.
    #[must_use]
    pub const fn value(&self) -> &'a Value {
        self.value
    }

    /// Where it stands.
    #[must_use]
    pub const fn place(&self) -> &Place<'p> {
        &self.place
    }

    /// A string.
    ///
    /// # Errors
    /// [`ErrorCode::WrongType`].
    pub fn text(&self) -> Result<&'a str, Error> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong("expected a string")),
        }
    }

    /// A string that `parse` understands.
    ///
    /// # Errors
    /// [`ErrorCode::WrongType`], or what `parse` says, at this place.
    pub fn parsed<T>(&self, parse: impl FnOnce(&'a str) -> Result<T, Error>) -> Result<T, Error> {
        self.text().and_then(|text| parse(text).map_err(|error| error.at(self.place)))
    }

    /// A whole number from `least` to `most`.
    ///
    /// # Errors
    /// [`ErrorCode::WrongType`], [`ErrorCode::OutOfRange`].
    pub fn integer(&self, least: u64, most: u64) -> Result<u64, Error> {
        match self.value {
            Value::Integer(value) if (least..=most).contains(value) => Ok(*value),
            Value::Integer(value) if *value > most => {
                Err(Error::new(ErrorCode::OutOfRange).with_hint(Hint::AtMost(most)).at(self.place))
            }
            Value::Integer(_) | Value::OtherNumber => {
                Err(Error::because(ErrorCode::OutOfRange, "expected a whole number in range").at(self.place))
            }
            _ => Err(self.wrong("expected a whole number")),
        }
    }

    /// The entries of a list of at most `most`, each read by `read`.
    ///
    /// # Errors
    /// [`ErrorCode::WrongType`], [`ErrorCode::LimitExceeded`], and the first of `read`.
    pub fn each<T>(
        &self,
        most: usize,
        mut read: impl FnMut(&Item<'a, '_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut entries = Vec::new();
        self.visit(most, &mut |entry| {
            entries.push(read(entry)?);
            Ok(())
        })?;
        Ok(entries)
    }

    /// One loop for every type of entry: compiled once, it is a kilobyte less of Wasm for each.
    pub(crate) fn visit(
        &self,
        most: usize,
        read: &mut dyn FnMut(&Item<'a, '_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self.value {
            Value::List(list) => {
                at_most(list.len(), most, self.place)?;
                list.iter().enumerate().try_for_each(|(index, value)| {
                    read(&Item { value, place: Place::Index(&self.place, index) })
                })
            }
            _ => Err(self.wrong("expected a list")),
        }
    }

    /// The fields of an object.
    ///
    /// # Errors
    /// [`ErrorCode::WrongType`].
    pub fn fields(&self) -> Result<Fields<'a, '_>, Error> {
        Fields::of(self.value, &self.place)
    }

    fn wrong(&self, expected: &'static str) -> Error {
        wrong(expected).at(self.place)
    }
}

#[cfg(test)]
mod tests;
