//! Policies and their versions.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::time::Millis;

use super::Rows;
use crate::guest::CompiledPolicy;
use crate::store::StoreError;
use crate::store::policies::{self, FIRST, PolicyInfo, PolicyState, PolicyVersion};
use crate::store::sqlite::values::{millis, sql_limit};

const STATE: &str = "SELECT s.revision, s.active, a.digest, s.shadow, b.digest FROM policy_state s \
    LEFT JOIN policies a ON a.version = s.active LEFT JOIN policies b ON b.version = s.shadow";

fn state(connection: &Connection) -> Result<PolicyState, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(PolicyState { revision: row.get(0)?, active: version(row, 1)?, shadow: version(row, 3)? })
    };
    Ok(connection.prepare_cached(STATE)?.query_row([], read)?)
}

fn version(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<PolicyVersion>> {
    let Some(version) = row.get(column)? else { return Ok(None) };
    Ok(Some(PolicyVersion { version, digest: row.get(column.saturating_add(1))? }))
}

fn compiled(connection: &Connection, version: u64) -> Result<Option<CompiledPolicy>, StoreError> {
    let sql = "SELECT bytes, digest FROM policies WHERE version = ?1";
    let read = |row: &Row<'_>| {
        Ok(CompiledPolicy { bytes: Arc::from(row.get_ref(0)?.as_blob()?), digest: row.get(1)? })
    };
    Ok(connection.prepare_cached(sql)?.query_row([sql_limit(version)], read).optional()?)
}

fn find(connection: &Connection, version: u64) -> Result<Option<(PolicyInfo, String)>, StoreError> {
    let sql = "SELECT version, digest, created_at, created_by, document FROM policies WHERE version = ?1";
    let read = |row: &Row<'_>| Ok((info(row)?, row.get(4)?));
    Ok(connection.prepare_cached(sql)?.query_row([sql_limit(version)], read).optional()?)
}

fn list(connection: &Connection, below: Option<u64>, limit: u64) -> Result<Vec<PolicyInfo>, StoreError> {
    let sql = "SELECT version, digest, created_at, created_by FROM policies WHERE version < ?1 \
        ORDER BY version DESC LIMIT ?2";
    let below = below.map_or(i64::MAX, sql_limit);
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map((below, sql_limit(limit)), info)?.collect::<Result<_, _>>()?)
}

fn info(row: &Row<'_>) -> rusqlite::Result<PolicyInfo> {
    Ok(PolicyInfo {
        version: row.get(0)?,
        digest: row.get(1)?,
        created_at: millis(row, 2)?,
        created_by: row.get(3)?,
    })
}

fn add(
    connection: &Connection,
    document: &str,
    policy: &CompiledPolicy,
    created_by: &str,
    now: Millis,
) -> Result<PolicyInfo, StoreError> {
    // No version is ever deleted, so the next number was never another's.
    let sql = "INSERT INTO policies (version, digest, created_at, created_by, document, bytes) \
        SELECT coalesce(max(version), 0) + 1, ?1, ?2, ?3, ?4, ?5 FROM policies \
        RETURNING version, digest, created_at, created_by";
    let row = params![policy.digest, now.as_u64(), created_by, document, &*policy.bytes];
    Ok(connection.prepare_cached(sql)?.query_row(row, info)?)
}

fn activate(connection: &Connection, version: u64, by: &str, now: Millis) -> Result<(), StoreError> {
    let insert = "INSERT INTO policy_activations (revision, version, below, created_at, created_by) \
        SELECT revision + 1, ?1, activation, ?2, ?3 FROM policy_state";
    connection.prepare_cached(insert)?.execute(params![version, now.as_u64(), by])?;
    let update =
        "UPDATE policy_state SET revision = revision + 1, activation = revision + 1, active = nullif(?1, 0)";
    connection.prepare_cached(update)?.execute([version])?;
    Ok(())
}

/// Goes back to the activation that the active one stands on; the first policy stands below all of them.
fn roll_back(connection: &Connection) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT a.below, o.version FROM policy_state s \
        JOIN policy_activations a ON a.revision = s.activation \
        LEFT JOIN policy_activations o ON o.revision = a.below";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let beneath: Option<(Option<u64>, Option<u64>)> =
        connection.prepare_cached(sql)?.query_row([], read).optional()?;
    let Some((activation, version)) = beneath else { return Ok(None) };
    let version = version.unwrap_or(FIRST);
    let update = "UPDATE policy_state SET revision = revision + 1, activation = ?1, active = nullif(?2, 0)";
    connection.prepare_cached(update)?.execute((activation, version))?;
    Ok(Some(version))
}

fn shadow(connection: &Connection, version: Option<u64>) -> Result<(), StoreError> {
    let update = "UPDATE policy_state SET revision = revision + 1, shadow = ?1";
    connection.prepare_cached(update)?.execute([version])?;
    Ok(())
}

impl policies::Reads for Rows<'_> {
    fn policy_state(&mut self) -> Result<PolicyState, StoreError> {
        state(self.connection)
    }

    fn compiled_policy(&mut self, version: u64) -> Result<Option<CompiledPolicy>, StoreError> {
        compiled(self.connection, version)
    }

    fn policy(&mut self, version: u64) -> Result<Option<(PolicyInfo, String)>, StoreError> {
        find(self.connection, version)
    }

    fn policies(&mut self, below: Option<u64>, limit: u64) -> Result<Vec<PolicyInfo>, StoreError> {
        list(self.connection, below, limit)
    }
}

impl policies::Writes for Rows<'_> {
    fn add_policy(
        &mut self,
        document: &str,
        policy: &CompiledPolicy,
        created_by: &str,
    ) -> Result<PolicyInfo, StoreError> {
        add(self.connection, document, policy, created_by, self.now)
    }

    fn activate_policy(&mut self, version: u64, by: &str) -> Result<(), StoreError> {
        activate(self.connection, version, by, self.now)
    }

    fn roll_back_policy(&mut self) -> Result<Option<u64>, StoreError> {
        roll_back(self.connection)
    }

    fn shadow_policy(&mut self, version: Option<u64>) -> Result<(), StoreError> {
        shadow(self.connection, version)
    }
}
