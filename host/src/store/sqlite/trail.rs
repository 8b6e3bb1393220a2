//! The audit trail of a data folder, read beside a server or without one.

use std::borrow::Cow;
use std::path::Path;

use rusqlite::{Connection, Row};
use warded_core::time::Millis;

use super::audit_log::Head;
use super::error::OpenError;
use super::{folder, read_meta, schema};
use crate::audit::record::Columns;
use crate::store::StoreError;

/// How many records are read at once: a long read would keep the server's write-ahead log from beginning anew.
const CHUNK: u32 = 1_000;

/// The audit trail of a data folder, up to the newest record at the time it was opened.
#[derive(Debug)]
pub struct Trail {
    connection: Connection,
    tenant: [u8; 16],
    /// The newest record, as noted when it was written.
    noted: Head,
    /// The seq of the newest record there is.
    last: i64,
}

/// One row of the trail. Nothing in it has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailRow {
    /// The place in the chain.
    pub seq: u64,
    /// The copies for queries.
    pub columns: Columns<'static>,
    /// Salt and canonical bytes; absent where they were erased.
    pub content: Option<([u8; 16], Vec<u8>)>,
    /// The digest of salt and bytes.
    pub leaf: [u8; 32],
    /// The link to the row before.
    pub link: [u8; 32],
}

impl Trail {
    /// Opens the trail of a data folder without writing to it, also while a server uses the folder.
    ///
    /// # Errors
    /// One line that says what is wrong and what to do.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let database = folder::database_of(path)?;
        let failed = |error: rusqlite::Error| OpenError::from_sqlite(&database, &error);
        let connection = folder::connect_to_read(&database).map_err(failed)?;
        let found = schema::version(&connection, &database)?;
        if found < schema::known_version() {
            return Err(OpenError::Older { path: database, found, known: schema::known_version() });
        }
        let tenant = read_meta(&connection, schema::TENANT).map_err(failed)?.unwrap_or_default();
        let tenant = tenant.try_into().map_err(|_| schema::no_tenant(&database))?;
        // Head and newest row must be of one state: a server may be appending.
        let state = connection.unchecked_transaction().map_err(failed)?;
        let noted = Head::noted(&state).map_err(failed)?.unwrap_or(Head::EMPTY);
        let last =
            state.query_row("SELECT ifnull(max(seq), 0) FROM audit", [], |row| row.get(0)).map_err(failed)?;
        drop(state);
        Ok(Self { connection, tenant, noted, last })
    }

    /// The installation's id.
    #[must_use]
    pub const fn tenant(&self) -> [u8; 16] {
        self.tenant
    }

    /// Seq and link of the newest record, as noted when it was written.
    #[must_use]
    pub const fn head(&self) -> (u64, [u8; 32]) {
        (self.noted.seq, self.noted.link)
    }

    /// How many records there should be at most.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.noted.seq.max(u64::try_from(self.last).unwrap_or(0))
    }

    /// Calls `visit` with each row in order, or with `None` for one that cannot be one of ours, until it answers `false`.
    ///
    /// # Errors
    /// The database failed.
    pub fn rows(&self, mut visit: impl FnMut(Option<TrailRow>) -> bool) -> Result<(), StoreError> {
        let sql = "SELECT seq, created_at, event_type, actor_id, path, outcome, ip, leaf, link, salt, record \
            FROM audit WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
        let mut after = i64::MIN;
        loop {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query((after, self.last, CHUNK))?;
            let mut read = 0;
            while let Some(row) = rows.next()? {
                read = u32::saturating_add(read, 1);
                after = row.get(0)?;
                if !visit(trail_row(row).ok()) {
                    return Ok(());
                }
            }
            if read < CHUNK {
                return Ok(());
            }
        }
    }
}

fn trail_row(row: &Row<'_>) -> rusqlite::Result<TrailRow> {
    let optional = |column| row.get::<_, Option<String>>(column).map(|text| text.map(Cow::Owned));
    let (salt, record): (Option<[u8; 16]>, Option<Vec<u8>>) = (row.get(9)?, row.get(10)?);
    Ok(TrailRow {
        seq: row.get(0)?,
        columns: Columns {
            created_at: Millis::new(row.get(1)?).map_err(|_| rusqlite::Error::InvalidQuery)?,
            event_type: Cow::Owned(row.get(2)?),
            actor_id: Cow::Owned(row.get(3)?),
            path: optional(4)?,
            outcome: Cow::Owned(row.get(5)?),
            ip: optional(6)?,
        },
        content: salt.zip(record),
        leaf: row.get(7)?,
        link: row.get(8)?,
    })
}
