//! Documents: a JSON tree that every boundary turns its own values into, and the decoder that refuses what it does not know.
//!
//! One decoder for JSON text and for JavaScript objects means one set of errors, each with the place in the document;
//! a derived decoder per type would report neither, and would take twice the room in Wasm.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::error::{Error, ErrorCode, Hint, Place};

/// How deep objects and lists may stand in each other.
pub const MAX_DEPTH: usize = 32;
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
    /// [`ErrorCode::InvalidJson`] with the byte, [`ErrorCode::DuplicateKey`], [`ErrorCode::TooDeep`].
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let mut fault = None;
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let parsed = Node { depth: MAX_DEPTH, fault: &mut fault }.deserialize(&mut deserializer);
        match (parsed, fault) {
            (_, Some(code)) => Err(Error::new(code)),
            (Ok(value), None) if deserializer.end().is_ok() => Ok(value),
            (Ok(_), None) => Err(Error::because(ErrorCode::InvalidJson, "something follows the value")),
            (Err(error), None) => Err(at_byte(json, &error)),
        }
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

    /// The value as JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Keys are strings and the sink is memory, so serialising cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Where JSON text stops being right, as a byte offset: the text may be one long line.
fn at_byte(json: &[u8], error: &serde_json::Error) -> Error {
    let before: usize = json
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    Error::new(ErrorCode::InvalidJson).with_hint(Hint::AtByte(before.saturating_add(error.column())))
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Node { depth: MAX_DEPTH, fault: &mut None }.deserialize(deserializer)
    }
}

/// Reads one value with the levels that are left; what serde's error cannot say goes into `fault`.
struct Node<'f> {
    depth: usize,
    fault: &'f mut Option<ErrorCode>,
}

impl Node<'_> {
    fn inner<E: serde::de::Error>(&mut self) -> Result<Node<'_>, E> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.fail(ErrorCode::TooDeep));
        };
        Ok(Node { depth, fault: self.fault })
    }

    fn fail<E: serde::de::Error>(&mut self, code: ErrorCode) -> E {
        *self.fault = Some(code);
        E::custom(code.name())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(u64::try_from(value).map_or(Value::OtherNumber, Value::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::OtherNumber)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(self.inner()?)? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            if fields.iter().any(|(known, _)| *known == key) {
                return Err(self.fail(ErrorCode::DuplicateKey));
            }
            let value = access.next_value_seed(self.inner()?)?;
            fields.push((key, value));
            if fields.len() > MAX_FIELDS {
                return Err(self.fail(ErrorCode::LimitExceeded));
            }
        }
        Ok(Value::Object(fields))
    }
}

/// No document has more keys in one object; it also keeps the search for duplicates short.
const MAX_FIELDS: usize = 256;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_u64(*value),
            Self::OtherNumber => Err(serde::ser::Error::custom("not a number of a document")),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// The fields of one object, each taken once; [`finish`](Self::finish) refuses what is left.
#[derive(Debug)]
pub struct Fields<'a, 'p> {
    fields: &'a [(String, Value)],
    taken: Vec<&'a str>,
    place: &'p Place<'p>,
}

impl<'a, 'p> Fields<'a, 'p> {
    /// The fields of an object that stands at `place`.
    ///
    /// # Errors
    /// [`ErrorCode::WrongType`]: not an object.
    pub fn of(value: &'a Value, place: &'p Place<'p>) -> Result<Self, Error> {
        match value {
            Value::Object(fields) => Ok(Self { fields, taken: Vec::new(), place }),
            _ => Err(wrong("expected an object").at(*place)),
        }
    }

    /// A field that may be absent; `null` counts as a value.
    pub fn optional(&mut self, name: &'static str) -> Option<Item<'a, 'p>> {
        let (key, value) = self.fields.iter().find(|(key, _)| key == name)?;
        self.taken.push(key);
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
        match self.fields.iter().find(|(key, _)| !self.taken.contains(&key.as_str())) {
            Some((key, _)) => Err(Error::new(ErrorCode::UnknownField).at(Place::Name(self.place, key))),
            None => Ok(()),
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a, 'p> {
    value: &'a Value,
    place: Place<'p>,
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
    fn visit(
        &self,
        most: usize,
        read: &mut dyn FnMut(&Item<'a, '_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self.value {
            Value::List(list) if list.len() <= most => {
                list.iter().enumerate().try_for_each(|(index, value)| {
                    read(&Item { value, place: Place::Index(&self.place, index) })
                })
            }
            Value::List(_) => Err(Error::new(ErrorCode::LimitExceeded)
                .with_hint(Hint::AtMost(u64::try_from(most).unwrap_or(u64::MAX)))
                .at(self.place)),
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
