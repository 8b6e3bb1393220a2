use warded_core::ErrorCode;
use warded_core::cost::Cost;
use warded_core::decision::Decision;
use warded_core::path::Path;
use warded_core::reason::Reason;
use warded_core::request::{Request, Target};
use warded_core::scope::Word;
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::trust::Trust;

use super::*;

const PAIR: Pair = (None, PolicyVersion { version: 1, digest: [1; 32] });

fn request(path: &str, now: u64) -> Request<'_> {
    Request {
        subject: None,
        resource: Word::parse("secrets").unwrap(),
        action: Word::parse("read").unwrap(),
        target: Target::Path(Path::parse(path).unwrap()),
        tier: Tier::Standard,
        ip: None,
        now: Millis::new(now).unwrap(),
        trust: Trust::Anonymous,
        cost: Cost::ONE_REQUEST,
        attributes: Vec::new(),
        approval: None,
    }
}

fn allow() -> Decision {
    Decision::from_parts(Outcome::Allow, Vec::new(), &[], Vec::new(), None).unwrap()
}

fn deny() -> Decision {
    let reasons = vec![Reason::of_policy(ErrorCode::PolicyDenied, Some("night"))];
    Decision::from_parts(Outcome::Deny, reasons, &[], Vec::new(), None).unwrap()
}

#[test]
fn pairs_of_outcomes_are_counted_and_only_differences_kept() {
    let shadow = Shadow::default();
    for path in ["a/1", "a/2", "a/1"] {
        shadow.observe(PAIR, &request(path, 5), &allow(), Some(&deny()));
    }
    shadow.observe(PAIR, &request("a/3", 6), &allow(), Some(&allow()));
    shadow.observe(PAIR, &request("a/3", 7), &deny(), None);
    let seen = shadow.seen(PAIR);
    assert_eq!((seen.counts, seen.failed), ([[1, 3, 0], [0; 3], [0; 3]], 1));
    assert_eq!(seen.since, Millis::new(5).ok());
    let told: Vec<_> = seen.examples.iter().map(|one| (one.on.join(""), one.count)).collect();
    assert_eq!(told, [("a/2".to_owned(), 1), ("a/1".to_owned(), 2)], "the latest stands last");
    assert_eq!(seen.examples[0].shadow.rules, ["night"]);
    let (active, shadow) = (&seen.examples[0].active, &seen.examples[0].shadow);
    assert_eq!((active.decision, shadow.reasons.as_slice()), ("allow", &["policy_denied"][..]));
}

#[test]
fn another_pair_begins_anew() {
    let shadow = Shadow::default();
    shadow.observe(PAIR, &request("a/1", 5), &allow(), Some(&deny()));
    let other = (None, PolicyVersion { version: 2, digest: [2; 32] });
    assert_eq!(shadow.seen(other).examples, []);
    shadow.observe(other, &request("a/1", 9), &allow(), Some(&allow()));
    assert_eq!((shadow.seen(PAIR).since, shadow.seen(other).since), (None, Millis::new(9).ok()));
}

#[test]
fn the_table_is_bounded_and_shows_no_token() {
    let shadow = Shadow::default();
    for n in 0..2 * MAX_EXAMPLES {
        shadow.observe(PAIR, &request(&format!("a/{n}"), 5), &allow(), Some(&deny()));
    }
    let seen = shadow.seen(PAIR);
    assert_eq!((seen.examples.len(), seen.examples[0].on[0].as_str()), (MAX_EXAMPLES, "a/100"));
    let path = format!("a/wds_{}", "0".repeat(49));
    shadow.observe(PAIR, &request(&path, 5), &allow(), Some(&deny()));
    assert_eq!(shadow.seen(PAIR).examples.last().unwrap().on, ["a/wds_***"]);
}
