//! The one writer: takes what waits into one transaction, a savepoint each, commits durably, then answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};
use warded_core::time::Millis;

use super::audit_log::Head;
use super::checkpoint::Log;
use super::folder::BUSY_TIMEOUT;
use super::health::Health;
use super::queue::{Queue, Taken};
use super::rows::Rows;
use crate::audit::Event;
use crate::clock::Clock;
use crate::store::{Job, Ruling, StoreError};

/// How many jobs one commit carries at most: more would make the first of them wait without making the last much faster.
const BATCH: usize = 256;
/// After how long without work the log is brought into the database.
const IDLE: Duration = Duration::from_millis(200);

pub(super) struct Writer {
    connection: Connection,
    queue: Arc<Queue>,
    clock: Clock,
    /// The newest record, ahead of what is committed while a batch runs.
    head: Head,
    health: Health,
    log: Arc<Log>,
}

/// How a job's run ended.
enum Ran {
    /// To be answered after the commit.
    Done,
    /// Undone, and only this job.
    Failed(StoreError),
    /// Answered already.
    Refused,
}

/// The transaction is lost, and all jobs in it.
struct Lost(StoreError);

impl<E: Into<StoreError>> From<E> for Lost {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        queue: Arc<Queue>,
        clock: Clock,
        head: Head,
        log: Arc<Log>,
    ) -> Self {
        Self { connection, queue, clock, head, log, health: Health::default() }
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let mut idle = Some(IDLE);
        loop {
            match self.queue.take(BATCH, idle) {
                Taken::Jobs(jobs) => {
                    self.batch(jobs);
                    idle = Some(IDLE);
                }
                Taken::Idle => {
                    self.log.request_checkpoint();
                    idle = None;
                }
                Taken::Closed => return,
            }
        }
    }

    fn batch(&mut self, jobs: Vec<Box<dyn Job>>) {
        self.log.finish();
        let mut waiting = jobs.into_iter();
        let mut done = Vec::with_capacity(waiting.len());
        match self.transaction(&mut waiting, &mut done) {
            Ok(()) => {
                self.queue.committed(done.len());
                done.into_iter().for_each(Job::committed);
            }
            Err(Lost(error)) => {
                self.lost(&error);
                // Whatever waits would meet the same fault, and its callers want to hear of it.
                let queued = self.queue.drain();
                done.into_iter().chain(waiting).chain(queued).for_each(|job| job.failed(&error));
            }
        }
    }

    fn transaction(
        &mut self,
        waiting: &mut impl Iterator<Item = Box<dyn Job>>,
        done: &mut Vec<Box<dyn Job>>,
    ) -> Result<(), Lost> {
        self.execute("BEGIN IMMEDIATE")?;
        if self.health.is_failing() {
            // What the lost transaction left behind is not known.
            self.head = Head::last_row(&self.connection).optional()?.unwrap_or(Head::EMPTY);
        }
        let before = self.head;
        let mut all_done = true;
        for mut job in waiting.by_ref() {
            match self.job(&mut *job) {
                Ok(Ran::Done) => done.push(job),
                Ok(Ran::Failed(error)) => {
                    all_done = false;
                    job.failed(&error);
                }
                Ok(Ran::Refused) => {}
                Err(lost) => {
                    done.push(job);
                    return Err(lost);
                }
            }
        }
        let wrote = self.head != before;
        if wrote {
            self.head.note(&self.connection)?;
        }
        self.execute("COMMIT")?;
        if all_done {
            self.health.all_done();
        }
        if wrote && self.health.recovered() {
            self.connection.busy_timeout(BUSY_TIMEOUT)?;
        }
        Ok(())
    }

    /// Runs one job inside a savepoint of its own, and records what it came to.
    fn job(&mut self, job: &mut dyn Job) -> Result<Ran, Lost> {
        let before = self.head;
        self.execute("SAVEPOINT job")?;
        let now = self.clock.now();
        let ran = match self.rule(job, now) {
            Ok(Ruling::Done(events)) => match self.append(&events, now) {
                Ok(()) => Ran::Done,
                Err(error) => Ran::Failed(error),
            },
            Ok(Ruling::Refused(event)) => {
                self.roll_back_job(before)?;
                // The refusal stands whether or not it can be recorded.
                if let Err(error) = self.append(event.as_slice(), now) {
                    self.health.unrecorded(&error);
                }
                Ran::Refused
            }
            Err(error) => Ran::Failed(error),
        };
        match ran {
            Ran::Failed(error) => {
                // Some faults end the whole transaction, and then there is nothing left to go on with.
                if self.connection.is_autocommit() {
                    return Err(Lost(error));
                }
                self.health.undone(&error);
                self.roll_back_job(before)?;
                self.execute("RELEASE job")?;
                Ok(Ran::Failed(error))
            }
            Ran::Done | Ran::Refused => {
                self.execute("RELEASE job")?;
                Ok(ran)
            }
        }
    }

    fn rule(&self, job: &mut dyn Job, now: Millis) -> Result<Ruling, StoreError> {
        let mut rows = Rows { connection: &self.connection, now };
        // A job that panics is undone like any other that fails; the writer must outlive it, or nothing is written any more.
        catch_unwind(AssertUnwindSafe(|| job.run(&mut rows)))
            .unwrap_or(Err(StoreError::Defect("a job panicked")))
    }

    fn append(&mut self, events: &[Event], now: Millis) -> Result<(), StoreError> {
        events.iter().try_for_each(|event| self.head.append(&self.connection, event, now))
    }

    fn roll_back_job(&mut self, head: Head) -> rusqlite::Result<()> {
        self.head = head;
        self.execute("ROLLBACK TO job")
    }

    /// Gets out of a transaction that cannot be finished.
    fn lost(&mut self, error: &StoreError) {
        self.health.failed(error);
        let rolled_back = if self.connection.is_autocommit() { Ok(()) } else { self.execute("ROLLBACK") };
        // Until it works again every attempt fails at once, so that no caller waits behind another one's timeout.
        if let Err(error) = rolled_back.and_then(|()| self.connection.busy_timeout(Duration::ZERO)) {
            self.health.failed(&error.into());
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

#[cfg(test)]
mod tests;
