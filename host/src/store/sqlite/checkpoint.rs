//! Bringing the write-ahead log into the database, beside the writer instead of in its way.
//!
//! A short log that is written over again and again is several times faster than one that grows: a file that grows has its
//! length and blocks to be made durable as well. But a log begins anew only when all of it is in the database, and under load the
//! writer is always ahead of the checkpointer. So the writer stands still now and then, for the little that is left, and for readers
//! of older states, which need the log as it is, once it is too long.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::folder::BUSY_TIMEOUT;

/// The pages by which the log grows between two checkpoints: 4 MiB.
const STEP: u32 = 1_024;
/// The pages by which it grows before the writer stands still for what is left: 16 MiB.
const LONG: u32 = 4_096;
/// The pages from which on the writer waits for readers too: 64 MiB, the length to which a longer file is cut.
const TOO_LONG: u32 = 16_384;
/// How long it waits for them, each time that the log has grown by another [`LONG`].
const PATIENCE: Duration = Duration::from_millis(100);

/// The write-ahead log as its writer sees it.
#[derive(Debug)]
pub(super) struct Log {
    /// Pages in the log after the last commit.
    pages: AtomicU32,
    /// The pages at which the next checkpoint is asked for.
    next: AtomicU32,
    /// The pages at which the writer stands still; a reader that keeps an old state alive can make that be in vain.
    finish: AtomicU32,
    state: Mutex<State>,
    requested: Condvar,
    /// Makes the checkpoints; locked, so that the two who ask for them do not meet in the file.
    connection: Mutex<Connection>,
}

#[derive(Debug, Default)]
struct State {
    requested: bool,
    closed: bool,
}

impl Log {
    /// Watches the log of the connection that writes it; the other one makes the checkpoints.
    pub(super) fn watch(writer: &mut Connection, connection: Connection) -> rusqlite::Result<Arc<Self>> {
        let log = Arc::new(Self {
            pages: AtomicU32::new(0),
            next: AtomicU32::new(STEP),
            finish: AtomicU32::new(LONG),
            state: Mutex::default(),
            requested: Condvar::new(),
            connection: Mutex::new(connection),
        });
        let watched = Arc::clone(&log);
        writer.wal_hook(Some(move |_: &mut Wal, pages| {
            watched.committed(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }))?;
        Ok(log)
    }

    fn committed(&self, pages: u32) {
        if pages < self.pages.load(Ordering::Relaxed) {
            self.begins_anew();
        }
        self.pages.store(pages, Ordering::Relaxed);
        if pages >= self.next.load(Ordering::Relaxed) {
            self.next.store(pages.saturating_add(STEP), Ordering::Relaxed);
            self.request_checkpoint();
        }
    }

    fn begins_anew(&self) {
        self.pages.store(0, Ordering::Relaxed);
        self.next.store(STEP, Ordering::Relaxed);
        self.finish.store(LONG, Ordering::Relaxed);
    }

    /// Has the checkpointer bring in what there is.
    pub(super) fn request_checkpoint(&self) {
        self.lock().requested = true;
        self.requested.notify_one();
    }

    /// Brings in what is left of a long log, while its writer stands still.
    pub(super) fn finish(&self) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.finish.load(Ordering::Relaxed) {
            return;
        }
        let patience = if pages < TOO_LONG { Duration::ZERO } else { PATIENCE };
        if self.checkpoint("RESTART", patience) {
            self.begins_anew();
        } else {
            self.finish.store(pages.saturating_add(LONG), Ordering::Relaxed);
        }
    }

    /// The checkpointer's work, until the log is closed; then it is left empty.
    pub(super) fn run(&self) {
        while self.wait() {
            self.checkpoint("PASSIVE", Duration::ZERO);
        }
        self.checkpoint("TRUNCATE", BUSY_TIMEOUT);
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

    /// Makes a checkpoint, and answers whether nothing stood in its way.
    fn checkpoint(&self, mode: &str, patience: Duration) -> bool {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let made = connection
            .busy_timeout(patience)
            .and_then(|()| connection.query_row(&sql, [], |row| row.get::<_, bool>(0)));
        // The log stays whole without it, and the next attempt does what this one did not.
        if let Err(error) = &made {
            tracing::debug!(%error, "the write-ahead log could not be brought into the database");
        }
        made.is_ok_and(|is_busy| !is_busy)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
