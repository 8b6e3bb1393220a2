//! Audit queries: every combination of filters finds what a plain filter finds, newest first.

use warded::audit::{Actor, ActorType, Event, EventType, Origin, Outcome};
use warded::clock::Clock;
use warded::store::sqlite::SqliteStore;
use warded::store::{AuditQuery, query, transact};

use super::fixture::{at, block_on, done};

const EVENTS: u64 = 240;

/// The event of a number; every column takes each of its values with each of the others'.
fn numbered(number: u64) -> Event {
    let types =
        [EventType::SecretRead, EventType::SecretListed, EventType::TokenUsed, EventType::AgentCreated];
    let pick = |every: u64, of: u64| number / every % of;
    let actor = Actor { kind: ActorType::Agent, id: format!("agt_{}", pick(4, 3)) };
    let ip = (pick(1, 5) > 0).then(|| format!("10.0.0.{}", pick(1, 5)).parse().unwrap());
    let origin = Origin { request_id: format!("req_{number}"), ip };
    let mut event = Event::new(types[usize::try_from(pick(1, 4)).unwrap()], actor, Some(origin));
    event.path = (pick(2, 3) > 0).then(|| format!("a/{}", pick(2, 3)));
    event.outcome =
        [Outcome::Allow, Outcome::Ask, Outcome::Deny, Outcome::Error][usize::try_from(pick(3, 4)).unwrap()];
    event
}

/// When the event of a number was recorded.
fn time(number: u64) -> u64 {
    1_000_000 + number / 3 * 10
}

fn record(store: &SqliteStore, clock: &Clock, numbers: std::ops::Range<u64>) {
    for number in numbers {
        clock.advance_to(at(time(number)));
        block_on(transact(store, move |_| Ok(done((), [numbered(number)])))).unwrap();
    }
}

fn matches(query: &AuditQuery, number: u64, time: u64) -> bool {
    let event = numbered(number);
    let is = |wanted: &Option<String>, found: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| Some(wanted) == found)
    };
    let ip = event.origin.as_ref().unwrap().ip.map(|ip| ip.to_string());
    is(&query.event_type, Some(event.event_type.name()))
        && is(&query.resource_type, Some(event.event_type.resource_type()))
        && is(&query.actor_id, Some(&event.actor.id))
        && is(&query.path, event.path.as_deref())
        && is(&query.outcome, Some(event.outcome.word()))
        && is(&query.ip, ip.as_deref())
        && query.start.is_none_or(|start| time >= start.as_u64())
        && query.end.is_none_or(|end| time < end.as_u64())
        && query.below.is_none_or(|below| number + 1 < below)
}

/// Every combination of some values of each filter, `None` among them.
fn queries() -> Vec<AuditQuery> {
    let mut all = vec![AuditQuery { limit: 1_000, ..AuditQuery::default() }];
    let mut with = |values: &[&str], set: fn(&mut AuditQuery, String)| {
        let changed: Vec<_> = all
            .iter()
            .flat_map(|query| {
                values.iter().map(|value| {
                    let mut query = query.clone();
                    set(&mut query, (*value).to_owned());
                    query
                })
            })
            .collect();
        all.extend(changed);
    };
    with(&["secret.read", "agent.created", "nothing.known"], |query, value| query.event_type = Some(value));
    with(&["secret", "token", "nothing"], |query, value| query.resource_type = Some(value));
    with(&["agt_1", "agt_none"], |query, value| query.actor_id = Some(value));
    with(&["a/1"], |query, value| query.path = Some(value));
    with(&["allow", "deny", "error", "nothing"], |query, value| query.outcome = Some(value));
    with(&["10.0.0.2"], |query, value| query.ip = Some(value));
    with(&["x"], |query, _| {
        query.start = Some(at(time(30)));
        query.end = Some(at(time(200)));
    });
    with(&["x"], |query, _| query.below = Some(150));
    all
}

fn check(store: &SqliteStore, times: &[u64]) {
    for asked in queries() {
        let (found, count, few) = query(store, |read| {
            Ok((read.audit(&asked)?, read.audit_count(&asked, 10_000)?, read.audit_count(&asked, 3)?))
        })
        .unwrap();
        let numbers =
            times.iter().enumerate().rev().map(|(index, time)| (u64::try_from(index).unwrap(), *time));
        let expected: Vec<_> = numbers
            .filter(|(number, time)| matches(&asked, *number, *time))
            .map(|(number, _)| number + 1)
            .collect();
        assert_eq!(found.iter().map(|row| row.seq).collect::<Vec<_>>(), expected, "{asked:?}");
        assert_eq!((count, few), (expected.len() as u64, expected.len().min(3) as u64), "{asked:?}");
    }
}

#[test]
fn every_combination_of_filters_finds_what_a_plain_filter_finds() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(at(0));
    let store = SqliteStore::open(folder.path(), clock.clone(), false).unwrap();
    record(&store, &clock, 0..EVENTS);
    check(&store, &(0..EVENTS).map(time).collect::<Vec<_>>());
}

#[test]
fn times_are_found_also_where_the_clock_was_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let future = Clock::manual(at(time(EVENTS) + 1_000_000));
    let store = SqliteStore::open(folder.path(), future.clone(), false).unwrap();
    record(&store, &future, 0..40);
    drop(store);
    let clock = Clock::manual(at(0));
    let store = SqliteStore::open(folder.path(), clock.clone(), true).unwrap();
    record(&store, &clock, 40..EVENTS);
    let times = (0..EVENTS).map(|number| if number < 40 { time(EVENTS) + 1_000_000 } else { time(number) });
    check(&store, &times.collect::<Vec<_>>());
}

#[test]
fn pages_leave_out_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(at(0));
    let store = SqliteStore::open(folder.path(), clock.clone(), false).unwrap();
    record(&store, &clock, 0..10);
    let page = |offset, limit, below| {
        let asked = AuditQuery { offset, limit, below, ..AuditQuery::default() };
        let found = query(&store, |read| read.audit(&asked)).unwrap();
        found.into_iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 3, None), [10, 9, 8]);
    assert_eq!(page(3, 3, None), [7, 6, 5]);
    assert_eq!(page(0, 2, Some(5)), [4, 3]);
    assert!(page(u64::MAX, 3, None).is_empty());
}
