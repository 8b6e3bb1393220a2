//! Bringing the write-ahead log into the database, beside the writer instead of in its way.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::folder;

/// The pages in the log at which the checkpointer begins: 16 MiB.
const BEGIN: u32 = 4_096;
/// The pages at which the writer stands still for what is left, so that the log can begin anew: 64 MiB.
const LONG: u32 = 16_384;

/// The write-ahead log as its writer sees it.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Pages in the log after the last commit.
    pages: AtomicU32,
    /// The pages at which it counts as long; raised where a reader keeps an old state alive, so that not every batch tries.
    long: AtomicU32,
    state: Mutex<State>,
    requested: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requested: bool,
    closed: bool,
}

impl Log {
    /// Watches the log of the connection that writes it.
    pub(super) fn watch(connection: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let log = Arc::new(Self { long: AtomicU32::new(LONG), ..Self::default() });
        let watched = Arc::clone(&log);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            watched.committed(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }))?;
        Ok(log)
    }

    fn committed(&self, pages: u32) {
        self.pages.store(pages, Ordering::Relaxed);
        if pages < BEGIN {
            self.long.store(LONG, Ordering::Relaxed);
        } else {
            self.request_checkpoint();
        }
    }

    pub(super) fn request_checkpoint(&self) {
        let mut state = self.lock();
        if !state.requested {
            state.requested = true;
            self.requested.notify_one();
        }
    }

    pub(super) fn is_long(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.long.load(Ordering::Relaxed)
    }

    /// Brings in what is left; readers and the checkpointer are not waited for.
    pub(super) fn checkpointed(&self, connection: &Connection) {
        checkpoint(connection, "PASSIVE");
        self.long.fetch_add(BEGIN, Ordering::Relaxed);
    }

    /// Ends the checkpointer.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.requested.notify_one();
    }

    /// Waits for a request; `false` once there will be none.
    fn wait(&self) -> bool {
        let mut state = self
            .requested
            .wait_while(self.lock(), |state| !state.requested && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.requested = false;
        !state.closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Works until the log is closed, then leaves it empty.
pub(super) fn run(connection: &Connection, log: &Log) {
    while log.wait() {
        checkpoint(connection, "PASSIVE");
    }
    checkpoint(connection, "TRUNCATE");
}

/// A connection of the checkpointer's own.
pub(super) fn connect(database: &Path) -> rusqlite::Result<Connection> {
    folder::connect(database)
}

fn checkpoint(connection: &Connection, mode: &str) {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    // The log stays whole without it, and the next attempt does what this one did not.
    if let Err(error) = connection.query_row(&sql, [], |_| Ok(())) {
        tracing::debug!(%error, "the write-ahead log could not be brought into the database");
    }
}
