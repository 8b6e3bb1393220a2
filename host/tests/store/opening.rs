//! What a data folder may be, and what is said of one that cannot be used.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;
use warded::audit::EventType;
use warded::audit::verify::{Trust, Verified, VerifyError, verify_data};
use warded::clock::Clock;
use warded::store::sqlite::{OpenError, SqliteStore};
use warded::store::{AuditQuery, query};

use super::fixture::{Fixture, at, done, event, secret};

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, Clock::system(), false)
}

fn refusal(folder: &TempDir) -> OpenError {
    let error = open(folder.path()).unwrap_err();
    assert!(!error.to_string().contains('\n'), "one line: {error}");
    error
}

/// A folder with a closed database in it.
fn filled() -> TempDir {
    let fixture = Fixture::new();
    for path in ["a/1", "a/2", "a/3"] {
        fixture
            .run(move |tx| tx.add_secret(&secret(path)).map(|()| done((), [event(EventType::SecretCreated)])))
            .unwrap();
    }
    fixture.close()
}

fn verify(folder: &TempDir) -> Result<Verified, VerifyError> {
    verify_data(folder.path(), Trust::default(), &mut |_, _| {})
}

fn change(folder: &TempDir, sql: &str) {
    Connection::open(folder.path().join("warded.db")).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn everything_in_the_folder_is_for_its_user_only() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/data");
    let store = open(&folder).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    store.close();
}

#[test]
fn a_folder_with_other_things_in_it_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("note"), b"").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    open(folder.path()).unwrap();
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn a_second_server_is_refused_until_the_first_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    assert!(matches!(refusal(&folder), OpenError::InUse { .. }));
    drop(first);
    open(folder.path()).unwrap();
}

#[test]
fn an_empty_file_becomes_a_database_of_the_newest_version() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("warded.db"), b"").unwrap();
    let store = open(folder.path()).unwrap();
    assert_ne!(store.tenant(), [0; 16]);
    drop(store);
    let connection = Connection::open(folder.path().join("warded.db")).unwrap();
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    assert_eq!(pragma("journal_mode").unwrap(), "wal");
    assert_eq!((number("user_version").unwrap(), number("application_id").unwrap()), (3, 0x5772_6464));
}

#[test]
fn a_newer_version_is_refused_by_server_and_verification() {
    let folder = filled();
    change(&folder, "PRAGMA user_version = 7");
    assert!(matches!(refusal(&folder), OpenError::Newer { found: 7, known: 3, .. }));
    assert!(matches!(verify(&folder), Err(VerifyError::Open(OpenError::Newer { .. }))));
}

#[test]
fn what_a_killed_server_left_is_read_and_goes_on() {
    let fixture = Fixture::new();
    fixture
        .run(|tx| tx.add_secret(&secret("a/1")).map(|()| done((), [event(EventType::SecretCreated)])))
        .unwrap();
    // What is on the disk at this moment is what a kill would leave: the log holds the commit, the database does not.
    let left = tempfile::tempdir().unwrap();
    for name in ["warded.db", "warded.db-wal"] {
        fs::copy(fixture.folder.path().join(name), left.path().join(name)).unwrap();
    }
    assert_eq!(verify(&left).unwrap().checked, 1);
    let store = open(left.path()).unwrap();
    assert_eq!(query(&store, |read| read.secrets("", None, 9)).unwrap().len(), 1);
}

#[test]
fn a_database_of_something_else_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    change(&folder, "CREATE TABLE other (a); PRAGMA user_version = 3");
    let before = fs::read(folder.path().join("warded.db")).unwrap();
    assert!(matches!(refusal(&folder), OpenError::Foreign { .. }));
    assert!(fs::read(folder.path().join("warded.db")).unwrap() == before, "not a byte was written");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("warded.db"),
        b"this is not a database, whatever its name says. ".repeat(99),
    )
    .unwrap();
    assert!(matches!(refusal(&folder), OpenError::Damaged { .. }));
}

#[test]
fn a_database_cut_short_is_refused() {
    let folder = filled();
    let file = fs::OpenOptions::new().write(true).open(folder.path().join("warded.db")).unwrap();
    file.set_len(5 * 4_096).unwrap();
    assert!(matches!(refusal(&folder), OpenError::Damaged { .. }));
}

#[test]
fn a_folder_that_is_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fs::write(&path, b"").unwrap();
    assert!(matches!(open(&path), Err(OpenError::Unusable { .. })));
}

#[test]
fn records_cut_off_the_end_of_the_trail_are_missed() {
    let folder = filled();
    change(&folder, "DELETE FROM audit WHERE seq = 3");
    assert!(matches!(refusal(&folder), OpenError::Damaged { .. }));
}

#[test]
fn a_clock_that_is_behind_the_trail_is_refused_unless_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let record = |store: &SqliteStore| {
        let recorded = warded::store::transact(store, |_| Ok(done((), [event(EventType::SystemStarted)])));
        super::fixture::block_on(recorded).unwrap();
    };
    let open_at = |millis, accept| SqliteStore::open(folder.path(), Clock::manual(at(millis)), accept);
    record(&open_at(1_000_000, false).unwrap());
    assert!(matches!(open_at(939_999, false), Err(OpenError::ClockBehind { seconds: 60, .. })));

    let within = open_at(940_000, false).unwrap();
    assert_eq!(
        query(&within, |read| Ok(read.now())).unwrap(),
        at(1_000_000),
        "time goes on where it stopped"
    );
    drop(within);

    let accepted = open_at(500_000, true).unwrap();
    record(&accepted);
    assert_eq!(query(&accepted, |read| Ok(read.now())).unwrap(), at(500_000));
    let early = AuditQuery { end: Some(at(600_000)), limit: 9, ..AuditQuery::default() };
    assert_eq!(query(&accepted, |read| read.audit(&early)).unwrap().len(), 1);
    drop(accepted);
    drop(open_at(500_000, false).unwrap());
}

#[test]
fn values_of_the_installation_last() {
    let fixture = Fixture::new();
    assert_eq!(fixture.store.meta("canary").unwrap(), None);
    fixture.store.set_meta("canary", b"one").unwrap();
    fixture.store.set_meta("canary", b"two").unwrap();
    let folder = fixture.close();
    assert_eq!(open(folder.path()).unwrap().meta("canary").unwrap().unwrap(), b"two");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    /// Whatever is damaged, it is an error or not noticed; it is never a panic.
    #[test]
    fn damage_anywhere_is_never_a_panic(places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..200)) {
        let folder = filled();
        let path = folder.path().join("warded.db");
        let mut bytes = fs::read(&path).unwrap();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] ^= byte;
        }
        fs::write(&path, bytes).unwrap();
        match open(folder.path()) {
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
            Ok(store) => {
                // Errors are as good as rows here.
                let _ = query(&store, |read| read.secrets("", None, 9));
                let _ = query(&store, |read| read.audit(&AuditQuery { limit: 9, ..AuditQuery::default() }));
            }
        }
        let _ = verify(&folder);
    }
}
