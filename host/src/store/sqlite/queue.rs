//! The writer's queue: bounded, taken in batches, and left by jobs that have waited too long.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::store::{Activity, Job};

/// How many jobs wait at most; one more is refused at once.
pub(super) const CAPACITY: usize = 4_096;
/// How long a job waits for the writer to take it: a disk that hangs is reported within two seconds.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How often waiting jobs are looked at.
const TICK: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// The writer waits here for jobs.
    filled: Condvar,
    /// The watch waits here.
    watched: Condvar,
    commits: AtomicU64,
    jobs: AtomicU64,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<(Instant, Box<dyn Job>)>,
    closed: bool,
    writer_waits: bool,
    watch_sleeps: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("jobs", &self.jobs.len())
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

/// What the writer finds.
pub(super) enum Taken {
    /// Nothing more will come.
    Closed,
    /// Nothing has come for the time given.
    Idle,
    Jobs(Vec<Box<dyn Job>>),
}

impl Queue {
    /// Puts a job at the end; a job that has no place comes back.
    pub(super) fn push(&self, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
        let mut state = self.lock();
        if state.closed || state.jobs.len() >= CAPACITY {
            return Err(job);
        }
        state.jobs.push_back((clock::instant(), job));
        // A notification is a system call, and under load nobody is asleep.
        if state.writer_waits {
            self.filled.notify_one();
        }
        if state.watch_sleeps {
            self.watched.notify_one();
        }
        Ok(())
    }

    /// Takes what waits, up to `most`; waits for the first, up to `idle` or for ever.
    pub(super) fn take(&self, most: usize, idle: Option<Duration>) -> Taken {
        let mut state = self.lock();
        state.writer_waits = true;
        let empty = |state: &mut State| state.jobs.is_empty() && !state.closed;
        state = match idle {
            Some(idle) => {
                self.filled.wait_timeout_while(state, idle, empty).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.filled.wait_while(state, empty).unwrap_or_else(PoisonError::into_inner),
        };
        state.writer_waits = false;
        if state.jobs.is_empty() {
            return if state.closed { Taken::Closed } else { Taken::Idle };
        }
        let end = state.jobs.len().min(most);
        Taken::Jobs(state.jobs.drain(..end).map(|(_, job)| job).collect())
    }

    /// Takes everything that waits, without waiting.
    pub(super) fn drain(&self) -> Vec<Box<dyn Job>> {
        self.lock().jobs.drain(..).map(|(_, job)| job).collect()
    }

    /// Waits until jobs have waited too long, and takes them; `None` once the queue is closed and empty.
    pub(super) fn overdue(&self) -> Option<Vec<Box<dyn Job>>> {
        let mut state = self.lock();
        loop {
            state.watch_sleeps = true;
            state = self
                .watched
                .wait_while(state, |state| state.jobs.is_empty() && !state.closed)
                .unwrap_or_else(PoisonError::into_inner);
            state.watch_sleeps = false;
            if state.jobs.is_empty() {
                return None;
            }
            (state, _) = self.watched.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
            let overdue = state.overdue();
            if !overdue.is_empty() {
                return Some(overdue);
            }
        }
    }

    /// Counts a durable commit of so many jobs.
    pub(super) fn committed(&self, jobs: usize) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.jobs.fetch_add(u64::try_from(jobs).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What was committed, and what waits.
    pub(super) fn activity(&self) -> Activity {
        Activity {
            commits: self.commits.load(Ordering::Relaxed),
            jobs: self.jobs.load(Ordering::Relaxed),
            waiting: u64::try_from(self.lock().jobs.len()).unwrap_or(u64::MAX),
        }
    }

    /// Takes no more jobs; those that wait are still done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.watched.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and a queue is whole after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn overdue(&mut self) -> Vec<Box<dyn Job>> {
        let now = clock::instant();
        let end = self.jobs.partition_point(|(since, _)| now.duration_since(*since) >= PATIENCE);
        self.jobs.drain(..end).map(|(_, job)| job).collect()
    }
}
