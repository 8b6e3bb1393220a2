#![expect(clippy::arithmetic_side_effects, reason = "small numbers, and a test that overflows fails")]
use super::*;
use crate::call;
use crate::decide::decide;
use crate::decision::{Decision, Outcome};
use crate::document::Item;
use crate::error::Place;
use crate::vectors::{cases, parse, text};
use alloc::string::ToString as _;
use alloc::vec::Vec;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

/// What a call comes to: the answer, or the error's code and field.
fn answer(call: &Json) -> Json {
    let answer: Json = serde_json::from_slice(&call::answer(call.to_string().as_bytes()).json).unwrap();
    match answer.get("error") {
        Some(error) => json!({ "code": error["code"], "field": error["field"] }),
        None => answer,
    }
}

fn expect_all(list: &str, op: &str, fields: &[&str], expected: fn(&Json) -> Json) {
    let file = parse(include_str!("../../../tests/vectors/quota.json"));
    for case in cases(&file[list]) {
        let given = fields.iter().filter_map(|name| Some(((*name).into(), case.get(*name)?.clone())));
        let mut call: Map<_, _> = given.collect();
        call.insert("op".into(), op.into());
        assert_eq!(answer(&call.into()), expected(case), "{}", text(&case["why"]));
    }
}

const DECIDE: [&str; 2] = ["chain", "request"];
const SETTLE: [&str; 6] = ["grant", "usage", "reserved", "actual", "reserved_at", "now"];

#[test]
fn decisions_are_those_of_the_vectors() {
    expect_all("decisions", "decide", &DECIDE, |case| case["answer"].clone());
}

#[test]
fn settlements_are_those_of_the_vectors() {
    expect_all("settlements", "settle", &SETTLE, |case| case["answer"].clone());
}

#[test]
fn what_is_malformed_is_refused_as_in_the_vectors() {
    let refused = |case: &Json| json!({ "code": case["code"], "field": case["field"] });
    expect_all("errors", "decide", &DECIDE, refused);
    expect_all("settlement_errors", "settle", &SETTLE, refused);
}

const UNIT: &str = "tokens";

fn grant(algorithms: &[Json]) -> Grant {
    let limit =
        |(index, algorithm)| json!({ "id": std::format!("l{index}"), "unit": UNIT, "algorithm": algorithm });
    let limits: Vec<Json> = algorithms.iter().enumerate().map(limit).collect();
    Grant::from_json(json!({ "scopes": ["a:b"], "limits": limits }).to_string().as_bytes()).unwrap()
}

/// Asks for some tokens.
fn ask(grant: &Grant, usage: &Usage, now: u64, tokens: u64) -> Decision {
    let request = json!({ "resource": "a", "action": "b", "now": now, "cost": { UNIT: tokens } });
    let request = Value::parse(request.to_string().as_bytes()).unwrap();
    let request = Item::new(&request, Place::Root);
    decide(&[Link { grant, usage }], None, &Request::from_document(&request).unwrap())
}

fn settled(grant: &Grant, usage: &Usage, reserved: u64, actual: u64, now: u64) -> Usage {
    let cost = |tokens| Cost { tokens, ..Cost::NOTHING };
    let (reserved_at, now) = (None, Millis::new(now).unwrap());
    settle(grant, usage, &Settlement { reserved: cost(reserved), actual: cost(actual), reserved_at, now })
}

/// One step of a caller: how long it waits (or how far its clock goes back), how much it asks for, and what its work comes to.
#[derive(Debug, Clone)]
struct Step {
    wait: i64,
    tokens: u64,
    actual: Option<u64>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![4 => 0_i64..400, 2 => 0_i64..3_000, 1 => -2_000_i64..0];
    let step = (wait, 0_u64..8, proptest::option::of(0_u64..12));
    proptest::collection::vec(step.prop_map(|(wait, tokens, actual)| Step { wait, tokens, actual }), 1..60)
}

/// A request that was admitted, by the time that counts: the latest at which one was.
#[derive(Debug)]
struct Admitted {
    time: u64,
    reserved: u64,
    actual: u64,
}

/// Runs the steps on one usage.
fn run(grant: &Grant, steps: &[Step]) -> Vec<Admitted> {
    let mut clock = START;
    let mut usage = Usage::default();
    let mut admitted = Vec::new();
    for step in steps {
        clock = clock.saturating_add_signed(step.wait);
        let decision = ask(grant, &usage, clock, step.tokens);
        if decision.outcome() != Outcome::Allow {
            assert_eq!(decision.usages(), [usage.clone()]);
            continue;
        }
        usage = decision.usages()[0].clone();
        let time = usage.last;
        if let Some(actual) = step.actual {
            usage = settled(grant, &usage, step.tokens, actual, clock);
        }
        admitted.push(Admitted { time, reserved: step.tokens, actual: step.actual.unwrap_or(step.tokens) });
    }
    admitted
}

/// A whole second, minute and day.
const START: u64 = 1_779_926_400_000;

/// Asserts for each request that all before it from some moment on, and it, were no more than `most` says for the time between.
fn assert_bounded(admitted: &[Admitted], most: impl Fn(u64, u64) -> u64) {
    for (last, request) in admitted.iter().enumerate().filter(|(_, request)| request.reserved > 0) {
        let mut sum = request.reserved;
        for earlier in admitted[..last].iter().rev() {
            sum += earlier.actual;
            assert!(
                sum <= most(earlier.time, request.time),
                "{sum} from {} to {}",
                earlier.time,
                request.time
            );
        }
    }
}

fn reserved_only(mut steps: Vec<Step>) -> Vec<Step> {
    for step in &mut steps {
        step.actual = None;
    }
    steps
}

fn bucket(capacity: u64, refill: u64) -> Json {
    json!({ "bucket": { "capacity": capacity, "refill": refill, "per": "second" } })
}

/// The units that fit into a bucket and flow into it between two times.
fn flow(capacity: u64, refill: u64) -> impl Fn(u64, u64) -> u64 {
    move |from, to| capacity + refill * (to - from) / 1_000
}

/// Any limit that a grant can have, small ones and the greatest.
fn algorithms() -> impl Strategy<Value = Json> {
    let amount = || prop_oneof![3 => 1_u64..100, 1 => 1..=MAX_INTEGER, 1 => Just(MAX_INTEGER)];
    let pers = ["second", "minute", "hour", "day", "month"];
    let bucket = (amount(), amount(), 0_usize..4).prop_map(
        move |(capacity, refill, per)| json!({ "bucket": { "capacity": capacity, "refill": refill, "per": pers[per] } }),
    );
    let window = (amount(), 0_usize..5)
        .prop_map(move |(limit, per)| json!({ "window": { "limit": limit, "per": pers[per] } }));
    prop_oneof![bucket, window]
}

/// Any state, sound for the limit or not, of a time around [`START`].
fn states() -> impl Strategy<Value = State> {
    let amount = || prop_oneof![3 => 0_u64..100, 1 => 0..=MAX_INTEGER];
    let debt = || prop_oneof![3 => Just(0_u64), 1 => 0_u64..300, 1 => 0..=MAX_INTEGER];
    let time = || prop_oneof![START - 200_000_000..START + 200_000_000, 0..=MAX_INTEGER];
    let bucket = (amount(), 0_u32..86_400_000, time(), debt())
        .prop_map(|(level, fraction, at, debt)| State::Bucket { level, fraction, at, debt });
    let window =
        (amount(), time(), debt()).prop_map(|(used, start, debt)| State::Window { used, start, debt });
    prop_oneof![1 => Just(State::Fresh), 4 => bucket, 4 => window]
}

fn used(state: State) -> Usage {
    let mut usage = Usage::new(1, START, 1);
    usage.limits.push(state);
    usage
}

fn allows(grant: &Grant, usage: &Usage, now: u64, tokens: u64) -> bool {
    ask(grant, usage, now, tokens).outcome() == Outcome::Allow
}

#[test]
fn what_a_bucket_holds_pays_its_debt_first() {
    let grant = grant(&[json!({ "bucket": { "capacity": 13, "refill": 1, "per": "second" } })]);
    let usage = used(State::Bucket { level: 13, fraction: 1, at: START, debt: 20 });
    // 7 to pay and 13 to hold, less the millisecond's worth that is there.
    assert!(!allows(&grant, &usage, START + 19_998, 13));
    assert!(allows(&grant, &usage, START + 19_999, 13));
}

proptest! {
    #[test]
    fn a_bucket_admits_no_more_in_any_time_than_it_holds_and_what_flows_in(capacity in 1_u64..20, refill in 1_u64..20, steps in steps()) {
        let grant = grant(&[bucket(capacity, refill)]);
        assert_bounded(&run(&grant, &reserved_only(steps)), flow(capacity, refill));
    }

    #[test]
    fn nothing_is_admitted_before_settled_work_is_paid_for(capacity in 1_u64..20, refill in 1_u64..20, steps in steps()) {
        let admitted = run(&grant(&[bucket(capacity, refill)]), &steps);
        for (last, request) in admitted.iter().enumerate().filter(|(_, request)| request.reserved > 0) {
            let sum: u64 = admitted[..last].iter().map(|earlier| earlier.actual).sum();
            prop_assert!(sum + request.reserved <= flow(capacity, refill)(admitted[0].time, request.time));
        }
    }

    #[test]
    fn several_limits_admit_no_more_than_the_narrowest(capacity in 1_u64..20, limit in 1_u64..20, steps in steps()) {
        let window = json!({ "window": { "limit": limit, "per": "second" } });
        let admitted = run(&grant(&[bucket(capacity, 3), window]), &reserved_only(steps));
        assert_bounded(&admitted, flow(capacity, 3));
        assert_bounded(&admitted, |from, to| limit * (to / 1_000 - from / 1_000 + 1));
    }

    #[test]
    fn work_that_settles_for_less_is_as_if_it_had_been_reserved(algorithm in algorithms(), state in states(), tokens in 1_u64..50, less in 0_u64..50) {
        let (grant, usage, actual) = (grant(&[algorithm]), used(state), tokens.saturating_sub(less));
        let reserved = ask(&grant, &usage, START, tokens);
        if reserved.outcome() == Outcome::Allow {
            let settled = settled(&grant, &reserved.usages()[0], tokens, actual, START);
            let direct = ask(&grant, &usage, START, actual);
            prop_assert_eq!(&settled.limits, &direct.usages()[0].limits);
        }
    }

    #[test]
    fn settling_gives_back_no_more_than_was_reserved(algorithm in algorithms(), state in states(), tokens in 0_u64..50, actual in 0_u64..50, later in 0_u64..100_000) {
        let (grant, usage) = (grant(&[algorithm]), used(state));
        let left = |usage: &Usage| ask(&grant, usage, START + later, 0).limits()[0].remaining;
        let after = left(&settled(&grant, &usage, tokens, actual, START + later));
        prop_assert!(after <= left(&usage).saturating_add(tokens.saturating_sub(actual)));
    }

    #[test]
    fn a_clock_that_goes_back_changes_nothing(algorithm in algorithms(), state in states(), back in 0_u64..86_400_000) {
        let (grant, usage) = (grant(&[algorithm]), used(state));
        let (now, earlier) = (ask(&grant, &usage, START, 1), ask(&grant, &usage, START - back, 1));
        prop_assert_eq!(now, earlier);
    }

    #[test]
    fn what_remains_can_be_reserved_and_no_more(algorithm in algorithms(), state in states(), later in 0_u64..100_000_000) {
        let (grant, usage, now) = (grant(&[algorithm]), used(state), START + later);
        let remaining = ask(&grant, &usage, now, 0).limits()[0].remaining;
        prop_assert!(allows(&grant, &usage, now, remaining));
        prop_assert!(remaining == MAX_INTEGER || !allows(&grant, &usage, now, remaining + 1));
    }

    #[test]
    fn a_wait_is_as_long_as_it_must_be(algorithm in algorithms(), state in states(), tokens in 1_u64..200) {
        let (grant, usage) = (grant(&[algorithm]), used(state));
        let decision = ask(&grant, &usage, START, tokens);
        if let Some(time) = decision.limits()[0].retry_after {
            prop_assert!(time > START && time <= MAX_INTEGER);
            prop_assert!(allows(&grant, &usage, time, tokens));
            prop_assert!(!allows(&grant, &usage, time - 1, tokens));
        } else if decision.outcome() == Outcome::Deny {
            prop_assert!(!allows(&grant, &usage, MAX_INTEGER, tokens));
        }
    }

    #[test]
    fn at_its_reset_a_limit_has_all_there_is(algorithm in algorithms(), state in states()) {
        let (grant, usage) = (grant(&[algorithm]), used(state));
        let size = grant.limits()[0].algorithm().size();
        let reset = ask(&grant, &usage, START, 0).limits()[0].reset;
        prop_assert!(reset == MAX_INTEGER || allows(&grant, &usage, reset, size));
    }

    #[test]
    fn a_usage_is_read_back_from_its_document(algorithm in algorithms(), state in states()) {
        let (grant, usage) = (grant(&[algorithm]), used(state));
        let document = usage.to_document(&grant);
        prop_assert_eq!(Usage::from_document(&Item::new(&document, Place::Root), &grant), Ok(usage));
    }
}
