//! Appending to the audit chain, inside the writer's transaction.

use rusqlite::{Connection, Row, params};
use warded_core::chain::{self, FIRST_PREVIOUS};
use warded_core::time::Millis;

use super::values::millis;
use crate::audit::Event;
use crate::audit::record::record;
use crate::id::Prefix;
use crate::rng;
use crate::store::StoreError;

/// The newest record of the chain, which the next one continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) link: [u8; 32],
    pub(super) time: Millis,
}

/// The key under which the head is noted, so that records cut off the end are missed.
const HEAD: &str = "audit_head";

impl Head {
    pub(super) const EMPTY: Self = Self { seq: 0, link: FIRST_PREVIOUS, time: Millis::ZERO };

    /// The head that the last record makes.
    pub(super) fn last_row(connection: &Connection) -> rusqlite::Result<Self> {
        connection
            .prepare_cached("SELECT seq, link, created_at FROM audit ORDER BY seq DESC LIMIT 1")?
            .query_row([], Self::from_row)
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { seq: row.get(0)?, link: row.get(1)?, time: millis(row, 2)? })
    }

    /// The head as noted by the last commit.
    pub(super) fn noted(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let noted = super::read_meta(connection, HEAD)?;
        // Anything else than what `note` writes equals no head.
        let broken = Self { seq: u64::MAX, ..Self::EMPTY };
        Ok(noted.map(|bytes| Self::from_bytes(&bytes).unwrap_or(broken)))
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (seq, rest) = bytes.split_first_chunk()?;
        let (time, link) = rest.split_first_chunk()?;
        let time = Millis::new(u64::from_be_bytes(*time)).ok()?;
        Some(Self { seq: u64::from_be_bytes(*seq), link: link.try_into().ok()?, time })
    }

    /// Notes the head, once for each commit.
    pub(super) fn note(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut bytes = Vec::with_capacity(48);
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.time.as_u64().to_be_bytes());
        bytes.extend(self.link);
        super::write_meta(connection, HEAD, &bytes)
    }

    /// Appends an event and moves on to it; a failure leaves both as they were.
    pub(super) fn append(
        &mut self,
        connection: &Connection,
        event: &Event,
        now: Millis,
    ) -> Result<(), StoreError> {
        let seq = self.seq.saturating_add(1);
        let random: [[u8; 16]; 2] = [rng::bytes()?, rng::bytes()?];
        let [salt, id] = random;
        let (record, columns) = record(event, &Prefix::Event.id(id), seq, now)?;
        let leaf = chain::leaf(&salt, &record);
        let link = chain::link(&self.link, seq, &leaf);
        connection.prepare_cached(INSERT)?.execute(params![
            seq,
            now.as_u64(),
            columns.event_type,
            columns.actor_id,
            columns.path,
            columns.outcome,
            columns.ip,
            leaf,
            link,
            salt,
            record
        ])?;
        *self = Self { seq, link, time: now };
        Ok(())
    }
}

const INSERT: &str = "INSERT INTO audit \
    (seq, created_at, event_type, actor_id, path, outcome, ip, leaf, link, salt, record) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
