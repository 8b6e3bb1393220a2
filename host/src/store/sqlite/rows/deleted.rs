//! Deleted secrets: restored as they were, or destroyed for good.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::path::Path;
use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::{secrets, versions};
use crate::store::sqlite::values::{millis, sql_limit, tier};
use crate::store::{DeletedRow, StoreError};

const SELECT: &str = "SELECT id, path, secret_type, tier, metadata, version, created_at, updated_at, value_at, created_by, \
    deleted_at FROM secrets WHERE deleted_at IS NOT NULL AND destroyed_at IS NULL";

pub(super) fn at(connection: &Connection, path: Path<'_>) -> Result<Vec<DeletedRow>, StoreError> {
    let sql = format!("{SELECT} AND path = ?1 ORDER BY deleted_at DESC, number DESC");
    Ok(connection.prepare_cached(&sql)?.query_map([path.as_str()], deleted)?.collect::<Result<_, _>>()?)
}

pub(super) fn until(
    connection: &Connection,
    until: Millis,
    limit: u64,
) -> Result<Vec<DeletedRow>, StoreError> {
    let sql = format!("{SELECT} AND deleted_at <= ?1 ORDER BY deleted_at, number LIMIT ?2");
    let found = connection
        .prepare_cached(&sql)?
        .query_map(params![until.as_u64(), sql_limit(limit)], deleted)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

pub(super) fn below(
    connection: &Connection,
    prefix: &str,
    after: Option<(Millis, &str)>,
    limit: u64,
) -> Result<Vec<DeletedRow>, StoreError> {
    // The plus keeps SQLite from the index of all paths, live ones included: that of the deleted ones has far fewer.
    let sql = format!(
        "{SELECT} AND +path >= ?1 AND +path < ?2 AND (deleted_at, id) > (?3, ?4) ORDER BY deleted_at, id LIMIT ?5"
    );
    let (at, id) = after.map_or((-1, ""), |(at, id)| (sql_limit(at.as_u64()), id));
    let range = params![prefix, secrets::end_of(prefix), at, id, sql_limit(limit)];
    Ok(connection.prepare_cached(&sql)?.query_map(range, deleted)?.collect::<Result<_, _>>()?)
}

fn deleted(row: &Row<'_>) -> rusqlite::Result<DeletedRow> {
    Ok(DeletedRow { secret: secrets::secret(row)?, deleted_at: millis(row, 10)? })
}

pub(super) fn last_tier(connection: &Connection, path: Path<'_>) -> Result<Option<Tier>, StoreError> {
    let sql = "SELECT tier FROM secrets WHERE path = ?1 ORDER BY deleted_at DESC, number DESC LIMIT 1";
    let found = connection.prepare_cached(sql)?.query_row([path.as_str()], |row| tier(row, 0)).optional()?;
    Ok(found)
}

pub(super) fn delete(connection: &Connection, id: &str, now: Millis) -> Result<(), StoreError> {
    let sql = "UPDATE secrets SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL";
    connection.prepare_cached(sql)?.execute(params![id, now.as_u64()])?;
    Ok(())
}

pub(super) fn restore(connection: &Connection, id: &str) -> Result<(), StoreError> {
    let sql = "UPDATE secrets SET deleted_at = NULL WHERE id = ?1 AND destroyed_at IS NULL";
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

pub(super) fn destroy(connection: &Connection, id: &str, now: Millis) -> Result<u64, StoreError> {
    let sql = "UPDATE secrets SET destroyed_at = ?2, metadata = 'null' \
        WHERE id = ?1 AND deleted_at IS NOT NULL AND destroyed_at IS NULL";
    if connection.prepare_cached(sql)?.execute(params![id, now.as_u64()])? == 0 {
        return Ok(0);
    }
    versions::destroy_all(connection, id)
}
