//! Memory stays flat however many calls are made, and bounded however many objects are loaded.

use crate::garbage::send_the_longest_documents;
use crate::instance::Raw;
use crate::layout::{GRANT, KEY, POLICY, decision, digest, open, ruled, seal};

const ROUNDS: u32 = 1_000_000;

#[test]
fn a_million_decisions_seals_opens_and_refusals_leave_the_memory_as_it_was() {
    let mut raw = Raw::new();
    let compiled = raw.done("warded_compile_grant", GRANT.as_bytes());
    let grant = raw.done("warded_load_grant", &compiled);
    let keyring = raw.done("warded_load_keyring", &KEY);
    let (allowed, denied) = (decision(&grant, "a/KEY"), decision(&grant, "b/KEY"));
    let compiled = raw.done("warded_compile_policy", POLICY.as_bytes());
    let policy = raw.done("warded_load_policy", &compiled);
    let forbidden = ruled(&grant, &policy, "10.6.6.6", 2, None);
    let asked = ruled(&grant, &policy, "10.1.2.3", 1, None);
    let ask = raw.done("warded_decide", &asked);
    let approved = ruled(&grant, &policy, "10.1.2.3", 1, Some(digest(&ask)));
    let mut round = |number: u32| {
        let mut salt = [0; 32];
        salt[..4].copy_from_slice(&number.to_le_bytes());
        // From nothing to 63 bytes, so that pieces of many sizes come and go.
        let plaintext = &[5; 64][..usize::try_from(number % 64).unwrap()];
        assert_eq!(raw.done("warded_decide", &allowed)[0], 1);
        assert_eq!(raw.done("warded_decide", &denied)[0], 0);
        assert_eq!(raw.done("warded_decide", &forbidden)[0], 0);
        assert_eq!(raw.done("warded_decide", &asked)[0], 2);
        assert_eq!(raw.done("warded_decide", &approved)[0], 1);
        let sealed = raw.done("warded_seal", &seal(&keyring, salt, plaintext));
        assert_eq!(raw.done("warded_open", &open(&keyring, &sealed)), plaintext);
        assert_ne!(raw.send("warded_open", &open(&keyring, &sealed[1..])).0, 0);
        assert_ne!(raw.send("warded_decide", &allowed[1..]).0, 0);
        raw.size()
    };
    let settled = (0..1_000).map(&mut round).max();
    let after = (0..ROUNDS).map(round).max();
    println!("{} bytes of memory before and after {ROUNDS} rounds", settled.unwrap());
    assert_eq!(after, settled);
}

/// What 256 loaded grants of this size and the largest answer may take, many times over: without a bound it would be 100 times as much.
const BOUND: usize = 8 * 1024 * 1024;

#[test]
fn a_hundred_thousand_distinct_grants_stay_within_a_bound() {
    let mut raw = Raw::new();
    let networks: Vec<String> = (0..=255).map(|third| format!("\"10.0.{third}.0/26\"")).collect();
    let networks = networks.join(",");
    let mut handles = Vec::new();
    for number in 0..100_000 {
        let scopes = format!("\"secrets:read:a/*\",\"secrets:read:b/{number}/*\"");
        let json = format!(r#"{{"id":"{number}","scopes":[{scopes}],"ip_allowlist":[{networks}]}}"#);
        let compiled = raw.done("warded_compile_grant", json.as_bytes());
        handles = raw.done("warded_load_grant", &compiled);
    }
    println!("{} bytes of memory after 100,000 grants of 256 networks", raw.size());
    assert!(raw.size() <= BOUND, "{}", raw.size());
    assert_eq!(raw.done("warded_decide", &decision(&handles, "a/KEY")).len(), 8 + 24 + 4);
}

/// What `docs/abi.md` says suffices whatever is sent.
const MOST_EVER: usize = 160 * 1024 * 1024;

#[test]
fn the_longest_inputs_beside_a_full_cache_stay_within_a_bound() {
    let mut raw = Raw::with_memory(MOST_EVER);
    // 100,000 networks each, 800 kB compiled: 40 fit into the 32 MiB that stay loaded.
    let networks: Vec<String> =
        (0_u32..100_000).map(|at| format!("\"{}\"", std::net::Ipv4Addr::from(at << 2))).collect();
    let networks = networks.join(",");
    for number in 0..60 {
        let json = format!(r#"{{"id":"{number}","scopes":[],"ip_allowlist":[{networks}]}}"#);
        let compiled = raw.done("warded_compile_grant", json.as_bytes());
        raw.done("warded_load_grant", &compiled);
    }
    println!("{} bytes of memory after 60 grants of 100,000 networks", raw.size());
    send_the_longest_documents(&mut raw);
    println!("{} bytes of memory after the longest documents", raw.size());
}
