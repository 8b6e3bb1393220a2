//! The chain of a data folder and its export: whole, or broken at the first record that does not hold.

use std::io::Cursor;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use warded::audit::export::{Format, export as write_export};
use warded::audit::verify::{Broken, Fault, Trust, Verified, VerifyError, verify_data, verify_export};
use warded::audit::{Event, EventType};
use warded_core::audit::checkpoint::{Checkpoint, SigningKey};
use warded_core::audit::export as format;
use warded_core::chain::{self, Reason};
use warded_core::time::Millis;

use super::fixture::{Fixture, done, event, refused};

fn some_event(number: u64) -> Event {
    let mut some = event(EventType::SecretRead);
    some.path = number.is_multiple_of(2).then(|| format!("a/KEY{number}"));
    some
}

/// Eight records, in batches of different sizes.
fn recorded() -> Fixture {
    let fixture = Fixture::new();
    for number in 0..4 {
        fixture.run(move |_| Ok(done((), [some_event(number), some_event(number + 1)]))).unwrap();
    }
    fixture
}

fn verify(path: &Path) -> Result<Verified, VerifyError> {
    verify_data(path, Trust::default(), &mut |_, _| {})
}

fn broken(result: Result<Verified, VerifyError>) -> Broken {
    match result {
        Err(VerifyError::Broken(broken)) => broken,
        other => panic!("{other:?}"),
    }
}

fn broken_after(sql: &str) -> Broken {
    let folder = recorded().close();
    change(&folder, sql);
    broken(verify(folder.path()))
}

fn change(folder: &TempDir, sql: &str) {
    Connection::open(folder.path().join("warded.db")).unwrap().execute_batch(sql).unwrap();
}

fn export(path: &Path) -> String {
    let mut out = Vec::new();
    write_export(path, Format::Ndjson, &mut out, &mut |_, _| {}).unwrap();
    String::from_utf8(out).unwrap()
}

fn verify_text(text: &str) -> Result<Verified, VerifyError> {
    verify_export(&mut Cursor::new(text), Trust::default(), &mut |_, _| {})
}

#[test]
fn a_chain_verifies_while_a_server_uses_it_and_after() {
    let fixture = recorded();
    let during = verify(fixture.folder.path()).unwrap();
    assert_eq!((during.checked, during.without_record, during.start_seq), (8, 0, 1));
    assert_eq!(during.tenant, fixture.store.tenant());
    fixture.run(|_| Ok(done((), [some_event(9)]))).unwrap();
    let _ = fixture.run(|_| Ok(refused::<()>(some_event(10))));
    let folder = fixture.close();
    let mut told = Vec::new();
    let after =
        verify_data(folder.path(), Trust::default(), &mut |done, size| told.push((done, size))).unwrap();
    assert_eq!(after.checked, 10);
    assert_ne!(after.link, during.link);
    assert_eq!(told, [(10, Some(10))]);
}

#[test]
fn an_empty_chain_verifies() {
    let folder = Fixture::new().close();
    assert_eq!(verify(folder.path()).unwrap().checked, 0);
    assert_eq!(verify_text(&export(folder.path())).unwrap().checked, 0);
}

#[test]
fn each_way_of_tampering_is_found_where_it_begins() {
    let chain = Fault::Chain;
    for (sql, seq, fault) in [
        (
            "UPDATE audit SET record = CAST(replace(CAST(record AS TEXT), 'agt_1', 'agt_2') AS BLOB), actor_id = 'agt_2' WHERE seq = 3",
            3,
            chain(Reason::LeafMismatch),
        ),
        ("UPDATE audit SET salt = zeroblob(16) WHERE seq = 4", 4, chain(Reason::LeafMismatch)),
        ("UPDATE audit SET link = zeroblob(32) WHERE seq = 5", 5, chain(Reason::LinkMismatch)),
        (
            "UPDATE audit SET record = NULL, salt = NULL, leaf = zeroblob(32) WHERE seq = 2",
            2,
            chain(Reason::LinkMismatch),
        ),
        ("DELETE FROM audit WHERE seq = 1", 1, chain(Reason::SeqGap)),
        ("DELETE FROM audit WHERE seq = 6", 6, chain(Reason::SeqGap)),
        ("DELETE FROM audit WHERE seq BETWEEN 3 AND 5", 3, chain(Reason::SeqGap)),
        (
            "UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 99",
            3,
            chain(Reason::LinkMismatch),
        ),
        ("DELETE FROM audit WHERE seq = 8", 8, Fault::HeadMismatch),
        ("DELETE FROM audit WHERE seq > 5", 6, Fault::HeadMismatch),
        ("DELETE FROM audit", 1, Fault::HeadMismatch),
        ("UPDATE audit SET created_at = created_at + 1 WHERE seq = 2", 2, Fault::Column("created_at")),
        ("UPDATE audit SET event_type = 'secret.listed' WHERE seq = 2", 2, Fault::Column("event_type")),
        ("UPDATE audit SET actor_id = 'agt_2' WHERE seq = 7", 7, Fault::Column("actor_id")),
        ("UPDATE audit SET path = NULL WHERE seq = 1", 1, Fault::Column("path")),
        ("UPDATE audit SET path = 'a/OTHER' WHERE seq = 2", 2, Fault::Column("path")),
        ("UPDATE audit SET outcome = 'deny' WHERE seq = 2", 2, Fault::Column("outcome")),
        ("UPDATE audit SET ip = '10.0.0.2' WHERE seq = 8", 8, Fault::Column("ip")),
        (
            "PRAGMA ignore_check_constraints = ON; UPDATE audit SET link = x'00' WHERE seq = 4",
            4,
            Fault::Malformed,
        ),
        (
            "PRAGMA ignore_check_constraints = ON; UPDATE audit SET seq = -1 WHERE seq = 4",
            1,
            Fault::Malformed,
        ),
    ] {
        assert_eq!(broken_after(sql), Broken { seq, fault }, "{sql}");
    }
}

#[test]
fn a_record_that_was_never_noted_is_found() {
    let folder = recorded().close();
    change(&folder, "UPDATE meta SET value = zeroblob(48) WHERE key = 'audit_head'");
    assert_eq!(broken(verify(folder.path())), Broken { seq: 1, fault: Fault::HeadMismatch });
}

#[test]
fn a_chain_recomputed_from_the_middle_on_is_missed_at_its_end() {
    let folder = recorded().close();
    let connection = Connection::open(folder.path().join("warded.db")).unwrap();
    let mut previous: [u8; 32] =
        connection.query_row("SELECT link FROM audit WHERE seq = 4", [], |row| row.get(0)).unwrap();
    for seq in 5..=8_u64 {
        let sql = "SELECT salt, CAST(record AS TEXT) FROM audit WHERE seq = ?1";
        let (salt, record): ([u8; 16], String) =
            connection.query_row(sql, [seq], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let record = record.replace("agt_1", "agt_2").into_bytes();
        let leaf = chain::leaf(&salt, &record);
        previous = chain::link(&previous, seq, &leaf);
        let sql = "UPDATE audit SET actor_id = 'agt_2', record = ?2, leaf = ?3, link = ?4 WHERE seq = ?1";
        connection.execute(sql, (seq, record, leaf, previous)).unwrap();
    }
    drop(connection);
    assert_eq!(broken(verify(folder.path())), Broken { seq: 8, fault: Fault::HeadMismatch });
}

#[test]
fn a_record_that_is_gone_without_a_word_is_found() {
    let folder = recorded().close();
    change(&folder, "UPDATE audit SET record = NULL, salt = NULL WHERE seq IN (2, 5)");
    let withheld = Broken { seq: 2, fault: Fault::Withheld };
    assert_eq!(broken(verify(folder.path())), withheld);
    let text = export(folder.path());
    assert_eq!(broken(verify_text(&text)), withheld);
    assert_eq!(broken(verify_text(&text.replace(r#""salt":null"#, r#""salt" : null"#))), withheld);
    assert_eq!(
        broken(verify_text(&text.replace(r#""salt":null"#, r#""s\u0061lt":null"#))).fault,
        Fault::Withheld
    );
    let filtered = verify_text(&text.replacen(r#""filter":null"#, r#""filter":{"path":"a/B"}"#, 1)).unwrap();
    assert_eq!((filtered.checked, filtered.without_record, filtered.is_filtered), (8, 2, true));
}

#[test]
fn an_export_verifies_without_its_folder() {
    let fixture = recorded();
    let text = export(fixture.folder.path());
    let verified = verify_text(&text).unwrap();
    assert_eq!((verified.checked, verified.tenant), (8, fixture.store.tenant()));
    let mut lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 9);
    // Key order and spaces of an export do not matter: the record is canonicalised again.
    let spaced = lines[2]
        .replace("\":", "\" : ")
        .replace(r#""outcome" : "allow","path" : null"#, r#""path":null,"outcome":"allow""#);
    assert_ne!(spaced, lines[2]);
    lines[2] = &spaced;
    assert_eq!(verify_text(&(lines.join("\n") + "\n")).unwrap(), verified);
}

#[test]
fn a_changed_export_is_found_where_it_begins() {
    let folder = recorded().close();
    let text = export(folder.path());
    let lines: Vec<&str> = text.lines().collect();
    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        change(&mut lines);
        verify_text(&(lines.join("\n") + "\n"))
    };
    let chain = |seq, reason| Broken { seq, fault: Fault::Chain(reason) };
    let edited = changed(&|lines| lines[3] = lines[3].replace("agt_1", "agt_2"));
    assert_eq!(broken(edited), chain(3, Reason::LeafMismatch));
    let removed = changed(&|lines| drop(lines.remove(4)));
    assert_eq!(broken(removed), chain(4, Reason::SeqGap));
    let swapped = changed(&|lines| lines.swap(5, 6));
    assert_eq!(broken(swapped), chain(5, Reason::SeqGap));
    let start = changed(&|lines| lines[0] = lines[0].replace(&"0".repeat(64), &"1".repeat(64)));
    assert_eq!(broken(start), chain(1, Reason::LinkMismatch));
    let duplicate =
        changed(&|lines| lines[2] = lines[2].replace(r#""outcome":"#, r#""outcome":"deny","outcome":"#));
    assert!(matches!(duplicate, Err(VerifyError::Format(_))), "{duplicate:?}");
}

#[test]
fn an_export_is_held_to_checkpoints() {
    let folder = recorded().close();
    let whole = verify(folder.path()).unwrap();
    let (key, text) = (SigningKey::new(&[1; 32]), export(folder.path()));
    let checkpoint = Checkpoint::sign(&key, whole.tenant, whole.checked, whole.link, Millis::ZERO);
    let held = |text: &str, key: &SigningKey| {
        let trust = Trust { keys: vec![key.public()], checkpoints: vec![checkpoint] };
        verify_export(&mut Cursor::new(text), trust, &mut |_, _| {})
    };
    assert_eq!(held(&text, &key).unwrap().signed_through, Some(whole.checked));
    let last = text.trim_end().rfind('\n').unwrap();
    let fault = |fault| Broken { seq: whole.checked, fault: Fault::Checkpoint(fault) };
    assert_eq!(broken(held(text.get(..=last).unwrap(), &key)), fault(format::Fault::Truncated));
    assert_eq!(broken(held(&text, &SigningKey::new(&[2; 32]))), fault(format::Fault::KeyUnknown));
    let document = String::from_utf8(checkpoint.to_document().to_json()).unwrap();
    let inside = format!("{text}{{\"checkpoint\":{document}}}\n");
    let trust = Trust { keys: vec![key.public()], ..Trust::default() };
    let verified = verify_export(&mut Cursor::new(&inside), trust, &mut |_, _| {}).unwrap();
    assert_eq!(verified.signed_through, Some(whole.checked));
    assert_eq!(verify_text(&inside).unwrap().signed_through, None, "no key, no signature");
}

#[test]
fn what_is_no_export_is_refused_by_line() {
    let folder = recorded().close();
    let text = export(folder.path());
    let say = |text: &str| verify_text(text).unwrap_err().to_string();
    assert_eq!(say(""), "line 1 of the export: the file is empty");
    assert_eq!(say("{}\n"), "line 1 of the export: `format`: field is missing");
    assert!(say(&text.replacen("audit/1", "audit/9", 1)).ends_with("another format"));
    assert!(say(&text.replacen(r#""leaf""#, r#""beef""#, 1)).starts_with("line 2 of the export: "));
    assert!(say(text.trim_end()).contains("does not end"));
    assert!(verify_text(&(text + "\n")).is_ok(), "a blank line says nothing");
}

#[test]
fn a_folder_without_a_database_is_said_to_have_none() {
    let folder = tempfile::tempdir().unwrap();
    assert!(verify(folder.path()).unwrap_err().to_string().contains("there is no database"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "reading makes nothing");
}
