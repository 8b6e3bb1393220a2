//! Numbers, tiers and lists, to and from columns.

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Type, ValueRef};
use warded_core::tier::Tier;
use warded_core::time::Millis;

use crate::guest::CompiledGrant;

/// The number of a limit or a version: one that is too large for a column means all, or none.
pub(super) fn sql_limit(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A time.
pub(super) fn millis(row: &Row<'_>, column: usize) -> rusqlite::Result<Millis> {
    row.get(column).map(|Stored(millis)| millis)
}

/// A time that may be absent.
pub(super) fn optional_millis(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Millis>> {
    let stored: Option<Stored<Millis>> = row.get(column)?;
    Ok(stored.map(|Stored(millis)| millis))
}

/// A tier.
pub(super) fn tier(row: &Row<'_>, column: usize) -> rusqlite::Result<Tier> {
    row.get(column).map(|Stored(tier)| tier)
}

/// A word of a closed list.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let word = row.get_ref(column)?.as_str()?;
    parse(word).ok_or_else(|| rusqlite::Error::InvalidColumnType(column, "a word".to_owned(), Type::Text))
}

/// A list of words.
pub(super) fn list(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    row.get(column).map(|Stored(list)| list)
}

/// A list of words that may be absent.
pub(super) fn optional_list(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Vec<String>>> {
    let stored: Option<Stored<Vec<String>>> = row.get(column)?;
    Ok(stored.map(|Stored(list)| list))
}

/// A list of words as text.
pub(super) fn list_text(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

/// A grant from the columns of its bytes and its digest.
pub(super) fn grant(row: &Row<'_>, column: usize) -> rusqlite::Result<CompiledGrant> {
    Ok(CompiledGrant { bytes: row.get(column)?, digest: row.get(column.saturating_add(1))? })
}

/// A column's value as one of our types.
struct Stored<T>(T);

impl FromSql for Stored<Millis> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        let millis = u64::try_from(number).ok().and_then(|number| Millis::new(number).ok());
        millis.map(Self).ok_or(FromSqlError::OutOfRange(number))
    }
}

impl FromSql for Stored<Tier> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        let tier = u8::try_from(number).ok().and_then(Tier::from_byte);
        tier.map(Self).ok_or(FromSqlError::OutOfRange(number))
    }
}

impl FromSql for Stored<Vec<String>> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}
