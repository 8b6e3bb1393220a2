//! What JSON allows and this API does not: anything but an object, the same key twice, depth, NUL in strings.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::error::ApiError;

/// How deep objects and lists may stand in each other.
const MAX_DEPTH: usize = 32;

/// Walks a body once, before anything is made of it.
///
/// # Errors
/// The first place that is wrong.
pub(super) fn check(text: &str) -> Result<(), ApiError> {
    // serde would take a list for an object, its fields in order.
    if !text.trim_start().starts_with('{') {
        return Err(ApiError::invalid("body", "expected a JSON object"));
    }
    let mut fault = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let place = Place::Root;
    let walked = Node { depth: MAX_DEPTH, place: &place, fault: &mut fault }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match (walked, fault) {
        (_, Some(error)) => Err(error),
        (Ok(()), None) => Ok(()),
        (Err(error), None) => {
            let message = format!("not valid JSON at line {} column {}", error.line(), error.column());
            Err(ApiError::invalid("body", message))
        }
    }
}

/// Where the walk is.
enum Place<'a> {
    Root,
    Name(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("body"),
            Self::Name(Self::Root, name) => f.write_str(shown(name)),
            Self::Name(parent, name) => write!(f, "{parent}.{}", shown(name)),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A key that looks like a field's name; anything else could be a secret in the wrong place.
pub(super) fn shown(name: &str) -> &str {
    let is_name = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_name { name } else { "?" }
}

struct Node<'a> {
    depth: usize,
    place: &'a Place<'a>,
    fault: &'a mut Option<ApiError>,
}

impl Node<'_> {
    fn fail<E: Error>(&mut self, place: &Place<'_>, message: &str) -> E {
        *self.fault = Some(ApiError::invalid(place.to_string(), message));
        E::custom(message)
    }

    fn deeper<E: Error>(&mut self) -> Result<usize, E> {
        self.depth.checked_sub(1).ok_or_else(|| self.fail(self.place, "nested more than 32 levels deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(self.fail(self.place, "NUL is not allowed in a string"));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        let mut index: usize = 0;
        loop {
            let place = Place::Index(self.place, index);
            if access.next_element_seed(Node { depth, place: &place, fault: self.fault })?.is_none() {
                return Ok(());
            }
            index = index.saturating_add(1);
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        let mut known = HashSet::new();
        while let Some(key) = access.next_key::<String>()? {
            let place = Place::Name(self.place, &key);
            if key.contains('\0') {
                return Err(self.fail(&place, "NUL is not allowed in a key"));
            }
            if known.contains(&key) {
                return Err(self.fail(&place, "key is given twice"));
            }
            access.next_value_seed(Node { depth, place: &place, fault: self.fault })?;
            known.insert(key);
        }
        Ok(())
    }
}
