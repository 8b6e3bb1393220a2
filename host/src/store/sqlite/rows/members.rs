//! Members and their API keys.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::time::Millis;

use super::Rows;
use crate::store::members;
use crate::store::sqlite::values::{millis, word};
use crate::store::{KeyRow, MemberRow, Role, StoreError};

pub(super) fn find(connection: &Connection, id: &str) -> Result<Option<MemberRow>, StoreError> {
    let sql = "SELECT id, email, name, role, created_at FROM members WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id], member).optional()?)
}

fn member(row: &Row<'_>) -> rusqlite::Result<MemberRow> {
    Ok(MemberRow {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        role: word(row, 3, Role::parse)?,
        created_at: millis(row, 4)?,
    })
}

pub(super) fn add(connection: &Connection, member: &MemberRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO members (id, email, name, role, created_at) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT (email) DO NOTHING";
    let added = connection.prepare_cached(sql)?.execute(params![
        member.id,
        member.email,
        member.name,
        member.role.word(),
        member.created_at.as_u64()
    ])?;
    Ok(added > 0)
}

pub(super) fn add_key(connection: &Connection, key: &KeyRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO api_keys \
        (id, member_id, name, hash, display, grant_bytes, grant_digest, created_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        key.id,
        key.member_id,
        key.name,
        key.hash,
        key.display,
        key.grant.bytes,
        key.grant.digest,
        key.created_at.as_u64(),
        key.expires_at.map(Millis::as_u64)
    ])?;
    Ok(())
}

impl members::Reads for Rows<'_> {
    fn member(&mut self, id: &str) -> Result<Option<MemberRow>, StoreError> {
        find(self.connection, id)
    }
}

impl members::Writes for Rows<'_> {
    fn add_member(&mut self, member: &MemberRow) -> Result<bool, StoreError> {
        add(self.connection, member)
    }

    fn add_key(&mut self, key: &KeyRow) -> Result<(), StoreError> {
        add_key(self.connection, key)
    }
}
