//! Bringing the write-ahead log into the database, beside the writer instead of in its way.
//!
//! A short log that is written over again and again is several times faster than one that grows: a file that grows has its
//! length and blocks to be made durable as well. But a log begins anew only when all of it is in the database, and under load the
//! writer is always ahead of the checkpointer. So the writer stands still now and then, for the little that is left.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// The pages by which the log grows between two checkpoints: 4 MiB.
const STEP: u32 = 1_024;
/// The pages at which the writer stands still for what is left: 16 MiB.
const LONG: u32 = 4_096;

/// The write-ahead log as its writer sees it.
#[derive(Debug)]
pub(super) struct Log {
    /// Pages in the log after the last commit.
    pages: AtomicU32,
    /// The pages at which the next checkpoint is asked for.
    next: AtomicU32,
    /// Whether the writer has stood still for this log; a reader that keeps an old state alive can make that be in vain.
    finished: AtomicBool,
    state: Mutex<State>,
    requested: Condvar,
    /// Held during a checkpoint, so that the two who make them do not meet in the file.
    running: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    requested: bool,
    closed: bool,
}

impl Log {
    /// Watches the log of the connection that writes it.
    pub(super) fn watch(connection: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let log = Arc::new(Self {
            pages: AtomicU32::new(0),
            next: AtomicU32::new(STEP),
            finished: AtomicBool::new(false),
            state: Mutex::default(),
            requested: Condvar::new(),
            running: Mutex::default(),
        });
        let watched = Arc::clone(&log);
        connection.wal_hook(Some(move |_: &mut Wal, pages| {
            watched.committed(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }))?;
        Ok(log)
    }

    fn committed(&self, pages: u32) {
        if pages < self.pages.swap(pages, Ordering::Relaxed) {
            self.next.store(STEP, Ordering::Relaxed);
            self.finished.store(false, Ordering::Relaxed);
        }
        if pages >= self.next.load(Ordering::Relaxed) {
            self.next.store(pages.saturating_add(STEP), Ordering::Relaxed);
            self.request_checkpoint();
        }
    }

    /// Has the checkpointer bring in what there is.
    pub(super) fn request_checkpoint(&self) {
        self.lock().requested = true;
        self.requested.notify_one();
    }

    /// Brings in what is left of a long log, while its writer stands still.
    pub(super) fn finish(&self, connection: &Connection) {
        if self.pages.load(Ordering::Relaxed) >= LONG && !self.finished.swap(true, Ordering::Relaxed) {
            self.checkpoint(connection, "PASSIVE");
        }
    }

    /// The checkpointer's work, until the log is closed; then it is left empty.
    pub(super) fn run(&self, connection: &Connection) {
        while self.wait() {
            self.checkpoint(connection, "PASSIVE");
        }
        self.checkpoint(connection, "TRUNCATE");
    }

    /// Ends the checkpointer.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.requested.notify_one();
    }

    /// Waits for a request; `false` once there will be none.
    fn wait(&self) -> bool {
        let idle = |state: &mut State| !state.requested && !state.closed;
        let mut state = self.requested.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        state.requested = false;
        !state.closed
    }

    fn checkpoint(&self, connection: &Connection, mode: &str) {
        let _running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        // The log stays whole without it, and the next attempt does what this one did not.
        if let Err(error) = connection.query_row(&sql, [], |_| Ok(())) {
            tracing::debug!(%error, "the write-ahead log could not be brought into the database");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
