//! The arguments of a function as the places of a document, and what is wrong with them.

use warded_core::document::{Item, MAX_INTEGER, Value};
use warded_core::error::{Error, ErrorCode, Place};
use warded_core::time::Millis;

pub(crate) type Result<T, E = Error> = core::result::Result<T, E>;

/// An argument as the place of an error.
pub(crate) const fn named(name: &str) -> Place<'_> {
    Place::Name(&Place::Root, name)
}

/// Exactly `N` bytes.
pub(crate) fn exactly<const N: usize>(bytes: &[u8], place: Place<'_>) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| Error::because(ErrorCode::InvalidText, "wrong number of bytes").at(place))
}

/// A whole number from `least` to 2^53-1.
pub(crate) fn integer(number: u64, least: u64, place: Place<'_>) -> Result<u64> {
    Item::new(&Value::Integer(number), place).integer(least, MAX_INTEGER)
}

/// A time.
pub(crate) fn millis(number: u64, place: Place<'_>) -> Result<Millis> {
    Millis::new(number).map_err(|error| error.at(place))
}
