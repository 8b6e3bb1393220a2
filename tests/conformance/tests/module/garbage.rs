//! A host that passes garbage: any bytes through any export, with any length, give an error code and never a trap.

use warded_core::ErrorCode;
use warded_core::filter::MAX_PATHS;
use warded_fuzz::mutate::Mutator;

use crate::instance::{Answer, Raw};
use crate::layout::{
    CONTEXT, GRANT, KEY, LIMITED, POLICY, charge, decision, digest, open, ruled, seal, sized,
};

/// The most that the buffer holds: `docs/abi.md`.
const MOST: u32 = 17 * 1024 * 1024;
const CALLS: u32 = 1_000_000;
const SEED: u64 = 1;

#[test]
fn any_bytes_through_any_export_are_answered() {
    let mut raw = Raw::new();
    let names = raw.names();
    assert!(names.len() >= 17 && names.iter().any(|name| name == "warded_call"), "{names:?}");
    let corpus = inputs(&mut raw);
    let mut random = Mutator::new(&corpus, SEED);
    let mut last = Vec::new();
    let (mut done, mut refused) = (0_u32, 0_u32);
    for _ in 0..CALLS {
        let name = &names[random.below(names.len())];
        let input = match random.below(8) {
            0 => (0..random.below(300)).map(|_| random.byte()).collect(),
            1 => std::mem::take(&mut last),
            2 => [last.as_slice(), &random.input()].concat(),
            _ => random.input(),
        };
        raw.write(&input);
        let answer = raw.call(name, length(&mut random, input.len()));
        check(name, &answer);
        *(if answer.0 == 0 { &mut done } else { &mut refused }) += 1;
        last = answer.1;
        last.truncate(4096);
    }
    println!("{CALLS} calls of {} exports, seed {SEED}: {done} done, {refused} refused", names.len());
    assert!(done > CALLS / 20 && refused > CALLS / 20, "neither side is seldom");
}

/// Mostly the length of the input; otherwise any other.
fn length(random: &mut Mutator<'_>, of_input: usize) -> u32 {
    let of_input = u32::try_from(of_input).unwrap();
    let any = u32::from_le_bytes(std::array::from_fn(|_| random.byte()));
    match random.below(32) {
        0 => any,
        1 => any % (MOST + 2),
        2 => of_input.saturating_add(any % 5),
        3 => [0, u32::MAX, 1 << 31, (1 << 31) - 1, MOST, MOST + 1, 1 << 16][random.below(7)],
        _ => of_input,
    }
}

/// An answer is a success, or an error whose number and name belong together and which nobody has to call a bug.
fn check(name: &str, (status, answer): &Answer) {
    if *status == 0 {
        return;
    }
    let code = u16::try_from(*status).ok().and_then(ErrorCode::from_number);
    let code = code.unwrap_or_else(|| panic!("{name}: status {status}"));
    assert_ne!(code, ErrorCode::Internal, "{name}");
    let document: serde_json::Value = serde_json::from_slice(answer).expect("an error is a document");
    assert_eq!(document["error"]["code"], code.name(), "{name}");
}

/// One good input of each kind, for mutations to begin with.
fn inputs(raw: &mut Raw) -> Vec<Vec<u8>> {
    let compiled = raw.done("warded_compile_grant", GRANT.as_bytes());
    let grant = raw.done("warded_load_grant", &compiled);
    let limited = raw.done("warded_compile_grant", LIMITED.as_bytes());
    let limited = raw.done("warded_load_grant", &limited);
    assert_eq!(raw.done("warded_decide", &charge(&limited))[0], 1);
    let rules = raw.done("warded_compile_policy", POLICY.as_bytes());
    let policy = raw.done("warded_load_policy", &rules);
    let asked = ruled(&grant, &policy, "10.1.2.3", 1, None);
    let ask = raw.done("warded_decide", &asked);
    let approved = ruled(&grant, &policy, "10.1.2.3", 1, Some(digest(&ask)));
    let forbidden = ruled(&grant, &policy, "10.6.6.6", 2, None);
    let outcomes = [&asked, &approved, &forbidden].map(|input| raw.done("warded_decide", input)[0]);
    assert_eq!(outcomes, [2, 1, 0]);
    let keyring = raw.done("warded_load_keyring", &KEY);
    let sealed = raw.done("warded_seal", &seal(&keyring, [1; 32], b"value"));
    let data_key = [&keyring[..], &[3; 32], &[4; 64], &CONTEXT, &CONTEXT, b"value"].concat();
    let parts = raw.done("warded_seal_with_data_key", &data_key);
    let minted = raw.done("warded_mint_token", &[&b"s"[..], &[9; 32]].concat());
    let gcm = [&[1; 44][..], &sized(b"aad"), b"plaintext"].concat();
    let opaque = raw.done("warded_aes_gcm_seal", &gcm);
    vec![
        GRANT.into(),
        br#"{"op":"decide","chain":[{"grant":{"scopes":["secrets:read:a/*"]}}],"request":{"resource":"secrets","action":"read","path":"a/b","now":1}}"#.into(),
        br#"{"op":"errors"}"#.into(),
        decision(&grant, "a/KEY"),
        decision(&keyring, "a/KEY"),
        POLICY.into(),
        rules,
        asked,
        approved,
        forbidden,
        LIMITED.into(),
        charge(&limited),
        seal(&keyring, [2; 32], b"value"),
        open(&keyring, &sealed),
        open(&grant, &sealed),
        [&keyring[..], &CONTEXT, &CONTEXT, &parts].concat(),
        minted[..53].into(),
        [&minted[53..], &minted[..53]].concat(),
        [&b"s"[..], &[9; 32]].concat(),
        [&sized(&KEY)[..], b"data"].concat(),
        [&64_u32.to_le_bytes(), &KEY[..], &sized(b"label"), b"context"].concat(),
        [&[1; 44][..], &sized(b"aad"), &opaque].concat(),
        [KEY, [8; 32]].concat(),
        compiled,
        data_key,
        gcm,
    ]
}

#[test]
fn a_call_before_any_buffer_is_refused_or_empty() {
    for name in Raw::new().names() {
        for length in [0, 1, 12, 4096, MOST, u32::MAX] {
            let answer = Raw::new().call(&name, length);
            check(&name, &answer);
            assert!(
                length == 0 || answer.0 == u32::from(ErrorCode::InvalidBuffer.number()),
                "{name} {length}"
            );
        }
    }
}

#[test]
fn a_buffer_over_the_limit_is_refused_and_the_old_one_stays() {
    let mut raw = Raw::new();
    let abc = raw.done("warded_sha256", b"abc");
    raw.write(b"abc");
    for length in [MOST + 1, 1 << 31, u32::MAX] {
        assert_eq!(raw.buffer(length), 0);
    }
    assert_eq!(raw.call("warded_sha256", 3), (0, abc));
    assert_ne!(raw.buffer(MOST), 0);
}

#[test]
fn the_longest_input_of_every_export_is_answered() {
    let mut raw = Raw::new();
    for name in raw.names() {
        for byte in [0, b'[', b'a', 0xff] {
            let answer = raw.send(&name, &vec![byte; usize::try_from(MOST).unwrap()]);
            check(&name, &answer);
        }
    }
}

#[test]
fn documents_that_would_fill_the_memory_are_answered() {
    let mut raw = Raw::new();
    send_the_longest_documents(&mut raw);
}

/// Lists of as many values, and texts of as many bytes, as fit into the buffer.
pub(crate) fn send_the_longest_documents(raw: &mut Raw) {
    let most = usize::try_from(MOST).unwrap();
    let list = |entry: &str| format!("[{}]", entry.repeat((most - 2) / entry.len()).trim_end_matches(','));
    let key = "07".repeat(32);
    let hex = "0".repeat(most / 2 * 2 - 400);
    let mut documents: Vec<String> =
        ["1,", "\"\",", "{},", "[],", "{\"a\":0},", "\"\\u0000\","].map(list).into();
    documents.extend([
        format!(r#"{{"op":"seal","keys":["{key}"],"salt":"{key}","context":{{}},"plaintext":"{hex}"}}"#),
        format!(r#"{{"op":"open","keys":["{key}"],"context":{{}},"sealed":"{hex}"}}"#),
        format!(r#"{{"op":"parse_scope","text":"a:b:{hex}"}}"#),
        format!(r#"{{"op":"verify_token","text":"{hex}","hash":"{key}"}}"#),
        filter_of_the_most_paths(),
        format!(r#"{{"op":"{hex}"}}"#),
        format!(r#"{{"{hex}":1}}"#),
        format!(r#"{{"op":"compile_grant","grant":{{"scopes":[],"{hex}":1}}}}"#),
    ]);
    for document in documents {
        for name in ["warded_call", "warded_compile_grant"] {
            check(name, &raw.send(name, document.as_bytes()));
        }
    }
}

fn filter_of_the_most_paths() -> String {
    let paths = vec![r#"{"path":"a/KEY","tier":"standard"}"#; MAX_PATHS].join(",");
    let request = r#"{"resource":"secrets","action":"read","now":1}"#;
    let chain = r#"[{"grant":{"scopes":["secrets:read:a/*"]}}]"#;
    format!(r#"{{"op":"filter","chain":{chain},"request":{request},"paths":[{paths}]}}"#)
}

#[test]
fn the_most_paths_are_filtered() {
    let answer = Raw::new().done("warded_call", filter_of_the_most_paths().as_bytes());
    assert!(answer.starts_with(b"{\"indices\":[0,1,") && answer.ends_with(b",79999]}"));
}

#[test]
fn handles_are_for_what_was_loaded_under_them_only() {
    let mut raw = Raw::new();
    let grant = |number: u32| format!(r#"{{"scopes":["secrets:read:a/*","secrets:read:b/{number}"]}}"#);
    let load = |raw: &mut Raw, number| {
        let compiled = raw.done("warded_compile_grant", grant(number).as_bytes());
        raw.done("warded_load_grant", &compiled)
    };
    let first = load(&mut raw, 0);
    let keyring = raw.done("warded_load_keyring", &KEY);
    assert_eq!(raw.done("warded_decide", &decision(&first, "a/KEY"))[0], 1);
    let stale = u32::from(ErrorCode::Stale.number());
    assert_eq!(raw.send("warded_decide", &decision(&keyring, "a/KEY")).0, stale, "a keyring is no grant");
    assert_eq!(raw.send("warded_seal", &seal(&first, [1; 32], b"")).0, stale, "a grant is no keyring");
    for slot in [1_u32, 255, 256, u32::MAX] {
        let other = [&slot.to_le_bytes(), &first[4..]].concat();
        assert_eq!(raw.send("warded_decide", &decision(&other, "a/KEY")).0, stale, "slot {slot}");
    }
    // 256 grants stay loaded, the least recently used goes first.
    for number in 1..=256 {
        load(&mut raw, number);
    }
    assert_eq!(raw.send("warded_decide", &decision(&first, "a/KEY")).0, stale);
    assert_eq!(load(&mut raw, 0)[4..], first[4..]);
    assert_eq!(load(&mut raw, 0), load(&mut raw, 0), "loaded twice, loaded once");
}
