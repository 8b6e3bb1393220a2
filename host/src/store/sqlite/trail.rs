//! The audit trail of a data folder, read beside a server or without one.

use std::borrow::Cow;
use std::cell::Cell;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row};
use warded_core::audit::checkpoint::Checkpoint;
use warded_core::time::Millis;

use super::audit_log::Head;
use super::error::OpenError;
use super::rows::audit::checkpoints;
use super::{folder, read_meta, schema};
use crate::audit::EventType;
use crate::audit::record::Columns;
use crate::guest::SealedValue;
use crate::store::StoreError;

/// How many records are read at once: a long read would keep the server's write-ahead log from beginning anew.
const CHUNK: usize = 1_000;

/// The audit trail of a data folder, up to the newest record at the time it was opened, or at the last erasure since.
#[derive(Debug)]
pub struct Trail {
    connection: Connection,
    tenant: [u8; 16],
    end: Cell<End>,
}

/// Where the trail ends.
#[derive(Debug, Clone, Copy)]
struct End {
    /// The newest record, as noted when it was written.
    noted: Head,
    /// The seq of the newest record there is.
    last: i64,
}

impl End {
    /// Both of one state: a server may be appending.
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let state = connection.unchecked_transaction()?;
        let noted = Head::noted(&state)?.unwrap_or(Head::EMPTY);
        let last = state.query_row("SELECT ifnull(max(seq), 0) FROM audit", [], |row| row.get(0))?;
        Ok(Self { noted, last })
    }
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
        let end = Cell::new(End::read(&connection).map_err(failed)?);
        Ok(Self { connection, tenant, end })
    }

    /// The installation's id.
    #[must_use]
    pub const fn tenant(&self) -> [u8; 16] {
        self.tenant
    }

    /// Seq and link of the newest record, as noted when it was written.
    #[must_use]
    pub const fn head(&self) -> (u64, [u8; 32]) {
        let noted = self.end.get().noted;
        (noted.seq, noted.link)
    }

    /// How many records there should be at most.
    #[must_use]
    pub fn size(&self) -> u64 {
        let End { noted, last } = self.end.get();
        noted.seq.max(u64::try_from(last).unwrap_or(0))
    }

    /// So many checkpoints after a seq, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub fn checkpoints(&self, after: u64, most: u64) -> Result<Vec<Checkpoint>, StoreError> {
        checkpoints::between(&self.connection, after, u64::MAX, most)
    }

    /// The key that signs checkpoints, sealed.
    ///
    /// # Errors
    /// The database failed.
    pub fn checkpoint_key(&self) -> Result<Option<SealedValue>, StoreError> {
        checkpoints::key(&self.connection)
    }

    /// Calls `visit` with each row in order, or with `None` for one that cannot be one of ours, until it answers `false`.
    ///
    /// # Errors
    /// The database failed.
    pub fn rows(&self, mut visit: impl FnMut(Option<TrailRow>) -> bool) -> Result<(), StoreError> {
        let mut after = i64::MIN;
        loop {
            let rows = self.chunk(after)?;
            let is_last = rows.len() < CHUNK;
            for (seq, row) in rows {
                after = seq;
                if !visit(row) {
                    return Ok(());
                }
            }
            if is_last && !self.goes_on()? {
                return Ok(());
            }
        }
    }

    /// The next rows, read before any is looked at: whoever looks may wait for a reader of their own.
    fn chunk(&self, after: i64) -> Result<Vec<(i64, Option<TrailRow>)>, StoreError> {
        let mut statement = self.connection.prepare_cached(ROWS)?;
        let row = |row: &Row<'_>| Ok((row.get(0)?, trail_row(row).ok()));
        let rows = statement.query_map((after, self.end.get().last, CHUNK), row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Goes on to the newest record if records were erased meanwhile: the one that names them is among those that came since.
    fn goes_on(&self) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM audit WHERE seq > ?1 AND event_type = ?2 LIMIT 1";
        let since = (self.end.get().last, EventType::AuditErased.name());
        let found = self.connection.prepare_cached(sql)?.query_row(since, |_| Ok(())).optional()?;
        if found.is_some() {
            self.end.set(End::read(&self.connection)?);
        }
        Ok(found.is_some())
    }
}

const ROWS: &str = "SELECT seq, created_at, event_type, actor_id, path, outcome, ip, leaf, link, salt, record \
        FROM audit WHERE seq > ?1 AND seq <= ?2 \
    UNION ALL SELECT seq, 0, '', '', NULL, '', NULL, leaf, link, NULL, NULL \
        FROM audit_erased WHERE seq > ?1 AND seq <= ?2 \
    ORDER BY seq LIMIT ?3";

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
