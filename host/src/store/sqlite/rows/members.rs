//! Members and their API keys.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::time::Millis;

use super::Rows;
use crate::store::members;
use crate::store::sqlite::values::{list_text, millis, optional_list, optional_millis, word};
use crate::store::{KeyBounds, KeyRow, MemberRow, Role, StoreError};

const MEMBER: &str = "SELECT id, email, name, role, created_at, removed_at FROM members";

fn member(row: &Row<'_>) -> rusqlite::Result<MemberRow> {
    Ok(MemberRow {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        role: word(row, 3, Role::parse)?,
        created_at: millis(row, 4)?,
        removed_at: optional_millis(row, 5)?,
    })
}

const KEYS: &str = "SELECT k.id, k.member_id, k.name, k.hash, k.display, k.approve, k.ip_allowlist, k.expires_at, \
    k.created_at, k.revoked_at, u.last_active_at \
    FROM api_keys k LEFT JOIN usages u ON u.id = k.id WHERE k.member_id = ?1 ORDER BY k.number";

fn key(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    Ok(KeyRow {
        id: row.get(0)?,
        member_id: row.get(1)?,
        name: row.get(2)?,
        hash: row.get(3)?,
        display: row.get(4)?,
        approve: row.get(5)?,
        bounds: KeyBounds { ip_allowlist: optional_list(row, 6)?, expires_at: optional_millis(row, 7)? },
        created_at: millis(row, 8)?,
        revoked_at: optional_millis(row, 9)?,
        last_used_at: optional_millis(row, 10)?,
    })
}

/// Keys that work now, of members who are not removed: their keys are revoked with them.
const LIVE: &str = "FROM api_keys k JOIN members m ON m.id = k.member_id \
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ?1)";

impl members::Reads for Rows<'_> {
    fn member(&mut self, id: &str) -> Result<Option<MemberRow>, StoreError> {
        let sql = format!("{MEMBER} WHERE id = ?1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([id], member).optional()?)
    }

    fn members(&mut self) -> Result<Vec<MemberRow>, StoreError> {
        let sql = format!("{MEMBER} ORDER BY number");
        Ok(self.connection.prepare_cached(&sql)?.query_map([], member)?.collect::<Result<_, _>>()?)
    }

    fn keys_of(&mut self, member_id: &str) -> Result<Vec<KeyRow>, StoreError> {
        Ok(self.connection.prepare_cached(KEYS)?.query_map([member_id], key)?.collect::<Result<_, _>>()?)
    }

    fn has_working_admin(&mut self) -> Result<bool, StoreError> {
        let sql = format!("SELECT EXISTS (SELECT 1 {LIVE} AND m.role = 'admin')");
        let now = self.now.as_u64();
        Ok(self.connection.prepare_cached(&sql)?.query_row([now], |row| row.get(0))?)
    }

    fn approvers(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = format!("SELECT DISTINCT m.id {LIVE} AND k.approve = 1 AND m.role IN ('admin', 'editor')");
        let now = self.now.as_u64();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let ids = statement.query_map([now], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }
}

impl members::Writes for Rows<'_> {
    fn add_member(&mut self, member: &MemberRow) -> Result<Option<String>, StoreError> {
        add(self.connection, member)
    }

    fn change_member(&mut self, id: &str, name: &str, role: Role) -> Result<(), StoreError> {
        let sql = "UPDATE members SET name = ?2, role = ?3 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![id, name, role.word()])?;
        Ok(())
    }

    fn remove_member(&mut self, id: &str) -> Result<u64, StoreError> {
        let now = self.now.as_u64();
        let count = format!("SELECT count(*) {LIVE} AND m.id = ?2");
        let live = self.connection.prepare_cached(&count)?.query_row(params![now, id], |row| row.get(0))?;
        for sql in [
            "UPDATE members SET removed_at = ?2 WHERE id = ?1 AND removed_at IS NULL",
            "UPDATE api_keys SET revoked_at = ?2 WHERE member_id = ?1 AND revoked_at IS NULL",
        ] {
            self.connection.prepare_cached(sql)?.execute(params![id, now])?;
        }
        Ok(live)
    }

    fn add_key(&mut self, key: &KeyRow) -> Result<(), StoreError> {
        add_key(self.connection, key)
    }

    fn revoke_key(&mut self, id: &str) -> Result<(), StoreError> {
        let sql = "UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        self.connection.prepare_cached(sql)?.execute(params![id, self.now.as_u64()])?;
        Ok(())
    }
}

fn add(connection: &Connection, member: &MemberRow) -> Result<Option<String>, StoreError> {
    let sql = "INSERT INTO members (id, email, name, role, created_at, removed_at) VALUES (?1, ?2, ?3, ?4, ?5, NULL) \
        ON CONFLICT (email) DO UPDATE SET name = ?3, role = ?4, removed_at = NULL WHERE removed_at IS NOT NULL \
        RETURNING id";
    let values =
        params![member.id, member.email, member.name, member.role.word(), member.created_at.as_u64()];
    Ok(connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
}

fn add_key(connection: &Connection, key: &KeyRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO api_keys \
        (id, member_id, name, hash, display, approve, ip_allowlist, expires_at, created_at, revoked_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        key.id,
        key.member_id,
        key.name,
        key.hash,
        key.display,
        key.approve,
        key.bounds.ip_allowlist.as_deref().map(list_text),
        key.bounds.expires_at.map(Millis::as_u64),
        key.created_at.as_u64(),
        key.revoked_at.map(Millis::as_u64)
    ])?;
    Ok(())
}
