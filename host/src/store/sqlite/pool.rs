//! Connections that read: few, opened when needed, each with a state of its own.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::folder;
use crate::store::StoreError;

/// How long a query waits for a connection.
const PATIENCE: Duration = Duration::from_millis(1_500);

#[derive(Debug)]
pub(super) struct Pool {
    database: PathBuf,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug)]
struct State {
    idle: Vec<Connection>,
    /// How many more may be opened.
    unopened: usize,
}

impl Pool {
    pub(super) fn new(database: PathBuf) -> Self {
        let size = thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8));
        let state = Mutex::new(State { idle: Vec::with_capacity(size), unopened: size });
        Self { database, state, returned: Condvar::new() }
    }

    /// Runs a query in a read transaction: everything it sees is one state.
    pub(super) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let lent = self.lend()?;
        lent.connection()?.prepare_cached("BEGIN")?.execute([])?;
        query(lent.connection()?)
    }

    fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let none_free = |state: &mut State| state.idle.is_empty() && state.unopened == 0;
        let (mut state, _) = self
            .returned
            .wait_timeout_while(self.lock(), PATIENCE, none_free)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = state.idle.pop() {
            return Ok(Lent { pool: self, connection: Some(connection) });
        }
        state.unopened = state.unopened.checked_sub(1).ok_or(StoreError::Busy)?;
        drop(state);
        // From here on the guard gives the place back, also if opening fails.
        let mut lent = Lent { pool: self, connection: None };
        lent.connection = Some(folder::connect_to_read(&self.database)?);
        Ok(lent)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back when it is dropped, outside any transaction, whatever happened to the query.
struct Lent<'p> {
    pool: &'p Pool,
    connection: Option<Connection>,
}

impl Lent<'_> {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or(StoreError::Busy)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let usable = self.connection.take().filter(|connection| {
            connection.is_autocommit()
                || connection.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([])).is_ok()
        });
        let mut state = self.pool.lock();
        match usable {
            Some(connection) => state.idle.push(connection),
            None => state.unopened = state.unopened.saturating_add(1),
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}
