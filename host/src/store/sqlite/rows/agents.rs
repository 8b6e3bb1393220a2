//! Agents.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::time::Millis;

use super::{Rows, tokens};
use crate::store::agents;
use crate::store::sqlite::values::{grant, list, list_text, millis, optional_list, optional_millis, tier};
use crate::store::{AgentRow, StoreError};

const SELECT: &str = "SELECT a.id, a.name, a.description, a.allowed_namespaces, a.allowed_scopes, a.ip_policy, \
    a.token_ttl_ceiling, a.token_tier_ceiling, a.key_hash, a.key_display, a.grant_bytes, a.grant_digest, a.owner, \
    a.revoked_at IS NULL, a.created_at, u.last_active_at \
    FROM agents a LEFT JOIN usages u ON u.id = a.id";

pub(super) fn find(connection: &Connection, id_or_name: &str) -> Result<Option<AgentRow>, StoreError> {
    // No name may look like an id, so at most one row answers.
    let sql = format!("{SELECT} WHERE a.id = ?1 OR a.name = ?1 ORDER BY a.id = ?1 DESC LIMIT 1");
    Ok(connection.prepare_cached(&sql)?.query_row([id_or_name], agent).optional()?)
}

pub(super) fn all(connection: &Connection) -> Result<Vec<AgentRow>, StoreError> {
    let sql = format!("{SELECT} ORDER BY a.name");
    Ok(connection.prepare_cached(&sql)?.query_map([], agent)?.collect::<Result<_, _>>()?)
}

fn agent(row: &Row<'_>) -> rusqlite::Result<AgentRow> {
    Ok(AgentRow {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        allowed_namespaces: list(row, 3)?,
        allowed_scopes: list(row, 4)?,
        ip_policy: optional_list(row, 5)?,
        token_ttl_ceiling: row.get(6)?,
        token_tier_ceiling: tier(row, 7)?,
        key_hash: row.get(8)?,
        key_display: row.get(9)?,
        grant: grant(row, 10)?,
        owner: row.get(12)?,
        active: row.get(13)?,
        created_at: millis(row, 14)?,
        last_active_at: optional_millis(row, 15)?,
    })
}

pub(super) fn count_active(connection: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM agents WHERE revoked_at IS NULL";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

pub(super) fn add(connection: &Connection, agent: &AgentRow) -> Result<bool, StoreError> {
    let added = connection.prepare_cached(INSERT)?.execute(params![
        agent.id,
        agent.name,
        agent.description,
        list_text(&agent.allowed_namespaces),
        list_text(&agent.allowed_scopes),
        agent.ip_policy.as_deref().map(list_text),
        agent.token_ttl_ceiling,
        agent.token_tier_ceiling.to_byte(),
        agent.key_hash,
        agent.key_display,
        agent.grant.bytes,
        agent.grant.digest,
        agent.owner,
        agent.created_at.as_u64(),
        (!agent.active).then_some(agent.created_at.as_u64())
    ])?;
    Ok(added > 0)
}

const INSERT: &str = "INSERT INTO agents (id, name, description, allowed_namespaces, allowed_scopes, ip_policy, \
    token_ttl_ceiling, token_tier_ceiling, key_hash, key_display, grant_bytes, grant_digest, owner, created_at, revoked_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
    ON CONFLICT (name) DO NOTHING";

pub(super) fn revoke(connection: &Connection, id: &str, now: Millis) -> Result<u64, StoreError> {
    let sql = "UPDATE agents SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    connection.prepare_cached(sql)?.execute(params![id, now.as_u64()])?;
    let live = tokens::count_live(connection, id, now)?;
    tokens::revoke_all_of(connection, id, now)?;
    Ok(live)
}

impl agents::Reads for Rows<'_> {
    fn agent(&mut self, id_or_name: &str) -> Result<Option<AgentRow>, StoreError> {
        find(self.connection, id_or_name)
    }

    fn agents(&mut self) -> Result<Vec<AgentRow>, StoreError> {
        all(self.connection)
    }
}

impl agents::Writes for Rows<'_> {
    fn add_agent(&mut self, agent: &AgentRow) -> Result<bool, StoreError> {
        add(self.connection, agent)
    }

    fn revoke_agent(&mut self, id: &str) -> Result<u64, StoreError> {
        revoke(self.connection, id, self.now)
    }
}
