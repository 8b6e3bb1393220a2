//! Erased records: what is left of them, what names them, and that the chain still holds.

use std::io::Cursor;
use std::path::Path;

use rusqlite::Connection;
use warded::audit::export::{Format, export};
use warded::audit::verify::{Broken, Fault, Trust, Verified, VerifyError, verify_data, verify_export};
use warded::audit::{Event, EventType, erasures};
use warded::store::audit::{Erased, Erasure};
use warded_core::audit::checkpoint::{Checkpoint, SigningKey};

use super::fixture::{Fixture, at, done, event};

fn of(actor: &str, path: &str) -> Event {
    let mut some = event(EventType::SecretRead);
    actor.clone_into(&mut some.actor.id);
    some.path = Some(path.to_owned());
    some
}

/// Six records: actors a, b, a, b, a, b at two paths.
fn recorded() -> Fixture {
    let fixture = Fixture::new();
    for (actor, path) in [
        ("agt_a", "x/K"),
        ("agt_b", "x/K"),
        ("agt_a", "y/K"),
        ("agt_b", "y/K"),
        ("agt_a", "x/K"),
        ("agt_b", "x/K"),
    ] {
        fixture.run(move |_| Ok(done((), [of(actor, path)]))).unwrap();
    }
    fixture
}

fn erase(fixture: &Fixture, erasure: &Erasure, most: u64) -> Erased {
    let erasure = erasure.clone();
    fixture
        .run(move |tx| {
            let erased = tx.erase_audit(&erasure, most)?;
            let mut event = event(EventType::AuditErased);
            event.actor.id = "mem_1".to_owned();
            event.details = erasures::details(&erased);
            Ok(done(erased, [event]))
        })
        .unwrap()
}

fn subject(actor_id: Option<&str>, path: Option<&str>) -> Erasure {
    Erasure::Subject { actor_id: actor_id.map(str::to_owned), path: path.map(str::to_owned), before: None }
}

fn verify(path: &Path) -> Result<Verified, VerifyError> {
    verify_data(path, Trust::default(), &mut |_, _| {})
}

fn exported(path: &Path, format: Format) -> String {
    let mut out = Vec::new();
    export(path, format, &mut out, &mut |_, _| {}).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_records_of_a_subject_go_and_the_chain_holds() {
    let fixture = recorded();
    let erased = erase(&fixture, &subject(Some("agt_a"), Some("x/K")), 100);
    assert_eq!((erased.count, erased.ranges), (2, vec![(1, 1), (5, 5)]));
    assert!(fixture.audit(&Default::default()).iter().all(|row| ![1, 5].contains(&row.seq)));
    let folder = fixture.close();
    let verified = verify(folder.path()).unwrap();
    assert_eq!((verified.checked, verified.without_record), (7, 2));
    let database = std::fs::read(folder.path().join("warded.db")).unwrap();
    let both = [&b"agt_a"[..], b"x/K"].map(|word| database.windows(word.len()).any(|window| window == word));
    assert_eq!(both, [true, true], "the other records of both are there");
    for format in [Format::Csv, Format::Ndjson] {
        let text = exported(folder.path(), format);
        let of_export = verify_export(&mut Cursor::new(text), Trust::default(), &mut |_, _| {}).unwrap();
        assert_eq!(of_export, verified);
    }
}

#[test]
fn what_was_erased_is_nowhere_in_the_file() {
    let fixture = recorded();
    assert_eq!(erase(&fixture, &subject(Some("agt_a"), None), 100).count, 3);
    let folder = fixture.close();
    let database = std::fs::read(folder.path().join("warded.db")).unwrap();
    assert!(!database.windows(5).any(|window| window == b"agt_a"));
    assert!(
        !std::fs::exists(folder.path().join("warded.db-wal")).unwrap(),
        "the log was brought in at the end"
    );
}

#[test]
fn erasing_by_time_takes_everything_before_and_names_it_as_one_range() {
    let fixture = recorded();
    assert_eq!(erase(&fixture, &subject(None, Some("y/K")), 100).ranges, [(3, 4)]);
    let all = Erasure::Before(at(u64::try_from(i64::MAX).unwrap() >> 11));
    let first = erase(&fixture, &all, 3);
    assert_eq!((first.count, first.ranges), (3, vec![(1, 5)]), "what was erased before lies in between");
    let rest = erase(&fixture, &all, 100);
    // The record of the first erasure by subject goes too: the range that is named now covers what it named.
    assert_eq!(rest.ranges, [(1, 8)]);
    assert_eq!(fixture.audit(&Default::default()).len(), 1);
    let folder = fixture.close();
    assert_eq!(verify(folder.path()).unwrap().without_record, 8);
    Fixture {
        store: warded::store::sqlite::SqliteStore::open(folder.path(), warded::clock::Clock::system(), false)
            .unwrap(),
        folder,
    }
    .run(|_| Ok(done((), [event(EventType::SecretRead)])))
    .unwrap();
}

#[test]
fn records_of_erasures_stay_when_a_subject_is_erased() {
    let fixture = recorded();
    erase(&fixture, &subject(Some("agt_a"), None), 100);
    let erased = erase(&fixture, &subject(Some("mem_1"), None), 100);
    assert_eq!(erased, Erased::default());
    assert!(verify(fixture.folder.path()).is_ok());
}

#[test]
fn a_piece_at_a_time_comes_to_the_same() {
    let fixture = recorded();
    let all_b = subject(Some("agt_b"), None);
    let counts: Vec<_> = (0..4).map(|_| erase(&fixture, &all_b, 1).count).collect();
    assert_eq!(counts, [1, 1, 1, 0]);
    assert_eq!(verify(fixture.folder.path()).unwrap().without_record, 3);
}

#[test]
fn an_erasure_that_names_less_than_it_took_is_found() {
    let fixture = recorded();
    fixture
        .run(|tx| {
            let erased = tx.erase_audit(
                &Erasure::Subject { actor_id: Some("agt_b".to_owned()), path: None, before: None },
                9,
            )?;
            let mut event = event(EventType::AuditErased);
            event.details = erasures::details(&Erased { ranges: vec![(2, 2), (6, 6)], ..erased });
            Ok(done((), [event]))
        })
        .unwrap();
    match verify(fixture.folder.path()) {
        Err(VerifyError::Broken(broken)) => assert_eq!(broken, Broken { seq: 4, fault: Fault::Withheld }),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_erased_record_cannot_be_put_back_as_another() {
    let fixture = recorded();
    erase(&fixture, &subject(Some("agt_a"), None), 100);
    let folder = fixture.close();
    let connection = Connection::open(folder.path().join("warded.db")).unwrap();
    connection.execute_batch("UPDATE audit_erased SET leaf = zeroblob(32) WHERE seq = 3").unwrap();
    assert!(matches!(verify(folder.path()), Err(VerifyError::Broken(Broken { seq: 3, .. }))));
}

#[test]
fn a_folder_is_held_to_its_own_checkpoints_and_to_those_kept_elsewhere() {
    let fixture = recorded();
    let key = SigningKey::new(&[1; 32]);
    let tenant = fixture.store.tenant();
    let signed = fixture
        .run(move |tx| {
            let (seq, link) = tx.chain_link(4)?.unwrap();
            let checkpoint = Checkpoint::sign(&SigningKey::new(&[1; 32]), tenant, seq, link, tx.now());
            tx.add_checkpoint(&checkpoint)?;
            Ok(done(checkpoint, []))
        })
        .unwrap();
    let path = fixture.folder.path();
    let held = |keys: &[&SigningKey], checkpoints: &[Checkpoint]| {
        let keys = keys.iter().map(|key| key.public()).collect();
        verify_data(path, Trust { keys, checkpoints: checkpoints.to_vec() }, &mut |_, _| {})
    };
    let fault = |result: Result<Verified, VerifyError>| match result {
        Err(VerifyError::Broken(broken)) => (broken.seq, broken.fault.name()),
        other => panic!("{other:?}"),
    };
    assert_eq!(held(&[], &[]).unwrap().signed_through, None, "without a key a signature says nothing");
    assert_eq!(held(&[&key], &[]).unwrap().signed_through, Some(4));
    assert_eq!(held(&[], &[signed]).unwrap().signed_through, Some(4));
    assert_eq!(fault(held(&[&SigningKey::new(&[2; 32])], &[])), (4, "key_unknown"));
    let later = Checkpoint::sign(&key, tenant, 9, [0; 32], at(1));
    assert_eq!(fault(held(&[&key], &[later])), (7, "truncated"));
    let other = Checkpoint::sign(&key, tenant, 5, [0; 32], at(1));
    assert_eq!(fault(held(&[&key], &[other])), (5, "checkpoint_mismatch"));
    let change = |sql: &str| fixture_change(path, sql);
    change("UPDATE audit_checkpoints SET time = time + 1");
    assert_eq!(fault(held(&[&key], &[])), (4, "signature_invalid"));
    change("UPDATE audit_checkpoints SET time = time - 1, link = zeroblob(32)");
    assert_eq!(fault(held(&[], &[])), (4, "checkpoint_mismatch"));
}

fn fixture_change(path: &Path, sql: &str) {
    Connection::open(path.join("warded.db")).unwrap().execute_batch(sql).unwrap();
}
