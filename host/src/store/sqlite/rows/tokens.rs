//! Scoped tokens.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::time::Millis;

use super::{Rows, callers};
use crate::store::sqlite::values::{
    grant, list, list_text, millis, optional_list, optional_millis, sql_limit, tier,
};
use crate::store::tokens::{self, TokenScopes};
use crate::store::{CallerId, LiveToken, StoreError, TokenRow};

const SELECT: &str = "SELECT t.id, t.agent_id, t.hash, t.display, t.scopes, t.ip_allowlist, t.max_uses, t.reason, \
    t.tier_ceiling, t.grant_bytes, t.grant_digest, ifnull(u.uses, 0), ifnull(u.last, 0), ifnull(u.revision, 0), \
    u.limits, t.created_at, t.expires_at, t.revoked_at \
    FROM tokens t LEFT JOIN usages u ON u.id = t.id";

pub(super) fn find(connection: &Connection, id: &str) -> Result<Option<TokenRow>, StoreError> {
    let sql = format!("{SELECT} WHERE t.id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], token).optional()?)
}

fn newest(
    connection: &Connection,
    agent_id: Option<&str>,
    before: Option<&str>,
    limit: u64,
) -> Result<Vec<TokenRow>, StoreError> {
    // Each of the two has an index of its own to walk.
    let whose = if agent_id.is_some() { "t.agent_id = ?1" } else { "?1 IS NULL" };
    let sql = format!(
        "{SELECT} WHERE {whose} AND (?2 IS NULL OR t.number < (SELECT number FROM tokens WHERE id = ?2)) \
        ORDER BY t.number DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params![agent_id, before, sql_limit(limit)], token)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn live_scopes(
    connection: &Connection,
    agent_id: Option<&str>,
    now: Millis,
) -> Result<Vec<TokenScopes>, StoreError> {
    let from = match agent_id {
        Some(_) => "tokens WHERE agent_id = ?1",
        // Left to itself, SQLite looks at every token there ever was.
        None => "tokens INDEXED BY tokens_live WHERE ?1 IS NULL",
    };
    let sql = format!(
        "SELECT id, agent_id, scopes FROM {from} AND revoked_at IS NULL AND expires_at > ?2 ORDER BY number"
    );
    let read =
        |row: &Row<'_>| Ok(TokenScopes { id: row.get(0)?, agent_id: row.get(1)?, scopes: list(row, 2)? });
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map(params![agent_id, now.as_u64()], read)?.collect::<Result<_, _>>()?)
}

fn token(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    Ok(TokenRow {
        id: row.get(0)?,
        agent_id: row.get(1)?,
        hash: row.get(2)?,
        display: row.get(3)?,
        scopes: list(row, 4)?,
        ip_allowlist: optional_list(row, 5)?,
        max_uses: row.get(6)?,
        reason: row.get(7)?,
        tier_ceiling: tier(row, 8)?,
        grant: grant(row, 9)?,
        usage: callers::usage(row, 11)?,
        created_at: millis(row, 15)?,
        expires_at: millis(row, 16)?,
        revoked_at: optional_millis(row, 17)?,
    })
}

/// The index counts the tokens that live; only where that is too many are the used-up ones looked for.
fn has_room(connection: &Connection, agent_id: &str, most: u64, now: Millis) -> Result<bool, StoreError> {
    if count_live(connection, agent_id, now)? < most {
        return Ok(true);
    }
    let sql = "SELECT count(*) FROM tokens t LEFT JOIN usages u ON u.id = t.id \
        WHERE t.agent_id = ?1 AND t.revoked_at IS NULL AND t.expires_at > ?2 \
        AND (t.max_uses IS NULL OR ifnull(u.uses, 0) < t.max_uses)";
    let now = now.as_u64();
    let usable: u64 = connection.prepare_cached(sql)?.query_row(params![agent_id, now], |row| row.get(0))?;
    Ok(usable < most)
}

pub(super) fn count_live(connection: &Connection, agent_id: &str, now: Millis) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM tokens WHERE agent_id = ?1 AND revoked_at IS NULL AND expires_at > ?2";
    Ok(connection.prepare_cached(sql)?.query_row(params![agent_id, now.as_u64()], |row| row.get(0))?)
}

const LIVE: &str =
    "SELECT number, id, expires_at, grant_bytes, grant_digest, scopes FROM tokens WHERE revoked_at IS NULL";

fn live_by_end(
    connection: &Connection,
    after: Option<(Millis, u64)>,
    limit: u64,
    now: Millis,
) -> Result<Vec<LiveToken>, StoreError> {
    let sql = format!(
        "{LIVE} AND expires_at > ?1 AND (expires_at, number) > (?2, ?3) ORDER BY expires_at, number LIMIT ?4"
    );
    let (end, number) = after.map_or((0, 0), |(end, number)| (end.as_u64(), number));
    let range = params![now.as_u64(), end, number, sql_limit(limit)];
    Ok(connection.prepare_cached(&sql)?.query_map(range, live)?.collect::<Result<_, _>>()?)
}

fn live_since(
    connection: &Connection,
    number: u64,
    limit: u64,
    now: Millis,
) -> Result<Vec<LiveToken>, StoreError> {
    let sql = format!("{LIVE} AND expires_at > ?1 AND number > ?2 ORDER BY number LIMIT ?3");
    let range = params![now.as_u64(), number, sql_limit(limit)];
    Ok(connection.prepare_cached(&sql)?.query_map(range, live)?.collect::<Result<_, _>>()?)
}

fn live(row: &Row<'_>) -> rusqlite::Result<LiveToken> {
    Ok(LiveToken {
        number: row.get(0)?,
        id: row.get(1)?,
        expires_at: millis(row, 2)?,
        grant: grant(row, 3)?,
        scopes: list(row, 5)?,
    })
}

pub(super) fn add(connection: &Connection, token: &TokenRow) -> Result<(), StoreError> {
    connection.prepare_cached(INSERT)?.execute(params![
        token.id,
        token.agent_id,
        token.hash,
        token.display,
        list_text(&token.scopes),
        token.ip_allowlist.as_deref().map(list_text),
        token.max_uses,
        token.reason,
        token.tier_ceiling.to_byte(),
        token.grant.bytes,
        token.grant.digest,
        token.created_at.as_u64(),
        token.expires_at.as_u64(),
        token.revoked_at.map(Millis::as_u64)
    ])?;
    callers::store_usage(connection, &CallerId::Token(token.id.clone()), &token.usage, token.created_at)
}

const INSERT: &str = "INSERT INTO tokens (id, agent_id, hash, display, scopes, ip_allowlist, max_uses, reason, \
    tier_ceiling, grant_bytes, grant_digest, created_at, expires_at, revoked_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

pub(super) fn revoke(connection: &Connection, id: &str, now: Millis) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    connection.prepare_cached(sql)?.execute(params![id, now.as_u64()])?;
    Ok(())
}

pub(super) fn revoke_all_of(connection: &Connection, agent_id: &str, now: Millis) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET revoked_at = ?2 WHERE agent_id = ?1 AND revoked_at IS NULL";
    connection.prepare_cached(sql)?.execute(params![agent_id, now.as_u64()])?;
    Ok(())
}

impl tokens::Reads for Rows<'_> {
    fn token(&mut self, id: &str) -> Result<Option<TokenRow>, StoreError> {
        find(self.connection, id)
    }

    fn tokens(
        &mut self,
        agent_id: Option<&str>,
        before: Option<&str>,
        limit: u64,
    ) -> Result<Vec<TokenRow>, StoreError> {
        newest(self.connection, agent_id, before, limit)
    }

    fn live_scopes(&mut self, agent_id: Option<&str>) -> Result<Vec<TokenScopes>, StoreError> {
        live_scopes(self.connection, agent_id, self.now)
    }

    fn has_room_for_token(&mut self, agent_id: &str, most: u64) -> Result<bool, StoreError> {
        has_room(self.connection, agent_id, most, self.now)
    }

    fn newest_token(&mut self) -> Result<u64, StoreError> {
        let sql = "SELECT ifnull(max(number), 0) FROM tokens";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    fn live_tokens_by_end(
        &mut self,
        after: Option<(Millis, u64)>,
        limit: u64,
    ) -> Result<Vec<LiveToken>, StoreError> {
        live_by_end(self.connection, after, limit, self.now)
    }

    fn live_tokens_since(&mut self, number: u64, limit: u64) -> Result<Vec<LiveToken>, StoreError> {
        live_since(self.connection, number, limit, self.now)
    }
}

impl tokens::Writes for Rows<'_> {
    fn add_token(&mut self, token: &TokenRow) -> Result<(), StoreError> {
        add(self.connection, token)
    }

    fn revoke_token(&mut self, id: &str) -> Result<(), StoreError> {
        revoke(self.connection, id, self.now)
    }

    fn revoke_live_token(&mut self, id: &str) -> Result<bool, StoreError> {
        let sql =
            "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL AND expires_at > ?2";
        Ok(self.connection.prepare_cached(sql)?.execute(params![id, self.now.as_u64()])? > 0)
    }
}
