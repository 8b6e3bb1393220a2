//! Callers: whose credential it is, its chain, and what has been used of it.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::time::Millis;
use warded_core::usage::Usage;

use super::Rows;
use crate::guest::{states_from_bytes, states_to_bytes};
use crate::store::callers;
use crate::store::sqlite::values::{grant, optional_list, optional_millis, word};
use crate::store::{AgentKeys, Caller, CallerId, KeyBounds, OperatorKey, Role, StoreError, StoredLink};

pub(super) fn by_hash(connection: &Connection, hash: &[u8; 32]) -> Result<Option<CallerId>, StoreError> {
    let sql = "SELECT 'token', id FROM tokens WHERE hash = ?1 \
        UNION ALL SELECT 'agent', id FROM agents WHERE key_hash = ?1 \
        UNION ALL SELECT 'agent', id FROM agents WHERE former_key_hash = ?1 \
        UNION ALL SELECT 'key', id FROM api_keys WHERE hash = ?1";
    let caller = |row: &Row<'_>| {
        let id = row.get(1)?;
        Ok(match row.get_ref(0)?.as_str()? {
            "token" => CallerId::Token(id),
            "agent" => CallerId::Agent(id),
            _ => CallerId::Key(id),
        })
    };
    Ok(connection.prepare_cached(sql)?.query_row([hash], caller).optional()?)
}

pub(super) fn load(connection: &Connection, id: &CallerId) -> Result<Option<Caller>, StoreError> {
    let found = match id {
        CallerId::Agent(id) => connection.prepare_cached(AGENT)?.query_row([id], agent_by_key).optional(),
        CallerId::Key(id) => connection.prepare_cached(KEY)?.query_row([id], key).optional(),
        CallerId::Token(id) => connection.prepare_cached(TOKEN)?.query_row([id], token).optional(),
    };
    Ok(found?)
}

/// Columns 0-8: the agent and its link, 9-11: its keys.
const AGENT: &str = "SELECT a.id, a.name, coalesce(a.revoked_at, a.disabled_at) IS NOT NULL, \
    a.grant_bytes, a.grant_digest, ifnull(u.uses, 0), ifnull(u.last, 0), ifnull(u.revision, 0), u.limits, \
    a.key_hash, a.former_key_hash, a.former_key_until \
    FROM agents a LEFT JOIN usages u ON u.id = a.id WHERE a.id = ?1";

/// Columns 0-8 as of an agent, 9-16: the token and its link.
const TOKEN: &str = "SELECT a.id, a.name, coalesce(a.revoked_at, a.disabled_at) IS NOT NULL, \
    a.grant_bytes, a.grant_digest, ifnull(u.uses, 0), ifnull(u.last, 0), ifnull(u.revision, 0), u.limits, \
    t.id, t.revoked_at IS NOT NULL, \
    t.grant_bytes, t.grant_digest, ifnull(v.uses, 0), ifnull(v.last, 0), ifnull(v.revision, 0), v.limits \
    FROM tokens t JOIN agents a ON a.id = t.agent_id \
    LEFT JOIN usages u ON u.id = a.id LEFT JOIN usages v ON v.id = t.id WHERE t.id = ?1";

/// A member who was removed has no live key.
const KEY: &str = "SELECT m.id, m.name, m.role, k.revoked_at IS NOT NULL, k.id, k.approve, k.ip_allowlist, k.expires_at, \
    ifnull(u.uses, 0), ifnull(u.last, 0), ifnull(u.revision, 0), u.limits \
    FROM api_keys k JOIN members m ON m.id = k.member_id LEFT JOIN usages u ON u.id = k.id WHERE k.id = ?1";

fn agent(row: &Row<'_>) -> rusqlite::Result<Caller> {
    let principal: String = row.get(0)?;
    Ok(Caller {
        chain: vec![link(row, CallerId::Agent(principal.clone()), 3)?],
        principal,
        name: row.get(1)?,
        role: None,
        agent_keys: None,
        key: None,
        may_approve: false,
        revoked: row.get(2)?,
    })
}

fn agent_by_key(row: &Row<'_>) -> rusqlite::Result<Caller> {
    let former: Option<[u8; 32]> = row.get(10)?;
    let keys = AgentKeys { present: row.get(9)?, former: former.zip(optional_millis(row, 11)?) };
    Ok(Caller { agent_keys: Some(keys), ..agent(row)? })
}

fn token(row: &Row<'_>) -> rusqlite::Result<Caller> {
    let mut caller = agent(row)?;
    caller.chain.push(link(row, CallerId::Token(row.get(9)?), 11)?);
    caller.revoked |= row.get::<_, bool>(10)?;
    Ok(caller)
}

fn key(row: &Row<'_>) -> rusqlite::Result<Caller> {
    let bounds = KeyBounds { ip_allowlist: optional_list(row, 6)?, expires_at: optional_millis(row, 7)? };
    Ok(Caller {
        chain: Vec::new(),
        principal: row.get(0)?,
        name: row.get(1)?,
        role: Some(word(row, 2, Role::parse)?),
        agent_keys: None,
        key: Some(OperatorKey { id: row.get(4)?, bounds, usage: usage(row, 8)? }),
        may_approve: row.get(5)?,
        revoked: row.get(3)?,
    })
}

/// The link whose grant and usage stand in the six columns from `column` on.
fn link(row: &Row<'_>, id: CallerId, column: usize) -> rusqlite::Result<StoredLink> {
    Ok(StoredLink { id, grant: grant(row, column)?, usage: usage(row, column.saturating_add(2))? })
}

/// The usage in the four columns from `column` on.
pub(super) fn usage(row: &Row<'_>, column: usize) -> rusqlite::Result<Usage> {
    let at = |offset: usize| column.saturating_add(offset);
    let mut usage = Usage::new(row.get(at(0))?, row.get(at(1))?, row.get(at(2))?);
    if let Some(states) = row.get_ref(at(3))?.as_blob_or_null()? {
        // A limit whose state is lost must not begin afresh.
        usage.limits = states_from_bytes(states).ok_or_else(|| {
            rusqlite::Error::InvalidColumnType(at(3), "states of limits".to_owned(), Type::Blob)
        })?;
    }
    Ok(usage)
}

pub(super) fn store_usage(
    connection: &Connection,
    id: &CallerId,
    usage: &Usage,
    now: Millis,
) -> Result<(), StoreError> {
    let (id, active_at) = match id {
        CallerId::Agent(id) | CallerId::Key(id) => (id, Some(now)),
        CallerId::Token(id) => (id, None),
    };
    let states = (!usage.limits.is_empty()).then(|| states_to_bytes(&usage.limits));
    connection.prepare_cached(STORE_USAGE)?.execute(params![
        id,
        usage.uses,
        usage.last,
        usage.revision,
        active_at.map(Millis::as_u64),
        states
    ])?;
    Ok(())
}

const STORE_USAGE: &str = "INSERT INTO usages (id, uses, last, revision, last_active_at, limits) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON CONFLICT (id) DO UPDATE SET uses = ?2, last = ?3, revision = ?4, last_active_at = ?5, limits = ?6";

impl callers::Reads for Rows<'_> {
    fn caller_by_hash(&mut self, hash: &[u8; 32]) -> Result<Option<CallerId>, StoreError> {
        by_hash(self.connection, hash)
    }

    fn caller(&mut self, id: &CallerId) -> Result<Option<Caller>, StoreError> {
        load(self.connection, id)
    }
}

impl callers::Writes for Rows<'_> {
    fn store_usage(&mut self, id: &CallerId, usage: &Usage) -> Result<(), StoreError> {
        store_usage(self.connection, id, usage, self.now)
    }
}
