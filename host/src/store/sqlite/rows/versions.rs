//! Versions of secrets: sealed values and the data keys that open them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::crypto::seal;

use crate::store::sqlite::values::{millis, sql_limit};
use crate::store::{StoreError, VersionInfo, VersionRow};

const SELECT: &str = "SELECT v.version, k.sealed, v.sealed, v.created_at, v.value_at, v.created_by \
    FROM secret_versions v JOIN data_keys k ON k.object_id = v.secret_id AND k.version = v.version \
    WHERE v.secret_id = ?1";

pub(super) fn find(
    connection: &Connection,
    secret_id: &str,
    version: Option<u64>,
) -> Result<Option<VersionRow>, StoreError> {
    let found = match version.map(i64::try_from) {
        None => {
            let sql = format!("{SELECT} ORDER BY v.version DESC LIMIT 1");
            connection.prepare_cached(&sql)?.query_row([secret_id], row).optional()?
        }
        Some(Ok(version)) => {
            let sql = format!("{SELECT} AND v.version = ?2");
            connection.prepare_cached(&sql)?.query_row(params![secret_id, version], row).optional()?
        }
        // No version has a number that a column cannot hold.
        Some(Err(_)) => None,
    };
    Ok(found)
}

fn row(row: &Row<'_>) -> rusqlite::Result<VersionRow> {
    Ok(VersionRow {
        version: row.get(0)?,
        sealed_key: row.get(1)?,
        sealed_value: row.get(2)?,
        created_at: millis(row, 3)?,
        value_at: millis(row, 4)?,
        created_by: row.get(5)?,
    })
}

pub(super) fn newest(connection: &Connection, secret_id: &str) -> Result<Vec<VersionInfo>, StoreError> {
    let sql = "SELECT version, created_at, created_by FROM secret_versions WHERE secret_id = ?1 ORDER BY version DESC";
    let info = |row: &Row<'_>| {
        Ok(VersionInfo { version: row.get(0)?, created_at: millis(row, 1)?, created_by: row.get(2)? })
    };
    Ok(connection.prepare_cached(sql)?.query_map([secret_id], info)?.collect::<Result<_, _>>()?)
}

pub(super) fn add(
    connection: &Connection,
    secret_id: &str,
    version: &VersionRow,
    keep: u64,
) -> Result<(), StoreError> {
    let key_id =
        seal::key_id(&version.sealed_key).ok_or(StoreError::Damaged("a data key that is not sealed"))?;
    let sql = "INSERT INTO data_keys (object_id, version, key_id, sealed) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        secret_id,
        version.version,
        key_id.as_bytes(),
        version.sealed_key
    ])?;
    let sql = "INSERT INTO secret_versions (secret_id, version, sealed, created_at, value_at, created_by) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        secret_id,
        version.version,
        version.sealed_value,
        version.created_at.as_u64(),
        version.value_at.as_u64(),
        version.created_by
    ])?;
    destroy_beyond(connection, secret_id, keep)
}

/// Destroys the versions beyond the newest `keep`, and with them their data keys. The newest always stays.
fn destroy_beyond(connection: &Connection, secret_id: &str, keep: u64) -> Result<(), StoreError> {
    let sql =
        "SELECT version FROM secret_versions WHERE secret_id = ?1 ORDER BY version DESC LIMIT 1 OFFSET ?2";
    let newest_beyond: Option<u64> = connection
        .prepare_cached(sql)?
        .query_row(params![secret_id, sql_limit(keep.max(1))], |row| row.get(0))
        .optional()?;
    match newest_beyond {
        Some(version) => destroy_until(connection, secret_id, version).map(drop),
        None => Ok(()),
    }
}

/// Destroys every version of a secret, and with them their data keys; answers how many there were.
pub(super) fn destroy_all(connection: &Connection, secret_id: &str) -> Result<u64, StoreError> {
    destroy_until(connection, secret_id, i64::MAX.unsigned_abs())
}

fn destroy_until(connection: &Connection, secret_id: &str, version: u64) -> Result<u64, StoreError> {
    let bounds = params![secret_id, version];
    let sql = "DELETE FROM secret_versions WHERE secret_id = ?1 AND version <= ?2";
    let destroyed = connection.prepare_cached(sql)?.execute(bounds)?;
    // The values first, since each refers to its key.
    let sql = "DELETE FROM data_keys WHERE object_id = ?1 AND version <= ?2";
    connection.prepare_cached(sql)?.execute(bounds)?;
    Ok(u64::try_from(destroyed).unwrap_or(u64::MAX))
}
