use super::*;
use alloc::vec;
use std::string::String;

mod policy;

fn write(engine: &mut Engine, bytes: &[u8]) -> usize {
    engine.buffer(bytes.len()).unwrap()[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}

fn run(engine: &mut Engine, export: Export, input: &[u8]) -> (u16, Vec<u8>) {
    let length = write(engine, input);
    let packed = engine.run(length, export);
    let (status, length) =
        (u16::try_from(packed >> 32).unwrap(), usize::try_from(packed & 0xffff_ffff).unwrap());
    (status, engine.buffer(length).unwrap()[..length].to_vec())
}

fn done(engine: &mut Engine, export: Export, input: &[u8]) -> Vec<u8> {
    let (status, answer) = run(engine, export, input);
    assert_eq!(status, 0, "{}", String::from_utf8_lossy(&answer));
    answer
}

fn packed_request(handle: &[u8], path: &str, ip: &str) -> Vec<u8> {
    let mut request = vec![1, 1, 0, 1, 7, 4];
    request.extend_from_slice(&u16::try_from(path.len()).unwrap().to_le_bytes());
    request.extend_from_slice(&[u8::from(!ip.is_empty()), u8::try_from(ip.len()).unwrap(), 0, 0, 0, 0, 0, 0]);
    request.extend_from_slice(&1000_u64.to_le_bytes());
    request.extend_from_slice(handle);
    request.extend_from_slice(&[0; 4]);
    for counter in [2_u64, 0, 7] {
        request.extend_from_slice(&counter.to_le_bytes());
    }
    request.extend_from_slice(b"secretsread");
    request.extend_from_slice(path.as_bytes());
    request.extend_from_slice(ip.as_bytes());
    request
}

fn loaded(engine: &mut Engine, grant: &str) -> Vec<u8> {
    let compiled = done(engine, Export::COMPILE_GRANT, grant.as_bytes());
    done(engine, Export::LOAD_GRANT, &compiled)
}

const GRANT: &str = r#"{"scopes":["secrets:read:a/*"],"ip_allowlist":["10.0.0.0/8"],"max_uses":3}"#;

#[test]
fn a_packed_request_is_decided_and_the_next_usage_returned() {
    let engine = &mut Engine::new();
    let handle = loaded(engine, GRANT);
    let answer = done(engine, Export::DECIDE, &packed_request(&handle, "a/KEY", "10.1.1.1"));
    assert_eq!(answer.len(), 8 + 24);
    assert_eq!(answer[..8], [1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(answer[8..16], 3_u64.to_le_bytes());
    assert_eq!(answer[16..24], 1000_u64.to_le_bytes());
    assert_eq!(answer[24..], 8_u64.to_le_bytes());
}

#[test]
fn a_packed_refusal_names_each_clause() {
    let engine = &mut Engine::new();
    let handle = loaded(engine, GRANT);
    let answer = done(engine, Export::DECIDE, &packed_request(&handle, "b/KEY", ""));
    assert_eq!(answer[..8], [0, 1, 2, 0, 0, 0, 0, 0]);
    let codes = [ErrorCode::IpUnknown.number(), ErrorCode::ScopeMissing.number()];
    assert_eq!(
        [answer[32..34].to_vec(), answer[36..38].to_vec()],
        codes.map(|code| code.to_le_bytes().to_vec())
    );
}

#[test]
fn a_malformed_field_of_a_packed_request_is_named() {
    let engine = &mut Engine::new();
    let handle = loaded(engine, GRANT);
    let (status, answer) = run(engine, Export::DECIDE, &packed_request(&handle, "a//KEY", ""));
    assert_eq!(status, ErrorCode::InvalidPath.number());
    assert!(String::from_utf8(answer).unwrap().contains(r#""field":"path""#));
    let (status, _) = run(engine, Export::DECIDE, &packed_request(&handle, "a/KEY", "10.0.0.01"));
    assert_eq!(status, ErrorCode::InvalidIp.number());
}

#[test]
fn every_truncation_of_a_packed_request_is_refused() {
    let engine = &mut Engine::new();
    let handle = loaded(engine, GRANT);
    let request = packed_request(&handle, "a/KEY", "10.1.1.1");
    for length in 0..request.len() {
        let (status, _) = run(engine, Export::DECIDE, &request[..length]);
        assert_eq!(status, ErrorCode::InvalidBuffer.number(), "{length}");
    }
}

#[test]
fn a_handle_of_another_object_is_stale() {
    let engine = &mut Engine::new();
    let mut handle = loaded(engine, GRANT);
    handle[5] ^= 1;
    let (status, _) = run(engine, Export::DECIDE, &packed_request(&handle, "a/KEY", "10.1.1.1"));
    assert_eq!(status, ErrorCode::Stale.number());
}

fn empty_context() -> Vec<u8> {
    vec![0; 20]
}

#[test]
fn what_is_sealed_is_opened_and_its_input_is_wiped() {
    let engine = &mut Engine::new();
    let handle = done(engine, Export::LOAD_KEYRING, &[7; 32]);
    let sealed = done(engine, Export::SEAL, &[&handle[..], &[1; 32], &empty_context(), b"hunter2"].concat());
    assert!(!engine.buffer.windows(7).any(|bytes| bytes == b"hunter2"));
    let opened = done(engine, Export::OPEN, &[&handle[..], &empty_context(), &sealed].concat());
    assert_eq!(opened, b"hunter2");
    // The answer stays for its reader, and goes with the next call.
    assert!(engine.buffer.starts_with(b"hunter2"));
    done(engine, Export::SHA256, b"x");
    assert!(!engine.buffer.windows(6).any(|bytes| bytes == b"unter2"));
}

#[test]
fn a_value_under_a_data_key_opens_with_both_parts_only() {
    let engine = &mut Engine::new();
    let handle = done(engine, Export::LOAD_KEYRING, &[7; 32]);
    let contexts = [empty_context(), empty_context()].concat();
    let input = [&handle[..], &[3; 32], &[4; 64], &contexts, b"value"].concat();
    let parts = done(engine, Export::SEAL_WITH_DATA_KEY, &input);
    assert_eq!(parts.len(), 4 + 32 + 90 + 5 + 90);
    let open = [&handle[..], &contexts, &parts].concat();
    assert_eq!(done(engine, Export::OPEN_WITH_DATA_KEY, &open), b"value");
    let mut other = open.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(run(engine, Export::OPEN_WITH_DATA_KEY, &other).0, ErrorCode::SealRejected.number());
}

#[test]
fn what_an_older_key_sealed_is_sealed_again() {
    let engine = &mut Engine::new();
    let (older, newer) = ([7; 32], [8; 32]);
    let handle = done(engine, Export::LOAD_KEYRING, &older);
    let sealed = done(engine, Export::SEAL, &[&handle[..], &[1; 32], &empty_context(), b"hunter2"].concat());
    let both = done(engine, Export::LOAD_KEYRING, &[newer, older].concat());
    let again = done(engine, Export::RESEAL, &[&both[..], &[2; 32], &empty_context(), &sealed].concat());
    let handle = done(engine, Export::LOAD_KEYRING, &newer);
    assert_eq!(
        again,
        done(engine, Export::SEAL, &[&handle[..], &[2; 32], &empty_context(), b"hunter2"].concat())
    );
    let (status, _) =
        run(engine, Export::RESEAL, &[&handle[..], &[2; 32], &empty_context(), &sealed].concat());
    assert_eq!(status, ErrorCode::KeyUnknown.number());
}

#[test]
fn a_value_may_be_encrypted_by_the_caller() {
    let engine = &mut Engine::new();
    let handle = done(engine, Export::LOAD_KEYRING, &[7; 32]);
    let head_input = [&handle[..], &[1; 32], &empty_context()].concat();
    let parts = done(engine, Export::SEAL_HEAD, &head_input);
    let (head, key) = parts.split_at(74);
    let body = done(engine, Export::AES_GCM_SEAL, &[key, &[0; 12], &[0; 4], b"hunter2"].concat());
    let sealed = done(engine, Export::SEAL, &[&head_input[..], b"hunter2"].concat());
    assert_eq!([head, &body].concat(), sealed);
    let opened = done(engine, Export::OPEN_HEAD, &[&handle[..], &empty_context(), head].concat());
    assert_eq!(opened, key);
    let (status, _) = run(engine, Export::OPEN_HEAD, &[&handle[..], &empty_context(), &sealed].concat());
    assert_eq!(status, ErrorCode::SealRejected.number());
    let (status, _) = run(engine, Export::SEAL_HEAD, &[&head_input[..], b"x"].concat());
    assert_eq!(status, ErrorCode::InvalidBuffer.number());
}

#[test]
fn a_bundle_is_signed_and_opened_for_its_audience() {
    let engine = &mut Engine::new();
    let grant = done(engine, Export::COMPILE_GRANT, GRANT.as_bytes());
    let bytes = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat();
    let numbers = [4_u64, 1000, 2000].map(u64::to_le_bytes).concat();
    let head = [&b"wdb\x01"[..], &[1; 16], &numbers, &bytes(b"edge"), &1_u32.to_le_bytes()].concat();
    let body = [head, bytes(b"tok_1"), bytes(&[]), bytes(&grant), bytes(&[])].concat();
    let made = done(engine, Export::MAKE_BUNDLE, &[&[9; 32][..], &body].concat());
    assert_eq!(made.len(), body.len() + 32);
    let open = |now: u64, audience: &[u8], made: &[u8]| {
        [&[9; 32][..], &now.to_le_bytes(), &4_u64.to_le_bytes(), &bytes(audience), made].concat()
    };
    assert_eq!(done(engine, Export::OPEN_BUNDLE, &open(1000, b"edge", &made)), body);
    for (input, code) in [
        (open(1000, b"edge", &made[1..]), ErrorCode::BundleRejected),
        (open(1000, b"other", &made), ErrorCode::BundleForeign),
        (open(999, b"edge", &made), ErrorCode::BundleNotYetValid),
        (open(2000, b"edge", &made), ErrorCode::BundleExpired),
        (open(1 << 53, b"edge", &made), ErrorCode::OutOfRange),
        (vec![0; 51], ErrorCode::InvalidBuffer),
    ] {
        assert_eq!(run(engine, Export::OPEN_BUNDLE, &input).0, code.number());
    }
    for input in [&[9; 31][..], &[9; 32]] {
        assert_ne!(run(engine, Export::MAKE_BUNDLE, input).0, 0);
    }
}

#[test]
fn tokens_are_minted_hashed_and_verified() {
    let engine = &mut Engine::new();
    let minted = done(engine, Export::MINT_TOKEN, &[&b"s"[..], &[9; 32]].concat());
    let (text, hash) = minted.split_at(53);
    assert_eq!(done(engine, Export::HASH_TOKEN, text), [&b"s"[..], hash].concat());
    assert_eq!(done(engine, Export::VERIFY_TOKEN, &[hash, text].concat()), [1]);
    assert_eq!(done(engine, Export::VERIFY_TOKEN, &[&[0; 32], text].concat()), [0]);
    assert_eq!(run(engine, Export::HASH_TOKEN, b"wds_nonsense").0, ErrorCode::InvalidToken.number());
    assert_eq!(run(engine, Export::HASH_TOKEN, &[255; 53]).0, ErrorCode::InvalidToken.number());
}

#[test]
fn an_answer_longer_than_the_buffer_is_kept_for_its_reader() {
    let engine = &mut Engine::new();
    let (status, answer) = run(engine, Export::CALL, br#"{"op":"errors"}"#);
    assert_eq!(status, 0);
    assert!(answer.len() > 1000 && answer.ends_with(b"]}"));
}

#[test]
fn lengths_that_the_buffer_does_not_have_are_refused() {
    let engine = &mut Engine::new();
    assert_eq!(engine.buffer(MAX_BUFFER + 1), None);
    assert_eq!(engine.run(usize::MAX, Export::CALL) >> 32, u64::from(ErrorCode::InvalidBuffer.number()));
}

#[test]
fn a_length_that_the_buffer_does_not_have_leaves_no_plaintext_behind() {
    const LONGER: usize = MAX_BUFFER + 1;
    let calls: [fn(&mut Engine) -> u64; 4] = [
        |engine| engine.run(LONGER, Export::DECIDE),
        |engine| engine.run(usize::MAX, Export::CALL),
        |engine| engine.run_own(LONGER, |_| Ok(vec![])),
        |engine| engine.run_with_policy(LONGER, |_, _| Ok(vec![])),
    ];
    for call in calls {
        let engine = &mut Engine::new();
        let handle = done(engine, Export::LOAD_KEYRING, &[7; 32]);
        let sealed =
            done(engine, Export::SEAL, &[&handle[..], &[1; 32], &empty_context(), &[b'x'; 5000]].concat());
        let opened = done(engine, Export::OPEN, &[&handle[..], &empty_context(), &sealed].concat());
        assert_eq!(opened, [b'x'; 5000]);
        assert_eq!(call(engine) >> 32, u64::from(ErrorCode::InvalidBuffer.number()));
        // The refusal stands at the start; a word of it may have an x, what was opened has more.
        assert!(!engine.buffer(0).unwrap().windows(2).any(|pair| pair == b"xx"));
    }
}

#[test]
fn a_token_to_be_issued_is_decided_scope_by_scope() {
    let engine = &mut Engine::new();
    let handle = loaded(engine, r#"{"scopes":["secrets:*:a/*"]}"#);
    let issue = |scopes: &[u8]| {
        let mut request = packed_request(&handle, "", "");
        request[3] = 3;
        let target = [&60_000_u64.to_le_bytes()[..], &[0; 4], scopes].concat();
        request[6..8].copy_from_slice(&u16::try_from(target.len()).unwrap().to_le_bytes());
        request.extend_from_slice(&target);
        request
    };
    assert_eq!(
        done(engine, Export::DECIDE, &issue(b"secrets:read:a/*\nsecrets:write:a/b\0\x31\x30.0.0.0/8"))[0],
        1
    );
    assert_eq!(done(engine, Export::DECIDE, &issue(b"secrets:read:a/*\nsecrets:write:b/c"))[0], 0);
    let wrong: &[&[u8]] = &[b"", b"secrets:read:a/*\n", b"secrets:read:a/*\0", b"secrets:read:a/*\0x"];
    for scopes in wrong {
        assert_ne!(run(engine, Export::DECIDE, &issue(scopes)).0, 0);
    }
    assert_ne!(run(engine, Export::DECIDE, &issue("secrets:read:a/b\n".repeat(65).as_bytes())).0, 0);
}

#[test]
fn json_is_redacted_and_the_input_wiped() {
    let engine = &mut Engine::new();
    let input = |names: &str, json: &str| {
        let length = u32::try_from(names.len()).unwrap().to_le_bytes();
        [&length[..], names.as_bytes(), json.as_bytes()].concat()
    };
    let json = r#"{"a":-1.50,"token":"hunter2 hunter2","extra":"x"}"#;
    let answer = done(engine, Export::REDACT, &input("", json));
    assert_eq!(answer, br#"{"a":-1.50,"token":"[redacted]","extra":"x"}"#);
    assert!(!String::from_utf8_lossy(engine.buffer(0).unwrap()).contains("hunter2"));
    let answer = done(engine, Export::REDACT, &input("+Extra\n-token\n", json));
    assert_eq!(answer, br#"{"a":-1.50,"token":"hunter2 hunter2","extra":"[redacted]"}"#);
    let status = |engine: &mut Engine, input: &[u8]| run(engine, Export::REDACT, input).0;
    assert_eq!(status(engine, &input("", "{")), ErrorCode::InvalidJson.number());
    assert_eq!(status(engine, &input("token", "1")), ErrorCode::InvalidText.number());
    assert_eq!(status(engine, &[9, 0, 0, 0, b'1']), ErrorCode::InvalidBuffer.number());
}

const LIMITED: &str = r#"{"scopes":["secrets:read:a/*"],"limits":[
    {"id":"b","unit":"tokens","algorithm":{"bucket":{"capacity":9,"refill":1,"per":"second"}}},
    {"id":"w","unit":"requests","algorithm":{"window":{"limit":5,"per":"second"}}}]}"#;

/// A packed request of a cost, with states for the limits of its one link.
fn packed_with_states(handle: &[u8], cost: [u64; 3], states: &[[u64; 4]]) -> Vec<u8> {
    let plain = packed_request(handle, "a/KEY", "");
    let mut request = plain[..24].to_vec();
    request[11] = 1;
    request.extend(cost.iter().flat_map(|number| number.to_le_bytes()));
    request.extend_from_slice(&plain[24..36]);
    request.extend_from_slice(&u32::try_from(states.len()).unwrap().to_le_bytes());
    request.extend_from_slice(&plain[40..64]);
    request.extend(states.iter().flatten().flat_map(|number| number.to_le_bytes()));
    request.extend_from_slice(&plain[64..]);
    request
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks().0.iter().map(|number| u64::from_le_bytes(*number)).collect()
}

/// A kind and a fraction, as the first number of a state.
const fn kind(kind: u64, fraction: u64) -> u64 {
    kind | (fraction << 32)
}

#[test]
fn a_loaded_grant_names_its_limits() {
    let engine = &mut Engine::new();
    assert_eq!(loaded(engine, LIMITED)[12..], *b"b\nw");
    assert_eq!(loaded(engine, GRANT).len(), 12);
}

#[test]
fn states_of_limits_go_in_and_come_back_after_the_decision() {
    let engine = &mut Engine::new();
    let handle = loaded(engine, LIMITED)[..12].to_vec();
    let states = [[kind(1, 500), 3, 1000, 0], [kind(2, 0), 4, 1000, 0]];
    let answer = done(engine, Export::DECIDE, &packed_with_states(&handle, [1, 2, 7], &states));
    assert_eq!(answer[..8], [1, 1, 0, 2, 0, 0, 0, 0]);
    assert_eq!(answer.len(), 8 + 24 + 2 * 56);
    // Link, limit and kind stand in the first number, and the fraction above them.
    assert_eq!(numbers(&answer[32..88]), [kind(1 << 16, 500), 1, 1000, 0, 1, 8500, 0]);
    assert_eq!(numbers(&answer[88..]), [kind((2 << 16) | (1 << 8), 0), 5, 1000, 0, 0, 2000, 0]);
}

#[test]
fn a_refusal_says_when_to_try_again_and_leaves_the_states() {
    let engine = &mut Engine::new();
    let handle = loaded(engine, LIMITED)[..12].to_vec();
    let states = [[kind(1, 500), 3, 1000, 0]];
    let answer = done(engine, Export::DECIDE, &packed_with_states(&handle, [1, 4, 0], &states));
    assert_eq!(answer[..8], [0, 1, 1, 2, 0, 0, 0, 0]);
    assert_eq!(answer[32..34], ErrorCode::QuotaExhausted.number().to_le_bytes());
    assert_eq!(numbers(&answer[36..92]), [kind(1 << 16, 500), 3, 1000, 0, 3, 6500, 1500]);
    assert_eq!(numbers(&answer[92..]), [1 << 8, 0, 0, 0, 5, 2000, 0]);
}

#[test]
fn states_and_costs_that_are_none_are_refused() {
    let engine = &mut Engine::new();
    let handle = loaded(engine, LIMITED)[..12].to_vec();
    let over = 1 << 53;
    let wrong = [
        [kind(3, 0), 0, 0, 0],
        [kind(0, 0), 1, 0, 0],
        [kind(1, 86_400_000), 0, 0, 0],
        [kind(2, 1), 0, 0, 0],
        [kind(1, 0), over, 0, 0],
        [kind(1, 0), 0, over, 0],
        [kind(2, 0), 0, 0, over],
    ];
    let refused = ErrorCode::InvalidBuffer.number();
    for state in wrong {
        assert_eq!(run(engine, Export::DECIDE, &packed_with_states(&handle, [1; 3], &[state])).0, refused);
    }
    let nine = [[kind(0, 0), 0, 0, 0]; 9];
    assert_eq!(run(engine, Export::DECIDE, &packed_with_states(&handle, [1; 3], &nine)).0, refused);
    assert_eq!(run(engine, Export::DECIDE, &packed_with_states(&handle, [1, over, 1], &[])).0, refused);
    let request = packed_with_states(&handle, [1; 3], &[[kind(1, 5), 1, 1, 1]]);
    for length in 0..request.len() {
        assert_eq!(run(engine, Export::DECIDE, &request[..length]).0, refused, "{length}");
    }
}
