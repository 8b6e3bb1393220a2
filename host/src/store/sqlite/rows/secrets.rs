//! Secrets, without their values. Prefixes are byte ranges.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use warded_core::path::Path;
use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::{Rows, deleted, versions};
use crate::store::secrets;
use crate::store::sqlite::values::{millis, sql_limit, tier, word};
use crate::store::{DeletedRow, SecretRow, SecretType, StoreError, VersionInfo, VersionRow};

const SELECT: &str = "SELECT id, path, secret_type, tier, metadata, version, created_at, updated_at, value_at, created_by \
    FROM secrets WHERE deleted_at IS NULL";

pub(super) fn find(connection: &Connection, path: Path<'_>) -> Result<Option<SecretRow>, StoreError> {
    let sql = format!("{SELECT} AND path = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([path.as_str()], secret).optional()?)
}

pub(super) fn below(
    connection: &Connection,
    prefix: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<SecretRow>, StoreError> {
    let sql = format!("{SELECT} AND path >= ?1 AND path < ?2 ORDER BY path LIMIT ?3");
    let range = (start_of(prefix, after), end_of(prefix), sql_limit(limit));
    Ok(connection.prepare_cached(&sql)?.query_map(range, secret)?.collect::<Result<_, _>>()?)
}

/// A look at every live secret, for no index stands in the way of writes; what is not among the first is not kept.
pub(super) fn by_age(
    connection: &Connection,
    until: Millis,
    after: Option<(Millis, &str)>,
    limit: u64,
) -> Result<Vec<SecretRow>, StoreError> {
    let sql = format!(
        "{SELECT} AND value_at <= ?1 AND (value_at, path) > (?2, ?3) ORDER BY value_at, path LIMIT ?4"
    );
    let (at, path) = after.map_or((-1, ""), |(at, path)| (sql_limit(at.as_u64()), path));
    let range = params![until.as_u64(), at, path, sql_limit(limit)];
    Ok(connection.prepare_cached(&sql)?.query_map(range, secret)?.collect::<Result<_, _>>()?)
}

pub(super) fn raised(
    connection: &Connection,
    tier: Tier,
    prefix: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<String>, StoreError> {
    // The index of raised secrets is named, since SQLite would rather walk that of all live ones, and it is theirs by `tier > 0`.
    let sql = "SELECT path FROM secrets INDEXED BY secrets_above_standard \
        WHERE deleted_at IS NULL AND tier > 0 AND tier = ?1 \
        AND path >= ?2 AND path < ?3 ORDER BY path LIMIT ?4";
    let range = params![tier.to_byte(), start_of(prefix, after), end_of(prefix), sql_limit(limit)];
    Ok(connection.prepare_cached(sql)?.query_map(range, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The least text that begins with the prefix and sorts after a path: the path and a NUL. One bound lets the index begin there.
fn start_of(prefix: &str, after: Option<&str>) -> String {
    let after = after.map(|after| format!("{after}\0")).unwrap_or_default();
    after.max(prefix.to_owned())
}

/// What sorts after everything that begins with the prefix, and before everything else that is greater.
///
/// Paths are ASCII, so the highest code point ends every range, and the empty prefix's as well.
pub(super) fn end_of(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// A secret in the first columns of [`SELECT`].
pub(super) fn secret(row: &Row<'_>) -> rusqlite::Result<SecretRow> {
    Ok(SecretRow {
        id: row.get(0)?,
        path: row.get(1)?,
        secret_type: word(row, 2, SecretType::parse)?,
        tier: tier(row, 3)?,
        metadata: row.get(4)?,
        version: row.get(5)?,
        created_at: millis(row, 6)?,
        updated_at: millis(row, 7)?,
        value_at: millis(row, 8)?,
        created_by: row.get(9)?,
    })
}

/// Jumps from each namespace to the next one, so that the cost is that of the namespaces, not of their secrets.
const NAMESPACES: &str = "WITH RECURSIVE found (namespace) AS ( \
        SELECT min(namespace) FROM secrets WHERE deleted_at IS NULL \
        UNION ALL \
        SELECT (SELECT min(s.namespace) FROM secrets s WHERE s.deleted_at IS NULL AND s.namespace > found.namespace) \
        FROM found WHERE found.namespace IS NOT NULL \
    ) SELECT namespace FROM found WHERE namespace IS NOT NULL";

pub(super) fn namespaces(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let found =
        connection.prepare_cached(NAMESPACES)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(found)
}

pub(super) fn conflict(connection: &Connection, path: Path<'_>) -> Result<Option<String>, StoreError> {
    let sql = "SELECT path FROM secrets WHERE path = ?1 AND destroyed_at IS NULL LIMIT 1";
    let mut above = connection.prepare_cached(sql)?;
    for (slash, _) in path.as_str().match_indices('/') {
        let namespace = path.as_str().get(..slash);
        if let Some(found) = above.query_row([namespace], |row| row.get(0)).optional()? {
            return Ok(Some(found));
        }
    }
    let inside = format!("{path}/");
    let sql = "SELECT path FROM secrets WHERE path >= ?1 AND path < ?2 AND destroyed_at IS NULL ORDER BY path LIMIT 1";
    let found =
        connection.prepare_cached(sql)?.query_row((&inside, end_of(&inside)), |row| row.get(0)).optional()?;
    Ok(found)
}

pub(super) fn count_live(connection: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM secrets WHERE deleted_at IS NULL";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

pub(super) fn add(connection: &Connection, secret: &SecretRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO secrets \
        (id, path, namespace, secret_type, tier, metadata, version, created_at, updated_at, value_at, created_by) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let (namespace, _) = secret.namespace_and_key();
    connection.prepare_cached(sql)?.execute(params![
        secret.id,
        secret.path,
        namespace,
        secret.secret_type.word(),
        secret.tier.to_byte(),
        secret.metadata,
        secret.version,
        secret.created_at.as_u64(),
        secret.updated_at.as_u64(),
        secret.value_at.as_u64(),
        secret.created_by
    ])?;
    Ok(())
}

pub(super) fn update(connection: &Connection, secret: &SecretRow) -> Result<(), StoreError> {
    let sql = "UPDATE secrets SET secret_type = ?2, tier = ?3, metadata = ?4, version = ?5, updated_at = ?6, \
        value_at = ?7 WHERE id = ?1 AND deleted_at IS NULL";
    connection.prepare_cached(sql)?.execute(params![
        secret.id,
        secret.secret_type.word(),
        secret.tier.to_byte(),
        secret.metadata,
        secret.version,
        secret.updated_at.as_u64(),
        secret.value_at.as_u64()
    ])?;
    Ok(())
}

impl secrets::Reads for Rows<'_> {
    fn secret(&mut self, path: Path<'_>) -> Result<Option<SecretRow>, StoreError> {
        find(self.connection, path)
    }

    fn secrets(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<SecretRow>, StoreError> {
        below(self.connection, prefix, after, limit)
    }

    fn raised_paths(
        &mut self,
        tier: Tier,
        prefix: &str,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<String>, StoreError> {
        raised(self.connection, tier, prefix, after, limit)
    }

    fn namespaces(&mut self) -> Result<Vec<String>, StoreError> {
        namespaces(self.connection)
    }

    fn secrets_by_age(
        &mut self,
        until: Millis,
        after: Option<(Millis, &str)>,
        limit: u64,
    ) -> Result<Vec<SecretRow>, StoreError> {
        by_age(self.connection, until, after, limit)
    }

    fn deleted_secrets(&mut self, path: Path<'_>) -> Result<Vec<DeletedRow>, StoreError> {
        deleted::at(self.connection, path)
    }

    fn deleted_below(
        &mut self,
        prefix: &str,
        after: Option<(Millis, &str)>,
        limit: u64,
    ) -> Result<Vec<DeletedRow>, StoreError> {
        deleted::below(self.connection, prefix, after, limit)
    }

    fn deleted_until(&mut self, until: Millis, limit: u64) -> Result<Vec<DeletedRow>, StoreError> {
        deleted::until(self.connection, until, limit)
    }

    fn last_tier(&mut self, path: Path<'_>) -> Result<Option<Tier>, StoreError> {
        deleted::last_tier(self.connection, path)
    }

    fn path_conflict(&mut self, path: Path<'_>) -> Result<Option<String>, StoreError> {
        conflict(self.connection, path)
    }

    fn version(&mut self, secret_id: &str, version: Option<u64>) -> Result<Option<VersionRow>, StoreError> {
        versions::find(self.connection, secret_id, version)
    }

    fn versions(&mut self, secret_id: &str) -> Result<Vec<VersionInfo>, StoreError> {
        versions::newest(self.connection, secret_id)
    }
}

impl secrets::Writes for Rows<'_> {
    fn add_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError> {
        add(self.connection, secret)
    }

    fn update_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError> {
        update(self.connection, secret)
    }

    fn add_version(&mut self, secret_id: &str, version: &VersionRow, keep: u64) -> Result<(), StoreError> {
        versions::add(self.connection, secret_id, version, keep)
    }

    fn delete_secret(&mut self, id: &str) -> Result<(), StoreError> {
        deleted::delete(self.connection, id, self.now)
    }

    fn restore_secret(&mut self, id: &str) -> Result<(), StoreError> {
        deleted::restore(self.connection, id)
    }

    fn destroy_secret(&mut self, id: &str) -> Result<u64, StoreError> {
        deleted::destroy(self.connection, id, self.now)
    }
}
