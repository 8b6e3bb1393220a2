//! A database that cannot be written: callers hear of it soon, and it recovers by itself.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use warded::audit::EventType;
use warded::clock;
use warded::error::{ApiCode, ApiError};
use warded::store::{AuditQuery, Store, StoreError, query, transact};

use super::fixture::{Fixture, block_on, done, event, refused, secret};

/// Within which every caller is to be told.
const SOON: Duration = Duration::from_secs(2);

/// Writes one secret with its event, and says how long that took.
fn create(store: &dyn Store, path: &'static str) -> (Result<(), ApiError>, Duration) {
    let begin = clock::instant();
    let answer = block_on(transact(store, move |tx| {
        tx.add_secret(&secret(path))?;
        Ok(done((), [event(EventType::SecretCreated)]))
    }));
    (answer, begin.elapsed())
}

fn code(answer: Result<(), ApiError>) -> Option<ApiCode> {
    answer.err().map(|error| error.code)
}

#[test]
fn a_locked_database_is_told_in_time_and_works_again_when_it_is_free() {
    let fixture = Fixture::new();
    let other = Connection::open(fixture.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let answers: Vec<_> = thread::scope(|scope| {
        let store = &fixture.store;
        let threads: Vec<_> =
            ["a/1", "a/2", "a/3", "a/4"].map(|path| scope.spawn(move || create(store, path))).into();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (answer, took) in answers {
        assert_eq!(code(answer), Some(ApiCode::AuditUnavailable));
        assert!(took < SOON, "{took:?}");
    }
    // From then on nobody waits for the lock.
    let (answer, took) = create(&fixture.store, "a/5");
    assert_eq!(code(answer), Some(ApiCode::AuditUnavailable));
    assert!(took < Duration::from_millis(500), "{took:?}");
    assert!(query(&fixture.store, |read| read.secrets("", None, 9)).unwrap().is_empty(), "reading goes on");

    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(create(&fixture.store, "a/6").0, Ok(()));
    assert_eq!(fixture.audit(&AuditQuery::default()).len(), 1);
}

/// Keeps the writer busy inside a job until it is told to go on.
fn hold_writer(fixture: &Fixture) -> mpsc::Sender<()> {
    let (go_on, wait) = mpsc::channel::<()>();
    let (begun, has_begun) = mpsc::channel();
    let job = HeldJob { begun, wait };
    fixture.store.submit(Box::new(job));
    has_begun.recv().unwrap();
    go_on
}

struct HeldJob {
    begun: mpsc::Sender<()>,
    wait: mpsc::Receiver<()>,
}

impl warded::store::Job for HeldJob {
    fn run(&mut self, _: &mut dyn warded::store::Tx) -> Result<warded::store::Ruling, StoreError> {
        self.begun.send(()).unwrap();
        // It goes on when the sender says so, or is gone.
        let _ = self.wait.recv();
        Ok(warded::store::Ruling::Done(Vec::new()))
    }

    fn committed(self: Box<Self>) {}

    fn failed(self: Box<Self>, _: &StoreError) {}
}

#[test]
fn a_full_queue_refuses_the_next_job_at_once() {
    let fixture = Fixture::new();
    let go_on = hold_writer(&fixture);
    let (told, answers) = mpsc::channel();
    for _ in 0..4_097 {
        fixture.store.submit(Box::new(TellingJob(told.clone())));
    }
    assert_eq!(answers.recv().unwrap(), "Busy", "the last one finds no place");
    drop(go_on);
    drop(told);
    let rest: Vec<_> = answers.iter().collect();
    assert_eq!(rest.len(), 4_096);
    assert!(rest.iter().all(|answer| *answer == "committed"), "all others are done");
}

struct TellingJob(mpsc::Sender<&'static str>);

impl warded::store::Job for TellingJob {
    fn run(&mut self, _: &mut dyn warded::store::Tx) -> Result<warded::store::Ruling, StoreError> {
        Ok(warded::store::Ruling::Done(Vec::new()))
    }

    fn committed(self: Box<Self>) {
        self.0.send("committed").unwrap();
    }

    fn failed(self: Box<Self>, error: &StoreError) {
        self.0.send(if matches!(error, StoreError::Busy) { "Busy" } else { "failed" }).unwrap();
    }
}

#[test]
fn who_waits_behind_a_writer_that_hangs_is_told_in_time() {
    let fixture = Fixture::new();
    let go_on = hold_writer(&fixture);
    let (answer, took) = create(&fixture.store, "a/1");
    assert_eq!(code(answer), Some(ApiCode::AuditUnavailable));
    assert!(took < SOON, "{took:?}");
    drop(go_on);
    assert_eq!(create(&fixture.store, "a/2").0, Ok(()));
    let found = query(&fixture.store, |read| read.secrets("", None, 9)).unwrap();
    assert_eq!(found.len(), 1, "what was given up is not done later");
}

#[test]
fn a_store_that_was_closed_takes_no_more_jobs() {
    let fixture = Fixture::new();
    fixture.store.close();
    assert_eq!(code(create(&fixture.store, "a/1").0), Some(ApiCode::Unavailable));
}

#[test]
fn a_refusal_is_answered_while_others_of_its_batch_wait_for_the_commit() {
    let fixture = Fixture::new();
    let (told, answers) = mpsc::channel();
    let go_on = hold_writer(&fixture);
    thread::scope(|scope| {
        let store = &fixture.store;
        scope.spawn(move || {
            let answer = block_on(transact(store, |_| Ok(refused::<()>(event(EventType::SecretRead)))));
            told.send(answer.is_err()).unwrap();
            // The next job of the same batch holds the writer, so its commit cannot have come before this answer.
        });
        drop(go_on);
        assert!(answers.recv().unwrap());
    });
}
