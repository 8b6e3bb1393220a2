//! The write-ahead log is brought into the database for as long as it is written, so that it does not fill the disk.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use warded::audit::{Detail, Event, EventType};
use warded::clock;
use warded::store::query;
use warded::store::sqlite::Trail;

use super::fixture::{Fixture, done, event};

const MIB: u64 = 1 << 20;
/// What the log may grow to where no reader keeps it, and what it is cut to after one did.
const LONGEST: u64 = 64 * MIB;

/// How long a query may well take.
const READING: Duration = Duration::from_millis(20);

/// Commits about so many MiB in one transaction.
fn write(fixture: &Fixture, mebibytes: usize) {
    let some = || -> Event {
        let mut large = event(EventType::SecretRead);
        large.details.push(("text", Detail::Text("x".repeat(1 << 20))));
        large
    };
    fixture.run(move |_| Ok(done((), (0..mebibytes).map(|_| some()).collect::<Vec<_>>()))).unwrap();
}

fn length(fixture: &Fixture) -> u64 {
    std::fs::metadata(fixture.folder.path().join("warded.db-wal")).unwrap().len()
}

#[test]
fn a_log_that_nobody_reads_stays_short_however_much_is_written() {
    let fixture = Fixture::new();
    // Each is longer than the log before it, so that only its length does not say that it has begun anew.
    for mebibytes in 20..25 {
        write(&fixture, mebibytes);
        assert!(length(&fixture) < LONGEST, "{} MiB", length(&fixture) / MIB);
    }
}

#[test]
fn a_log_that_one_reader_kept_is_cut_once_it_has_ended() {
    let fixture = Fixture::new();
    write(&fixture, 1);
    thread::scope(|scope| {
        let (begun, has_begun) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let store = &fixture.store;
        let reader = scope.spawn(move || {
            query(store, |read| {
                let before = read.chain_link(u64::MAX)?;
                begun.send(()).unwrap();
                let _ = ended.recv();
                Ok((before, read.chain_link(u64::MAX)?))
            })
        });
        has_begun.recv().unwrap();
        (0..4).for_each(|_| write(&fixture, 20));
        assert!(length(&fixture) > LONGEST, "the reader needs all of it");
        drop(end);
        let (before, after) = reader.join().unwrap().unwrap();
        assert_eq!(before, after, "one state, however long it is read");
    });
    (0..3).for_each(|_| write(&fixture, 1));
    assert!(length(&fixture) <= LONGEST, "{} MiB", length(&fixture) / MIB);
}

#[test]
fn readers_that_follow_each_other_without_a_gap_do_not_keep_the_log() {
    let fixture = Fixture::new();
    write(&fixture, 1);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (to_one, from_other) = mpsc::channel::<()>();
        let (to_other, from_one) = mpsc::channel::<()>();
        for (tell, told, is_first) in [(to_other, from_other, true), (to_one, from_one, false)] {
            let (store, over) = (&fixture.store, &over);
            scope.spawn(move || {
                let mut goes_on = is_first || told.recv().is_ok();
                while goes_on && !over.load(Ordering::Relaxed) {
                    let begun = clock::instant();
                    let read = query(store, |read| {
                        while begun.elapsed() < READING {
                            read.chain_link(u64::MAX)?;
                        }
                        // It ends once the other one has begun anew.
                        Ok(tell.send(()).is_ok() && told.recv().is_ok())
                    });
                    goes_on = read.unwrap();
                }
            });
        }
        let mut longest = 0;
        for _ in 0..150 {
            write(&fixture, 1);
            longest = longest.max(length(&fixture));
        }
        over.store(true, Ordering::Relaxed);
        assert!(longest < 2 * LONGEST, "{} MiB", longest / MIB);
    });
}

#[test]
fn an_export_that_is_read_slowly_does_not_keep_the_log() {
    let fixture = Fixture::new();
    fixture.run(|_| Ok(done((), [event(EventType::SecretRead), event(EventType::SecretRead)]))).unwrap();
    let trail = Trail::open(fixture.folder.path()).unwrap();
    let mut visited = 0;
    trail
        .rows(|_| {
            visited += 1;
            // While somebody looks at a record, others come and go into the database.
            fixture.run(|_| Ok(done((), [event(EventType::SecretRead)]))).unwrap();
            let other = Connection::open(fixture.database()).unwrap();
            let is_kept: bool =
                other.query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get(0)).unwrap();
            assert!(!is_kept, "at record {visited}");
            true
        })
        .unwrap();
    assert_eq!(visited, 2);
}
