//! A full disk, which a limit on the database's pages stands for: only the writer's own connection can be given one.

use std::sync::mpsc::{Receiver, Sender, channel};

use tempfile::TempDir;

use super::*;
use crate::audit::verify::{Trust, verify_data};
use crate::audit::{Actor, ActorType, Detail, EventType};
use crate::store::Tx;
use crate::store::sqlite::folder::{self, Folder};
use crate::store::sqlite::schema;

/// Room for a few records; those of the tests fill it soon.
const PAGES: u32 = 60;

struct Bench {
    folder: TempDir,
    writer: Writer,
    _taken: Folder,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let taken = Folder::take(folder.path()).unwrap();
    let mut connection = folder::connect_to_write(&taken.database()).unwrap();
    schema::prepare(&mut connection, &taken.database()).unwrap();
    let checkpoints = folder::connect(&taken.database()).unwrap();
    let log = Log::watch(&mut connection, checkpoints).unwrap();
    let writer = Writer::new(connection, Arc::default(), Clock::system(), Head::EMPTY, log);
    Bench { folder, writer, _taken: taken }
}

impl Bench {
    fn limit_pages(&self, pages: u32) {
        self.writer.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    }

    /// Runs jobs as one batch, and says how each ended.
    fn run(&mut self, rulings: Vec<Ruling>) -> Vec<&'static str> {
        let (jobs, answers): (Vec<_>, Vec<_>) = rulings.into_iter().map(job).unzip();
        self.writer.batch(jobs);
        answers.into_iter().map(|answer| answer.try_iter().last().unwrap_or("nothing")).collect()
    }
}

struct Ended {
    ruling: Option<Ruling>,
    answered: bool,
    answer: Sender<&'static str>,
}

fn job(ruling: Ruling) -> (Box<dyn Job>, Receiver<&'static str>) {
    let (answer, answers) = channel();
    (Box::new(Ended { ruling: Some(ruling), answered: false, answer }), answers)
}

impl Job for Ended {
    fn run(&mut self, _: &mut dyn Tx) -> Result<Ruling, StoreError> {
        let ruling = self.ruling.take().unwrap();
        if matches!(ruling, Ruling::Refused(_)) {
            self.answer.send("refused").unwrap();
            self.answered = true;
        }
        Ok(ruling)
    }

    fn committed(self: Box<Self>) {
        self.answer.send("committed").unwrap();
    }

    fn failed(self: Box<Self>, _: &StoreError) {
        // Who was refused has heard of it, and hears nothing more.
        if !self.answered {
            self.answer.send("failed").unwrap();
        }
    }
}

fn event(bytes: usize) -> Event {
    let actor = Actor { kind: ActorType::System, id: "system".to_owned() };
    let mut event = Event::new(EventType::SystemStarted, actor, None);
    event.details = vec![("filling", Detail::Text("x".repeat(bytes)))];
    event
}

fn large() -> Ruling {
    Ruling::Done(vec![event(400_000)])
}

fn small() -> Ruling {
    Ruling::Done(vec![event(10)])
}

#[test]
fn a_full_disk_costs_the_batch_and_what_fits_is_done_in_the_next() {
    let mut bench = bench();
    bench.limit_pages(PAGES);
    // SQLite gives up the whole transaction when a page is missing.
    assert_eq!(bench.run(vec![small(), large(), small()]), ["failed", "failed", "failed"]);
    assert_eq!(bench.run(vec![small(), small()]), ["committed", "committed"]);
    assert_eq!(bench.writer.head.seq, 2);
    assert_eq!(verify_data(bench.folder.path(), Trust::default(), &mut |_, _| {}).unwrap().checked, 2);
}

#[test]
fn a_refusal_stands_although_it_cannot_be_recorded() {
    let mut bench = bench();
    bench.limit_pages(PAGES);
    assert_eq!(bench.run(vec![Ruling::Refused(Some(event(400_000)))]), ["refused"]);
    assert!(bench.writer.health.is_failing());
    assert_eq!(bench.writer.head, Head::EMPTY);
}

#[test]
fn a_disk_with_room_again_takes_writes_again_and_the_chain_goes_on() {
    let mut bench = bench();
    bench.limit_pages(PAGES);
    assert_eq!(bench.run(vec![small()]), ["committed"]);
    assert_eq!(bench.run(vec![large()]), ["failed"]);
    assert!(bench.writer.health.is_failing());
    bench.limit_pages(100_000);
    assert_eq!(bench.run(vec![large(), small()]), ["committed", "committed"]);
    assert!(!bench.writer.health.is_failing());
    assert_eq!(verify_data(bench.folder.path(), Trust::default(), &mut |_, _| {}).unwrap().checked, 3);
}

#[test]
fn when_the_commit_fails_nothing_of_the_batch_was_done() {
    let mut bench = bench();
    assert_eq!(bench.run(vec![small()]), ["committed"]);
    // A commit hook that says no is a commit that fails after every job has succeeded.
    bench.writer.connection.commit_hook(Some(|| true)).unwrap();
    let refused = Ruling::Refused(Some(event(1)));
    assert_eq!(bench.run(vec![small(), refused, small()]), ["failed", "refused", "failed"]);
    assert!(bench.writer.connection.is_autocommit());
    bench.writer.connection.commit_hook(None::<fn() -> bool>).unwrap();
    assert_eq!(bench.run(vec![small()]), ["committed"]);
    assert_eq!(bench.writer.head.seq, 2);
    assert_eq!(verify_data(bench.folder.path(), Trust::default(), &mut |_, _| {}).unwrap().checked, 2);
}

#[test]
fn when_the_transaction_is_lost_everyone_in_it_and_behind_it_is_told() {
    let mut bench = bench();
    // A trigger that ends the transaction in the middle of a batch, as some faults of the disk do.
    let lose = "CREATE TEMP TRIGGER lose BEFORE INSERT ON audit WHEN NEW.outcome = 'error' \
        BEGIN SELECT RAISE(ROLLBACK, 'lost'); END";
    bench.writer.connection.execute_batch(lose).unwrap();
    let (queued, answers) = job(small());
    assert!(bench.writer.queue.push(queued).is_ok());
    let lost = Ruling::Done(vec![event(1).failed("lost")]);
    assert_eq!(bench.run(vec![small(), lost, small()]), ["failed", "failed", "failed"]);
    assert_eq!(answers.try_recv(), Ok("failed"));
    assert_eq!(bench.run(vec![small()]), ["committed"]);
    assert_eq!(bench.writer.head.seq, 1);
}

#[test]
fn a_refusal_whose_record_ends_the_transaction_still_stands() {
    let mut bench = bench();
    let lose = "CREATE TEMP TRIGGER lose BEFORE INSERT ON audit WHEN NEW.outcome = 'error' \
        BEGIN SELECT RAISE(ROLLBACK, 'lost'); END";
    bench.writer.connection.execute_batch(lose).unwrap();
    let refused = Ruling::Refused(Some(event(1).failed("lost")));
    assert_eq!(bench.run(vec![small(), refused]), ["failed", "refused"]);
    assert_eq!(bench.run(vec![small()]), ["committed"]);
    assert_eq!(bench.writer.head.seq, 1);
}
