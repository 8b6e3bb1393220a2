//! Which policy decides, which one decided before it, and which one is looked at beside it.

use std::sync::Arc;

use warded::guest::{CompiledPolicy, Guest};
use warded::policy::Policies;
use warded::store::policies::{ActivePolicy, FIRST, PolicyState};
use warded::store::{StoreError, query};
use warded_core::crypto::hash::sha256;
use warded_core::secret::Secret;

use super::fixture::{Fixture, done};

fn compiled(text: &str) -> CompiledPolicy {
    CompiledPolicy { bytes: Arc::from(text.as_bytes()), digest: sha256(text.as_bytes()) }
}

fn add(fixture: &Fixture, text: &'static str) -> u64 {
    fixture.run(move |tx| Ok(done(tx.add_policy(text, &compiled(text), "mem_1")?.version, []))).unwrap()
}

fn state(fixture: &Fixture) -> PolicyState {
    query(&fixture.store, |read| read.policy_state()).unwrap()
}

fn roll_back(fixture: &Fixture) -> Option<u64> {
    fixture.run(|tx| Ok(done(tx.roll_back_policy()?, []))).unwrap()
}

#[test]
fn the_first_policy_decides_until_another_is_activated() {
    let fixture = Fixture::new();
    assert_eq!(state(&fixture), PolicyState { revision: 0, active: None, shadow: None });
    assert_eq!(query(&fixture.store, |read| read.active_policy()).unwrap(), None);
    assert_eq!(add(&fixture, "a"), 1);
    assert_eq!(state(&fixture).active, None, "a new version decides nothing yet");
    fixture.write(|tx| tx.activate_policy(1, "mem_1"));
    let active = query(&fixture.store, |read| read.active_policy()).unwrap();
    assert_eq!(active, Some(ActivePolicy { version: 1, policy: compiled("a") }));
    assert_eq!((state(&fixture).revision, state(&fixture).active_version()), (1, 1));
}

#[test]
fn a_version_comes_back_as_it_was_stored_newest_first() {
    let fixture = Fixture::new();
    for text in ["a", "b", "c"] {
        add(&fixture, text);
    }
    let (info, document) = query(&fixture.store, |read| read.policy(2)).unwrap().unwrap();
    assert_eq!((info.version, info.digest, info.created_by.as_str()), (2, sha256(b"b"), "mem_1"));
    assert_eq!(document, "b");
    let listed = |below, limit| {
        let found = query(&fixture.store, |read| read.policies(below, limit)).unwrap();
        found.iter().map(|info| info.version).collect::<Vec<_>>()
    };
    assert_eq!((listed(None, 2), listed(Some(2), 9), listed(Some(0), 9)), (vec![3, 2], vec![1], vec![]));
    for unknown in [FIRST, 4, u64::MAX] {
        assert!(query(&fixture.store, |read| read.policy(unknown)).unwrap().is_none());
    }
}

#[test]
fn rolling_back_leads_down_to_the_first_policy_and_no_further() {
    let fixture = Fixture::new();
    assert_eq!(roll_back(&fixture), None, "nothing was ever activated");
    for text in ["a", "b", "c"] {
        let version = add(&fixture, text);
        fixture.write(move |tx| tx.activate_policy(version, "mem_1"));
    }
    assert_eq!((roll_back(&fixture), roll_back(&fixture)), (Some(2), Some(1)));
    fixture.write(|tx| tx.activate_policy(3, "mem_1"));
    assert_eq!(roll_back(&fixture), Some(1), "what was left is not what decided before");
    assert_eq!((roll_back(&fixture), roll_back(&fixture)), (Some(FIRST), None));
    assert_eq!(state(&fixture).active, None);
    fixture.write(|tx| tx.activate_policy(2, "mem_1"));
    fixture.write(|tx| tx.activate_policy(FIRST, "mem_1"));
    assert_eq!((state(&fixture).active_version(), roll_back(&fixture)), (FIRST, Some(2)));
}

#[test]
fn a_shadow_changes_nothing_but_itself() {
    let fixture = Fixture::new();
    add(&fixture, "a");
    fixture.write(|tx| tx.shadow_policy(Some(1)));
    let shadowed = state(&fixture);
    assert_eq!((shadowed.revision, shadowed.active), (1, None));
    assert_eq!(shadowed.shadow.unwrap().digest, sha256(b"a"));
    fixture.write(|tx| tx.shadow_policy(None));
    assert_eq!(state(&fixture), PolicyState { revision: 2, active: None, shadow: None });
}

#[test]
fn what_is_kept_is_never_stale() {
    let fixture = Fixture::new();
    let guest = Guest::new(&[Secret::new([7; 32])]).unwrap();
    let policies = Policies::default();
    let deciding = || {
        query(&fixture.store, |read| policies.deciding(&guest, read).map_err(|_| StoreError::Busy)).unwrap()
    };
    let active = || deciding().active;
    assert!(active().bytes.starts_with(b"wdp\x01"), "the first policy");
    for text in ["a", "b", "c", "d", "e", "f"] {
        let version = add(&fixture, text);
        fixture.write(move |tx| tx.activate_policy(version, "mem_1"));
        assert_eq!((active(), active()), (compiled(text), compiled(text)));
    }
    let once = active().bytes;
    assert!(Arc::ptr_eq(&once, &active().bytes), "the bytes are not read again");
    roll_back(&fixture);
    assert_eq!(active(), compiled("e"));
    fixture.write(|tx| tx.shadow_policy(Some(2)));
    let shadow = deciding().shadow.unwrap();
    assert_eq!((shadow.policy, shadow.pair.1.version, active()), (compiled("b"), 2, compiled("e")));

    // An activation that is undone leaves nothing behind that a later one of the same number could meet.
    let undone = fixture.run(|tx| {
        tx.activate_policy(1, "mem_1")?;
        Ok(super::fixture::refused::<()>(None))
    });
    assert!(undone.is_err());
    assert_eq!(active(), compiled("e"));
}
