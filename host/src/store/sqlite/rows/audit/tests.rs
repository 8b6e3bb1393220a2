//! What queries cost, in steps of SQLite's machine, which no other load changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use warded_core::time::Millis;

use super::*;
use crate::audit::{Actor, ActorType, Event, Outcome};
use crate::store::sqlite::audit_log::Head;
use crate::store::sqlite::folder::{self, Folder};
use crate::store::sqlite::schema;

/// A chain of reads, every tenth of them by one agent; every tenth record beside those is of a refused listing.
fn chain(records: u64) -> (TempDir, Connection) {
    let root = tempfile::tempdir().unwrap();
    let database = Folder::take(root.path()).unwrap().database();
    let mut connection = folder::connect_to_write(&database).unwrap();
    schema::prepare(&mut connection, &database).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let mut head = Head::EMPTY;
    for number in 0..records {
        let id = if number % 10 == 3 { "agt_rare" } else { "agt_other" };
        let actor = Actor { kind: ActorType::Agent, id: id.to_owned() };
        let mut event = Event::new(EventType::SecretRead, actor, None);
        if number % 10 == 7 {
            (event.event_type, event.outcome) = (EventType::SecretListed, Outcome::Deny);
        }
        head.append(&connection, &event, Millis::ZERO).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    (root, connection)
}

/// The steps of a page of 50 with its total.
fn steps(connection: &mut Connection, query: &AuditQuery) -> u64 {
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let count_one = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    };
    connection.progress_handler(1, Some(count_one)).unwrap();
    newest(connection, &AuditQuery { limit: 50, ..query.clone() }).unwrap();
    count(connection, query, 100).unwrap();
    connection.progress_handler(1, None::<fn() -> bool>).unwrap();
    steps.load(Ordering::Relaxed)
}

#[test]
fn what_is_refused_of_an_event_type_is_found_without_what_else_either_has() {
    let word = |text: &str| Some(text.to_owned());
    let ((_few, mut few), (_many, mut many)) = (chain(2_000), chain(8_000));
    for (event_type, resource_type) in [
        (word("secret.read"), None),
        (word("secret.listed"), None),
        (None, word("secret")),
        (None, word("token")),
    ] {
        let query = AuditQuery { event_type, resource_type, outcome: word("deny"), ..AuditQuery::default() };
        let (of_few, of_many) = (steps(&mut few, &query), steps(&mut many, &query));
        assert!(of_many < of_few + of_few / 2, "{query:?}: {of_few} steps, then {of_many}");
    }
}
