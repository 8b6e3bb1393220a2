//! The schema's versions, and the checks of a file that is opened.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::audit_log::Head;
use super::error::OpenError;
use super::{folder, write_meta};
use crate::rng;

/// Each entry leads from the version of its index to the next; its parts run in their order.
const MIGRATIONS: &[&[&str]] = &[
    &[include_str!("schema/1.sql")],
    &[
        include_str!("schema/2/agents.sql"),
        include_str!("schema/2/approvals.sql"),
        include_str!("schema/2/audit.sql"),
        include_str!("schema/2/members.sql"),
        include_str!("schema/2/policies.sql"),
        include_str!("schema/2/secrets.sql"),
        include_str!("schema/2/tokens.sql"),
        include_str!("schema/2/webhooks.sql"),
    ],
    &[include_str!("schema/3/agents.sql"), include_str!("schema/3/audit.sql")],
];
/// Tells a database of ours from any other SQLite file: "Wrdd".
const APPLICATION_ID: u32 = 0x5772_6464;
/// Files up to this many bytes are checked whole at start, which takes about 10 ms; of larger ones the small tables are.
const CHECKED_WHOLE: u64 = 8 << 20;
/// The tables that no request makes grow.
const SMALL_TABLES: [&str; 3] = ["meta", "members", "api_keys"];

/// The newest version, and the only one that the code reads.
pub(super) fn known_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Checks the file, makes commits to it durable, and brings it to the newest version; a fresh one gets its tenant.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::from_sqlite(path, &error);
    let version = version(connection, path)?;
    folder::make_durable(connection).map_err(failed)?;
    if version > 0 {
        check_structure(connection, path)?;
    }
    let tenant = rng::bytes()?;
    migrate(connection, version, &tenant).map_err(failed)
}

/// The key of the installation's random id.
pub(super) const TENANT: &str = "tenant";

pub(super) fn no_tenant(path: &Path) -> OpenError {
    OpenError::damaged(path, "it has no tenant")
}

/// The version of the file's schema; 0 for a file without one.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let failed = |error: rusqlite::Error| OpenError::from_sqlite(path, &error);
    let application: u32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let version: u32 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let tables: u64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application != APPLICATION_ID && (application, version, tables) != (0, 0, 0) {
        return Err(OpenError::Foreign { path: path.to_path_buf() });
    }
    if version > known_version() {
        return Err(OpenError::Newer { path: path.to_path_buf(), found: version, known: known_version() });
    }
    Ok(version)
}

fn migrate(connection: &mut Connection, version: u32, tenant: &[u8; 16]) -> rusqlite::Result<()> {
    for (from, parts) in (0_u32..).zip(MIGRATIONS) {
        if from >= version {
            let migration = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for sql in *parts {
                migration.execute_batch(sql)?;
            }
            if from == 0 {
                write_meta(&migration, TENANT, tenant)?;
            }
            migration.pragma_update(None, "application_id", APPLICATION_ID)?;
            migration.pragma_update(None, "user_version", from.saturating_add(1))?;
            migration.commit()?;
        }
    }
    Ok(())
}

fn check_structure(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::from_sqlite(path, &error);
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let bytes = pragma("page_count").map_err(failed)?.saturating_mul(pragma("page_size").map_err(failed)?);
    if bytes <= CHECKED_WHOLE {
        return report(path, &quick_check(connection, "").map_err(failed)?);
    }
    for table in SMALL_TABLES {
        report(path, &quick_check(connection, &format!("('{table}')")).map_err(failed)?)?;
    }
    Ok(())
}

fn quick_check(connection: &Connection, of: &str) -> rusqlite::Result<String> {
    connection.query_row(&format!("PRAGMA quick_check{of}"), [], |row| row.get(0))
}

fn report(path: &Path, found: &str) -> Result<(), OpenError> {
    if found == "ok" { Ok(()) } else { Err(OpenError::damaged(path, found)) }
}

/// The head of the chain, after checking that it is the head that was written last.
pub(super) fn checked_head(connection: &Connection, path: &Path) -> Result<Head, OpenError> {
    let failed = |error: rusqlite::Error| OpenError::from_sqlite(path, &error);
    let head = Head::last_row(connection).optional().map_err(failed)?.unwrap_or(Head::EMPTY);
    let noted = Head::noted(connection).map_err(failed)?.unwrap_or(Head::EMPTY);
    if head == noted {
        Ok(head)
    } else {
        Err(OpenError::damaged(path, "the newest audit records are missing or were changed"))
    }
}
