use super::*;
use crate::error::Hint;
use proptest::prelude::*;

const FULL: &str = r#"{"id":"tok_1","scopes":["secrets:read:a/*","namespaces:read"],"namespaces":["a"],
    "ip_allowlist":["10.0.0.0/8","2001:db8::/32"],"not_before":1,"expires_at":1790000000000,"max_uses":5,"tier_ceiling":"critical","trust_floor":2,
    "limits":[{"id":"rpm","unit":"requests","algorithm":{"bucket":{"capacity":60,"refill":7,"per":"minute"}}},
        {"id":"tokens","unit":"tokens","algorithm":{"window":{"limit":9007199254740991,"per":"month"}}}]}"#;

fn refused(json: &str) -> (ErrorCode, alloc::string::String) {
    let error = Grant::from_json(json.as_bytes()).unwrap_err();
    (error.code(), error.field().map(|field| field.as_str().into()).unwrap_or_default())
}

#[test]
fn a_document_is_compiled_and_read_back() {
    for json in [FULL, r#"{"scopes":[]}"#, r#"{"scopes":["a:*"],"namespaces":["*"]}"#] {
        let grant = Grant::from_json(json.as_bytes()).unwrap();
        assert_eq!(Grant::from_bytes(&grant.to_bytes()), Ok(grant));
    }
}

#[test]
fn a_grant_without_a_ceiling_reaches_the_standard_tier() {
    assert_eq!(Grant::from_json(br#"{"scopes":[]}"#).unwrap().tier_ceiling(), Tier::Standard);
}

#[test]
fn a_wrong_field_is_named() {
    let cases = [
        (r#"{}"#, ErrorCode::MissingField, "scopes"),
        (r#"{"scopes":null}"#, ErrorCode::WrongType, "scopes"),
        (r#"{"scopes":["a:b",7]}"#, ErrorCode::WrongType, "scopes[1]"),
        (r#"{"scopes":["a:b:x*y"]}"#, ErrorCode::InvalidPattern, "scopes[0]"),
        (r#"{"scopes":[],"ip_allowlist":[]}"#, ErrorCode::EmptyList, "ip_allowlist"),
        (r#"{"scopes":[],"ip_allowlist":["10.0.0.1/8"]}"#, ErrorCode::HostBitsSet, "ip_allowlist[0]"),
        (r#"{"scopes":[],"namespaces":["a//b"]}"#, ErrorCode::InvalidPath, "namespaces[0]"),
        (r#"{"scopes":[],"max_uses":0}"#, ErrorCode::OutOfRange, "max_uses"),
        (r#"{"scopes":[],"max_uses":4294967296}"#, ErrorCode::OutOfRange, "max_uses"),
        (r#"{"scopes":[],"max_uses":1.5}"#, ErrorCode::OutOfRange, "max_uses"),
        (r#"{"scopes":[],"not_before":5,"expires_at":5}"#, ErrorCode::InvalidWindow, "expires_at"),
        (r#"{"scopes":[],"expires_at":9007199254740992}"#, ErrorCode::OutOfRange, "expires_at"),
        (r#"{"scopes":[],"tier_ceiling":"top"}"#, ErrorCode::InvalidTier, "tier_ceiling"),
        (r#"{"scopes":[],"trust_floor":4}"#, ErrorCode::OutOfRange, "trust_floor"),
        (r#"{"scopes":[],"limits":[]}"#, ErrorCode::EmptyList, "limits"),
        (r#"{"scopes":[],"uses":1}"#, ErrorCode::UnknownField, "uses"),
    ];
    for (json, code, field) in cases {
        assert_eq!(refused(json), (code, field.into()), "{json}");
    }
}

#[test]
fn host_bits_propose_the_network_meant() {
    let error = Grant::from_json(br#"{"scopes":[],"ip_allowlist":["10.1.2.3/8"]}"#).unwrap_err();
    assert_eq!(error.hint(), Hint::Network(Network::parse("10.0.0.0/8").unwrap()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in any::<proptest::sample::Index>()) {
        let _ = Grant::from_bytes(&bytes);
        let mut real = Grant::from_json(FULL.as_bytes()).unwrap().to_bytes();
        let place = cut.index(real.len());
        prop_assert_eq!(Grant::from_bytes(&real[..place]).map_err(|error| error.code()), Err(ErrorCode::InvalidCompiled));
        if let Some(byte) = bytes.first() {
            real[place] ^= *byte;
            // A changed byte may name another valid grant, and one that is read writes itself back the same.
            if let Ok(grant) = Grant::from_bytes(&real) {
                prop_assert_eq!(grant.to_bytes(), real);
            }
        }
    }
}
