//! The embedded store: one SQLite file, one writer, a few readers.
//!
//! A job goes into a bounded queue; the writer takes what waits into one transaction and answers after its durable commit.
//! Queries read the newest committed state on connections of their own, and wait for no writer.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension as _};

use self::audit_log::Head;
use self::checkpoint::Log;
use self::folder::Folder;
use self::pool::Pool;
use self::queue::Queue;
use self::rows::Rows;
use self::writer::Writer;
use super::{Activity, Job, Read, Store, StoreError};
use crate::clock::{self, Clock};

mod audit_log;
mod checkpoint;
mod error;
mod folder;
mod health;
mod pool;
mod queue;
mod rows;
mod schema;
mod trail;
mod values;
mod writer;

pub use self::error::OpenError;
pub use self::trail::{Trail, TrailRow};

/// How far the clock may be behind the last audit record at start: as much as clocks are corrected by.
const CLOCK_TOLERANCE: u64 = 60_000;

/// After how long without overdue jobs the next ones are news.
const LOG_AGAIN: Duration = Duration::from_secs(10);

/// A data folder in use by this process.
#[derive(Debug)]
pub struct SqliteStore {
    pool: Pool,
    queue: Arc<Queue>,
    log: Arc<Log>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    tenant: [u8; 16],
    clock: Clock,
    folder: Folder,
}

impl SqliteStore {
    /// Opens the data folder, made and filled if it is empty, and keeps every other process out of it.
    ///
    /// A clock that is more than a minute behind the last audit record is refused unless `accept_clock` says that the record is wrong.
    ///
    /// # Errors
    /// One line that says what is wrong and what to do.
    pub fn open(path: &Path, clock: Clock, accept_clock: bool) -> Result<Self, OpenError> {
        let folder = Folder::take(path)?;
        let database = folder.database();
        let failed = |error: rusqlite::Error| OpenError::from_sqlite(&database, &error);
        let mut connection = folder::connect_to_write(&database).map_err(failed)?;
        schema::prepare(&mut connection, &database)?;
        let head = schema::checked_head(&connection, &database)?;
        check_clock(path, &connection, &clock, &head, accept_clock)?;
        let tenant = read_meta(&connection, schema::TENANT).map_err(failed)?.unwrap_or_default();
        let tenant = tenant.try_into().map_err(|_| schema::no_tenant(&database))?;
        let checkpoints = folder::connect(&database).map_err(failed)?;
        let log = Log::watch(&mut connection, checkpoints).map_err(failed)?;
        let store = Self {
            pool: Pool::new(database),
            queue: Arc::new(Queue::default()),
            log,
            threads: Mutex::default(),
            tenant,
            clock,
            folder,
        };
        store.start(connection, head)?;
        Ok(store)
    }

    fn start(&self, connection: Connection, head: Head) -> Result<(), OpenError> {
        let writer =
            Writer::new(connection, Arc::clone(&self.queue), self.clock.clone(), head, Arc::clone(&self.log));
        self.spawn("store-writer", move || writer.run())?;
        let queue = Arc::clone(&self.queue);
        self.spawn("store-watch", move || watch(&queue))?;
        let log = Arc::clone(&self.log);
        self.spawn("store-checkpoint", move || log.run())
    }

    fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(run).map_err(OpenError::Thread)?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// The installation's random id, made at first start.
    #[must_use]
    pub const fn tenant(&self) -> [u8; 16] {
        self.tenant
    }

    /// A value of the installation itself, such as the sealed canary of its keyring.
    ///
    /// # Errors
    /// The database failed.
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.pool.read(|connection| Ok(read_meta(connection, key)?))
    }

    /// Stores a value of the installation itself, durably.
    ///
    /// # Errors
    /// The database failed.
    pub fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        Ok(write_meta(&folder::connect(&self.folder.database())?, key, value)?)
    }

    /// Takes no more jobs, does those that wait, and leaves the write-ahead log empty.
    pub fn close(&self) {
        self.queue.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.thread().name() == Some("store-checkpoint") {
                self.log.close();
            }
            // The last job may hold the last reference to the store: its thread then ends by itself.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the store ended by a panic");
            }
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Store for SqliteStore {
    fn submit(&self, job: Box<dyn Job>) {
        if let Err(job) = self.queue.push(job) {
            job.failed(&StoreError::Busy);
        }
    }

    fn query(
        &self,
        query: &mut dyn FnMut(&mut dyn Read) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.pool.read(|connection| query(&mut Rows { connection, now: self.clock.now() }))
    }

    fn activity(&self) -> Activity {
        self.queue.activity()
    }
}

/// Tells jobs that wait for a writer that does not come.
fn watch(queue: &Queue) {
    let mut logged: Option<Instant> = None;
    while let Some(overdue) = queue.overdue() {
        if logged.is_none_or(|logged| logged.elapsed() > LOG_AGAIN) {
            tracing::error!(
                jobs = overdue.len(),
                "the disk does not answer: waiting requests are answered 503"
            );
        }
        logged = Some(clock::instant());
        let error = StoreError::Database("the disk does not answer".to_owned());
        overdue.into_iter().for_each(|job| job.failed(&error));
    }
}

fn check_clock(
    path: &Path,
    connection: &Connection,
    clock: &Clock,
    head: &Head,
    accept_clock: bool,
) -> Result<(), OpenError> {
    let behind = head.time.as_u64().saturating_sub(clock.now().as_u64());
    if behind <= CLOCK_TOLERANCE {
        // Time goes on where it stopped, so that it never goes back along the chain.
        clock.advance_to(head.time);
        return Ok(());
    }
    if !accept_clock {
        return Err(OpenError::ClockBehind { path: path.to_path_buf(), seconds: behind / 1_000 });
    }
    let sql = "INSERT OR IGNORE INTO audit_clock_breaks (seq) VALUES (?1)";
    connection
        .execute(sql, [head.seq.saturating_add(1)])
        .map_err(|error| OpenError::from_sqlite(path, &error))?;
    Ok(())
}

fn read_meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    connection.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()
}

fn write_meta(connection: &Connection, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";
    connection.prepare_cached(sql)?.execute((key, value)).map(drop)
}
