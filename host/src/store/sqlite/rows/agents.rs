//! Agents.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::quota::State;
use warded_core::time::Millis;

use super::{Rows, tokens};
use crate::grant::LimitDocument;
use crate::guest::states_to_bytes;
use crate::store::agents;
use crate::store::sqlite::values::{
    grant, list as words, list_text, millis, optional_list, optional_millis, sql_limit, tier,
};
use crate::store::{AgentQuery, AgentRow, NewKey, StoreError};

const SELECT: &str = "SELECT a.id, a.name, a.description, a.allowed_namespaces, a.allowed_scopes, a.ip_policy, \
    a.token_ttl_ceiling, a.token_tier_ceiling, a.key_hash, a.key_display, a.grant_bytes, a.grant_digest, a.owner, \
    coalesce(a.revoked_at, a.disabled_at) IS NULL, a.created_at, u.last_active_at, \
    a.limits, a.revoked_at IS NOT NULL, a.former_key_until, a.key_owner, a.former_key_owner \
    FROM agents a LEFT JOIN usages u ON u.id = a.id";

pub(super) fn find(connection: &Connection, id_or_name: &str) -> Result<Option<AgentRow>, StoreError> {
    // No name may look like an id, so at most one row answers.
    let sql = format!("{SELECT} WHERE a.id = ?1 OR a.name = ?1 ORDER BY a.id = ?1 DESC LIMIT 1");
    Ok(connection.prepare_cached(&sql)?.query_row([id_or_name], agent).optional()?)
}

fn list(connection: &Connection, wanted: &AgentQuery) -> Result<Vec<AgentRow>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE (?1 IS NULL OR a.owner = ?1) AND (?2 IS NULL OR a.name > ?2) AND (?3 IS NULL OR \
        (a.revoked_at IS NULL AND a.disabled_at IS NULL AND ifnull(u.last_active_at, a.created_at) < ?3)) \
        ORDER BY a.name LIMIT ?4"
    );
    let values =
        params![wanted.owner, wanted.after, wanted.idle_since.map(Millis::as_u64), sql_limit(wanted.limit)];
    Ok(connection.prepare_cached(&sql)?.query_map(values, agent)?.collect::<Result<_, _>>()?)
}

fn agent(row: &Row<'_>) -> rusqlite::Result<AgentRow> {
    Ok(AgentRow {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        allowed_namespaces: words(row, 3)?,
        allowed_scopes: words(row, 4)?,
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
        limits: limits(row, 16)?,
        revoked: row.get(17)?,
        former_key_until: optional_millis(row, 18)?,
        key_owner: row.get(19)?,
        former_key_owner: row.get(20)?,
    })
}

/// The limits of a grant that this server compiled.
fn limits(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<LimitDocument>> {
    let text: Option<String> = row.get(column)?;
    let Some(text) = text else { return Ok(Vec::new()) };
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn limits_text(limits: &[LimitDocument]) -> Option<String> {
    // Objects of JSON always serialise.
    (!limits.is_empty()).then(|| serde_json::to_string(limits).unwrap_or_default())
}

pub(super) fn count_active(connection: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM agents WHERE revoked_at IS NULL AND disabled_at IS NULL";
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
        agent.revoked.then_some(agent.created_at.as_u64()),
        limits_text(&agent.limits),
        agent.key_owner
    ])?;
    Ok(added > 0)
}

const INSERT: &str = "INSERT INTO agents (id, name, description, allowed_namespaces, allowed_scopes, ip_policy, \
    token_ttl_ceiling, token_tier_ceiling, key_hash, key_display, grant_bytes, grant_digest, owner, created_at, revoked_at, limits, \
    key_owner) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) \
    ON CONFLICT (name) DO NOTHING";

fn change(connection: &Connection, agent: &AgentRow, now: Millis) -> Result<(), StoreError> {
    connection.prepare_cached(CHANGE)?.execute(params![
        agent.id,
        agent.description,
        list_text(&agent.allowed_namespaces),
        list_text(&agent.allowed_scopes),
        agent.ip_policy.as_deref().map(list_text),
        agent.token_ttl_ceiling,
        agent.token_tier_ceiling.to_byte(),
        agent.grant.bytes,
        agent.grant.digest,
        agent.owner,
        limits_text(&agent.limits),
        (!agent.active).then_some(now.as_u64())
    ])?;
    Ok(())
}

/// An agent that stays disabled keeps the time since which it is.
const CHANGE: &str = "UPDATE agents SET description = ?2, allowed_namespaces = ?3, allowed_scopes = ?4, ip_policy = ?5, \
    token_ttl_ceiling = ?6, token_tier_ceiling = ?7, grant_bytes = ?8, grant_digest = ?9, owner = ?10, limits = ?11, \
    disabled_at = iif(?12 IS NULL, NULL, ifnull(disabled_at, ?12)) WHERE id = ?1";

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

    fn agents(&mut self, wanted: &AgentQuery) -> Result<Vec<AgentRow>, StoreError> {
        list(self.connection, wanted)
    }
}

impl agents::Writes for Rows<'_> {
    fn add_agent(&mut self, agent: &AgentRow) -> Result<bool, StoreError> {
        add(self.connection, agent)
    }

    fn change_agent(&mut self, agent: &AgentRow) -> Result<(), StoreError> {
        change(self.connection, agent, self.now)
    }

    fn set_limit_states(&mut self, id: &str, states: &[State]) -> Result<(), StoreError> {
        let sql = "UPDATE usages SET limits = ?2 WHERE id = ?1";
        let states = (!states.is_empty()).then(|| states_to_bytes(states));
        self.connection.prepare_cached(sql)?.execute(params![id, states])?;
        Ok(())
    }

    fn rotate_agent_key(&mut self, id: &str, key: &NewKey<'_>) -> Result<(), StoreError> {
        let sql = "UPDATE agents SET former_key_hash = key_hash, former_key_until = ?4, former_key_owner = key_owner, \
            key_hash = ?2, key_display = ?3, key_owner = ?5, owner = ?5 WHERE id = ?1";
        let until = key.former_until.as_u64();
        self.connection.prepare_cached(sql)?.execute(params![id, key.hash, key.display, until, key.owner])?;
        Ok(())
    }

    fn revoke_agent(&mut self, id: &str) -> Result<u64, StoreError> {
        revoke(self.connection, id, self.now)
    }
}
