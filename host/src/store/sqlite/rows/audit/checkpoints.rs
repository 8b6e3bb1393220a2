//! Checkpoints, and the key that signs them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::audit::checkpoint::Checkpoint;
use warded_core::crypto::key::KeyId;
use warded_core::crypto::seal;

use crate::guest::SealedValue;
use crate::store::StoreError;
use crate::store::audit::CHECKPOINT_KEY;
use crate::store::sqlite::values::{millis, sql_limit};
use crate::store::sqlite::{read_meta, schema, write_meta};

const SELECT: &str = "SELECT seq, link, time, key_id, signature FROM audit_checkpoints";

pub(super) fn add(connection: &Connection, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO audit_checkpoints (seq, link, time, key_id, signature) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![
        checkpoint.seq,
        checkpoint.link,
        checkpoint.time.as_u64(),
        checkpoint.key_id.as_bytes(),
        checkpoint.signature
    ])?;
    Ok(())
}

pub(in crate::store::sqlite) fn between(
    connection: &Connection,
    after: u64,
    through: u64,
    most: u64,
) -> Result<Vec<Checkpoint>, StoreError> {
    let sql = format!("{SELECT} WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3");
    read(connection, &sql, &[after, through, most])
}

pub(super) fn newest(connection: &Connection, below: u64, most: u64) -> Result<Vec<Checkpoint>, StoreError> {
    read(connection, &format!("{SELECT} WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"), &[below, most])
}

fn read(connection: &Connection, sql: &str, numbers: &[u64]) -> Result<Vec<Checkpoint>, StoreError> {
    let tenant = read_meta(connection, schema::TENANT)?.unwrap_or_default();
    let tenant = tenant.try_into().map_err(|_| StoreError::Damaged("the tenant"))?;
    let numbers = numbers.iter().map(|number| sql_limit(*number));
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(numbers), |row| checkpoint(row, tenant))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn checkpoint(row: &Row<'_>, tenant: [u8; 16]) -> rusqlite::Result<Checkpoint> {
    Ok(Checkpoint {
        tenant,
        seq: row.get(0)?,
        link: row.get(1)?,
        time: millis(row, 2)?,
        key_id: KeyId::new(row.get(3)?),
        signature: row.get(4)?,
    })
}

/// Where the sealed key lies; its data key lies with all others.
const SEALED_KEY: &str = CHECKPOINT_KEY.0;

pub(in crate::store::sqlite) fn key(connection: &Connection) -> Result<Option<SealedValue>, StoreError> {
    let Some(value) = read_meta(connection, SEALED_KEY)? else { return Ok(None) };
    let sql = "SELECT sealed FROM data_keys WHERE object_id = ?1 AND version = ?2";
    let key = connection.prepare_cached(sql)?.query_row(CHECKPOINT_KEY, |row| row.get(0)).optional()?;
    let key = key.ok_or(StoreError::Damaged("the key of checkpoints has no data key"))?;
    Ok(Some(SealedValue { key, value }))
}

pub(super) fn add_key(connection: &Connection, sealed: &SealedValue) -> Result<(), StoreError> {
    let key_id = seal::key_id(&sealed.key).ok_or(StoreError::Damaged("a data key that is not sealed"))?;
    let (object_id, version) = CHECKPOINT_KEY;
    let sql = "INSERT INTO data_keys (object_id, version, key_id, sealed) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![object_id, version, key_id.as_bytes(), sealed.key])?;
    Ok(write_meta(connection, SEALED_KEY, &sealed.value)?)
}
