//! What people have to approve, and what they said.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, named_params, params};
use warded_core::time::Millis;

use super::Rows;
use crate::store::StoreError;
use crate::store::approvals::{
    self, ApprovalKind, ApprovalQuery, ApprovalRow, ApprovalStatus, Asked, AskerKind, Voice,
};
use crate::store::sqlite::values::{
    list, list_text, millis, optional_list, optional_millis, sql_limit, tier, word,
};

const COLUMNS: &str = "id, asker_kind, asker_id, digest, kind, tier, requested_scopes, reach, ttl, max_uses, \
    ip_allowlist, reason, rules, needed, required, status, created_at, expires_at, approved_at, denied_at, \
    consumed_at, token_id, told";

fn approval(row: &Row<'_>) -> rusqlite::Result<ApprovalRow> {
    Ok(ApprovalRow {
        id: row.get(0)?,
        asker_kind: word(row, 1, AskerKind::parse)?,
        asker_id: row.get(2)?,
        asked: asked(row)?,
        required: row.get(14)?,
        status: word(row, 15, ApprovalStatus::parse)?,
        created_at: millis(row, 16)?,
        expires_at: millis(row, 17)?,
        approved_at: optional_millis(row, 18)?,
        denied_at: optional_millis(row, 19)?,
        consumed_at: optional_millis(row, 20)?,
        token_id: row.get(21)?,
        told: row.get(22)?,
    })
}

fn asked(row: &Row<'_>) -> rusqlite::Result<Asked> {
    Ok(Asked {
        digest: row.get(3)?,
        kind: word(row, 4, ApprovalKind::parse)?,
        tier: tier(row, 5)?,
        requested_scopes: list(row, 6)?,
        reach: list(row, 7)?,
        ttl: row.get(8)?,
        max_uses: row.get(9)?,
        ip_allowlist: optional_list(row, 10)?,
        reason: row.get(11)?,
        rules: list(row, 12)?,
        needed: row.get(13)?,
    })
}

fn one(
    connection: &Connection,
    clause: &str,
    values: &[&dyn ToSql],
) -> Result<Option<ApprovalRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM approvals WHERE {clause}");
    Ok(connection.prepare_cached(&sql)?.query_row(values, approval).optional()?)
}

/// Newest first. One whose time has passed is expired, marked or not.
fn query(
    connection: &Connection,
    wanted: &ApprovalQuery,
    now: Millis,
) -> Result<Vec<ApprovalRow>, StoreError> {
    let clause = match wanted.status {
        None => ":status IS NULL AND :now IS NOT NULL",
        Some(ApprovalStatus::Approved | ApprovalStatus::Pending) => "status = :status AND expires_at > :now",
        Some(ApprovalStatus::Expired) => {
            "(status = :status OR (status IN ('pending', 'approved') AND expires_at <= :now))"
        }
        Some(ApprovalStatus::Consumed | ApprovalStatus::Denied) => "status = :status AND :now IS NOT NULL",
    };
    // Each of the two has an index of its own to walk.
    let whose = if wanted.asker_id.is_some() { "asker_id = :asker" } else { ":asker IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} FROM approvals WHERE {clause} AND {whose} \
        AND (:before IS NULL OR number < (SELECT number FROM approvals WHERE id = :before)) \
        ORDER BY number DESC LIMIT :limit"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(
        named_params! {
            ":status": wanted.status.map(ApprovalStatus::word),
            ":now": now.as_u64(),
            ":asker": wanted.asker_id,
            ":before": wanted.before,
            ":limit": sql_limit(wanted.limit),
        },
        approval,
    )?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn voice(row: &Row<'_>) -> rusqlite::Result<Voice> {
    Ok(Voice {
        member_id: row.get(0)?,
        approves: row.get(1)?,
        reason: row.get(2)?,
        created_at: millis(row, 3)?,
    })
}

fn add(connection: &Connection, row: &ApprovalRow) -> Result<(), StoreError> {
    let asked = &row.asked;
    connection.prepare_cached(INSERT)?.execute(params![
        row.id,
        row.asker_kind.word(),
        row.asker_id,
        asked.digest,
        asked.kind.word(),
        asked.tier.to_byte(),
        list_text(&asked.requested_scopes),
        list_text(&asked.reach),
        asked.ttl,
        asked.max_uses,
        asked.ip_allowlist.as_deref().map(list_text),
        asked.reason,
        list_text(&asked.rules),
        asked.needed,
        row.required,
        row.status.word(),
        row.created_at.as_u64(),
        row.expires_at.as_u64(),
    ])?;
    Ok(())
}

const INSERT: &str = "INSERT INTO approvals (id, asker_kind, asker_id, digest, kind, tier, requested_scopes, reach, ttl, \
    max_uses, ip_allowlist, reason, rules, needed, required, status, created_at, expires_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

fn update(connection: &Connection, row: &ApprovalRow) -> Result<(), StoreError> {
    connection.prepare_cached(UPDATE)?.execute(params![
        row.id,
        row.asked.needed,
        row.required,
        row.status.word(),
        row.expires_at.as_u64(),
        row.approved_at.map(Millis::as_u64),
        row.denied_at.map(Millis::as_u64),
        row.consumed_at.map(Millis::as_u64),
        row.token_id,
        row.told,
    ])?;
    Ok(())
}

const UPDATE: &str = "UPDATE approvals SET needed = ?2, required = ?3, status = ?4, expires_at = ?5, approved_at = ?6, \
    denied_at = ?7, consumed_at = ?8, token_id = ?9, told = ?10 WHERE id = ?1";

impl approvals::Reads for Rows<'_> {
    fn approval(&mut self, id: &str) -> Result<Option<ApprovalRow>, StoreError> {
        one(self.connection, "id = ?1", &[&id])
    }

    fn approvals(&mut self, wanted: &ApprovalQuery) -> Result<Vec<ApprovalRow>, StoreError> {
        query(self.connection, wanted, self.now)
    }

    fn newest_approval(
        &mut self,
        asker_id: &str,
        digest: &[u8; 32],
    ) -> Result<Option<ApprovalRow>, StoreError> {
        let clause = "asker_id = ?1 AND digest = ?2 ORDER BY number DESC LIMIT 1";
        one(self.connection, clause, &[&asker_id, digest])
    }

    fn voices(&mut self, approval_id: &str) -> Result<Vec<Voice>, StoreError> {
        let sql = "SELECT member_id, approves, reason, created_at FROM approval_voices \
            WHERE approval_id = ?1 ORDER BY created_at, member_id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([approval_id], voice)?.collect::<Result<_, _>>()?)
    }

    fn open_approvals(&mut self, asker_id: &str) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM approvals \
            WHERE asker_id = ?1 AND status IN ('pending', 'approved') AND expires_at > ?2";
        let now = self.now.as_u64();
        Ok(self.connection.prepare_cached(sql)?.query_row(params![asker_id, now], |row| row.get(0))?)
    }

    fn denied_after(
        &mut self,
        asker_id: &str,
        kind: ApprovalKind,
        after: Millis,
    ) -> Result<Vec<(Millis, Vec<String>)>, StoreError> {
        let sql = "SELECT denied_at, reach FROM approvals \
            WHERE asker_id = ?1 AND status = 'denied' AND denied_at > ?2 AND kind = ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &Row<'_>| Ok((millis(row, 0)?, list(row, 1)?));
        let found = statement.query_map(params![asker_id, after.as_u64(), kind.word()], read)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn overdue_approvals(&mut self, limit: u64) -> Result<Vec<ApprovalRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM approvals WHERE status IN ('pending', 'approved') AND expires_at <= ?1 \
            ORDER BY expires_at LIMIT ?2"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map(params![self.now.as_u64(), sql_limit(limit)], approval)?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

impl approvals::Writes for Rows<'_> {
    fn add_approval(&mut self, approval: &ApprovalRow) -> Result<(), StoreError> {
        add(self.connection, approval)
    }

    fn update_approval(&mut self, approval: &ApprovalRow) -> Result<(), StoreError> {
        update(self.connection, approval)
    }

    fn add_voice(&mut self, approval_id: &str, voice: &Voice) -> Result<(), StoreError> {
        let sql = "INSERT INTO approval_voices (approval_id, member_id, approves, reason, created_at) \
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (approval_id, member_id) \
            DO UPDATE SET approves = ?3, reason = ?4, created_at = ?5";
        let Voice { member_id, approves, reason, created_at } = voice;
        let values = params![approval_id, member_id, approves, reason, created_at.as_u64()];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}
