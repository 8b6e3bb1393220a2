//! Reading the parts of a policy: one function for each shape, so that each is compiled once.

use alloc::vec::Vec;

use crate::document::{Item, Value};
use crate::error::{Error, ErrorCode, Place};

use super::MAX_LIST;

/// An error at a place, with what to write instead.
#[cold]
#[inline(never)]
pub(super) fn refuse(code: ErrorCode, rule: &'static str, place: &Place<'_>) -> Error {
    Error::because(code, rule).at(*place)
}

/// An error of a text.
#[cold]
#[inline(never)]
pub(super) fn malformed<T>(rule: &'static str) -> Result<T, Error> {
    Err(Error::because(ErrorCode::InvalidText, rule))
}

/// What a text is checked by.
pub(super) type Check = fn(&str) -> Result<(), Error>;
/// What a word is turned into a number by.
pub(super) type Word = fn(&str) -> Result<u64, Error>;

/// A text that passes `check`.
#[inline(never)]
pub(super) fn text<'a>(item: &Item<'a, '_>, check: Check) -> Result<&'a str, Error> {
    let text = item.text()?;
    check(text).map_err(|error| error.at(*item.place()))?;
    Ok(text)
}

/// The number that a text stands for.
#[inline(never)]
pub(super) fn word(item: &Item<'_, '_>, parse: Word) -> Result<u64, Error> {
    parse(item.text()?).map_err(|error| error.at(*item.place()))
}

/// The entries of a list that is not empty.
#[inline(never)]
pub(super) fn entries<'a>(
    item: &Item<'a, '_>,
    most: usize,
    read: &mut dyn FnMut(&Item<'a, '_>) -> Result<(), Error>,
) -> Result<(), Error> {
    item.visit(most, read)?;
    match item.value() {
        Value::List(list) if list.is_empty() => Err(Error::new(ErrorCode::EmptyList).at(*item.place())),
        _ => Ok(()),
    }
}

/// A list of texts that pass `check`.
#[inline(never)]
pub(super) fn texts<'a>(item: &Item<'a, '_>, check: Check) -> Result<Vec<&'a str>, Error> {
    let mut texts = Vec::new();
    entries(item, MAX_LIST, &mut |entry| {
        texts.push(text(entry, check)?);
        Ok(())
    })?;
    Ok(texts)
}

/// `true` or `false`.
pub(super) fn boolean(item: &Item<'_, '_>) -> Result<bool, Error> {
    match item.value() {
        Value::Bool(value) => Ok(*value),
        _ => Err(refuse(ErrorCode::WrongType, "expected `true` or `false`", item.place())),
    }
}
