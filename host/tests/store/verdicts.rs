//! What a verdict leaves behind.

use std::sync::Arc;
use std::thread;

use warded::audit::EventType;
use warded::clock::Clock;
use warded::error::ApiCode;
use warded::store::sqlite::SqliteStore;
use warded::store::{AuditQuery, CallerId, StoreError, query, transact};
use warded_core::path::Path;

use super::fixture::{Fixture, agent, block_on, done, event, refusal, refused, secret, token};

#[test]
fn what_was_allowed_is_there_after_a_restart_with_its_event() {
    let fixture = Fixture::new();
    let tenant = fixture.store.tenant();
    let answer = fixture.run(|tx| {
        tx.add_secret(&secret("a/KEY"))?;
        Ok(done(7, [event(EventType::SecretCreated), event(EventType::SecretTierRaised)]))
    });
    assert_eq!(answer, Ok(7));
    let folder = fixture.close();
    let store = SqliteStore::open(folder.path(), Clock::system(), false).unwrap();
    assert_eq!(store.tenant(), tenant);
    let found = query(&store, |read| read.secret(Path::parse("a/KEY").unwrap())).unwrap();
    assert_eq!(found.unwrap().id, "sec_a/KEY");
    let records =
        query(&store, |read| read.audit(&AuditQuery { limit: 9, ..AuditQuery::default() })).unwrap();
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_refusal_undoes_what_was_written_and_leaves_its_event() {
    let fixture = Fixture::new();
    let answer = fixture.run(|tx| {
        tx.add_secret(&secret("a/KEY"))?;
        Ok(refused::<()>(event(EventType::SecretCreated)))
    });
    assert_eq!(answer, Err(refusal()));
    // The refusal was answered before its commit, so the next job is what says that it is over.
    fixture.write(|_| Ok(()));
    assert!(query(&fixture.store, |read| read.secret(Path::parse("a/KEY").unwrap())).unwrap().is_none());
    assert_eq!(fixture.audit(&AuditQuery::default()).len(), 1);
}

#[test]
fn a_job_that_fails_or_panics_costs_only_itself() {
    let fixture = Fixture::new();
    fixture.write(|tx| tx.add_agent(&agent("a")).map(drop));
    let duplicate = fixture.run(|tx| {
        tx.add_secret(&secret("a/LOST"))?;
        tx.add_token(&token("t", "agt_nobody"))?;
        Ok(done((), [event(EventType::TokenIssued)]))
    });
    assert_eq!(duplicate.unwrap_err().code, ApiCode::AuditUnavailable);
    let panicked = fixture.run(|tx| {
        tx.add_secret(&secret("a/LOST"))?;
        if tx.secret(Path::parse("a/LOST").unwrap())?.is_some() {
            panic!("a defect");
        }
        Ok(done((), []))
    });
    assert_eq!(panicked.unwrap_err().code, ApiCode::Internal);
    fixture.write(|tx| tx.add_secret(&secret("a/KEPT")));
    let found = query(&fixture.store, |read| read.secrets("", None, 9)).unwrap();
    assert_eq!(found.iter().map(|found| found.path.as_str()).collect::<Vec<_>>(), ["a/KEPT"]);
    assert!(fixture.audit(&AuditQuery::default()).is_empty());
}

#[test]
fn three_uses_allow_three_of_sixty_four() {
    let fixture = Fixture::new();
    fixture.write(|tx| {
        tx.add_agent(&agent("a"))?;
        tx.add_token(&token("t", "agt_a"))
    });
    let store = Arc::new(fixture.store);
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&store);
            thread::spawn(move || block_on(transact(&*store, |tx| use_once(tx))).is_ok())
        })
        .collect();
    let allowed = threads.into_iter().map(|thread| thread.join().unwrap()).filter(|allowed| *allowed).count();
    assert_eq!(allowed, 3);
    let counts = query(&*store, |read| {
        let outcome =
            |outcome: &str| AuditQuery { outcome: Some(outcome.to_owned()), ..AuditQuery::default() };
        Ok((read.audit_count(&outcome("allow"), 100)?, read.audit_count(&outcome("deny"), 100)?))
    });
    // Refusals are answered before they are committed.
    store.close();
    assert_eq!(counts.unwrap().0, 3);
    let store = SqliteStore::open(fixture.folder.path(), Clock::system(), false);
    assert!(store.is_err(), "the folder stays taken until the store is dropped");
}

fn use_once(tx: &mut dyn warded::store::Tx) -> Result<warded::store::Verdict<()>, StoreError> {
    let id = CallerId::Token("tok_t".to_owned());
    let caller = tx.caller(&id)?.unwrap();
    let usage = &caller.chain.last().unwrap().usage;
    if usage.uses >= 3 {
        let denied = event(EventType::SecretRead).denied([warded_core::ErrorCode::UsesExhausted]);
        return Ok(refused(denied));
    }
    let spent = usage.spent(tx.now().as_u64());
    for link in &caller.chain {
        tx.store_usage(&link.id, &spent)?;
    }
    Ok(done((), [event(EventType::SecretRead)]))
}
