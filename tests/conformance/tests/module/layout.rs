//! Inputs as `docs/abi.md` lays them out.

pub(crate) const KEY: [u8; 32] = [7; 32];
pub(crate) const GRANT: &str = r#"{"scopes":["secrets:read:a/*"],"ip_allowlist":["10.0.0.0/8"]}"#;

pub(crate) const LIMITED: &str = r#"{"scopes":["llm:request"],"limits":[
    {"id":"rpm","unit":"requests","algorithm":{"bucket":{"capacity":60,"refill":60,"per":"minute"}}},
    {"id":"spend","unit":"micros","algorithm":{"window":{"limit":5000000,"per":"month"}}}]}"#;

/// A request that costs something, with the state of one limit of two.
pub(crate) fn charge(handle: &[u8]) -> Vec<u8> {
    let mut input = vec![1, 1, 0, 0, 3, 7, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0];
    for number in [2_000_u64, 1, 900, 25_000] {
        input.extend_from_slice(&number.to_le_bytes());
    }
    input.extend_from_slice(&handle[..12]);
    input.extend_from_slice(&1_u32.to_le_bytes());
    for number in [4_u64, 1_000, 4] {
        input.extend_from_slice(&number.to_le_bytes());
    }
    input.extend_from_slice(&1_u32.to_le_bytes());
    input.extend_from_slice(&0_u32.to_le_bytes());
    for number in [56_u64, 1_000, 0] {
        input.extend_from_slice(&number.to_le_bytes());
    }
    input.extend_from_slice(b"llmrequest");
    input
}

/// A decision on a path of the grant's, by one link.
pub(crate) fn decision(handle: &[u8], path: &str) -> Vec<u8> {
    let (resource, action, address) = ("secrets", "read", "10.1.2.3");
    let byte = |text: &str| u8::try_from(text.len()).unwrap();
    let mut input = vec![1, 1, 0, 1, byte(resource), byte(action), byte(path), 0, 1, byte(address)];
    input.extend_from_slice(&[0; 6]);
    input.extend_from_slice(&1_000_u64.to_le_bytes());
    input.extend_from_slice(handle);
    input.extend_from_slice(&[0; 4 + 24]);
    for text in [resource, action, path, address] {
        input.extend_from_slice(text.as_bytes());
    }
    input
}

pub(crate) const POLICY: &str = r#"{"version":1,"rules":[{"id":"all","effect":"allow"},
    {"id":"careful","effect":"require_approval","when":{"attribute":"trust","lt":2}},
    {"id":"never","effect":"deny","when":{"attribute":"ip","cidr":["10.6.6.0/24"]}}]}"#;

/// The flags of a request under a policy, and of one that people have approved.
const UNDER_POLICY: u8 = 2;
const APPROVED: u8 = 4;

/// A decision under [`POLICY`] on a path of [`GRANT`]'s, with an attribute, and with an approval of one person if there is one.
pub(crate) fn ruled(
    grant: &[u8],
    policy: &[u8],
    address: &str,
    trust: u8,
    approved: Option<&[u8]>,
) -> Vec<u8> {
    let (resource, action, path, subject) = ("secrets", "read", "a/KEY", "agt_1");
    let byte = |text: &str| u8::try_from(text.len()).unwrap();
    let flags = if approved.is_some() { UNDER_POLICY | APPROVED } else { UNDER_POLICY };
    let mut input = vec![1, 1, 0, 1, byte(resource), byte(action), byte(path), 0, 1, byte(address)];
    input.extend_from_slice(&[trust, flags, byte(subject), 1, 0, 0]);
    input.extend_from_slice(&1_000_u64.to_le_bytes());
    input.extend_from_slice(&[policy, &[0; 4]].concat());
    if let Some(digest) = approved {
        input.extend_from_slice(&[digest, &[1, 0, 0, 0, 0, 0, 0, 0]].concat());
    }
    input.extend_from_slice(&[grant, &[0; 4 + 24]].concat());
    for text in [resource, action, path, address, subject] {
        input.extend_from_slice(text.as_bytes());
    }
    input.extend_from_slice(&[&[3, 2, 1, 0], b"mfa".as_slice(), &[1]].concat());
    input
}

/// The digest at the end of an ask: behind it stand the people needed, the tier and two zeros.
pub(crate) fn digest(ask: &[u8]) -> &[u8] {
    &ask[ask.len() - 36..ask.len() - 4]
}

/// An empty context: five fields of no length.
pub(crate) const CONTEXT: [u8; 20] = [0; 20];

pub(crate) fn seal(handle: &[u8], salt: [u8; 32], plaintext: &[u8]) -> Vec<u8> {
    [handle, &salt, &CONTEXT, plaintext].concat()
}

pub(crate) fn open(handle: &[u8], sealed: &[u8]) -> Vec<u8> {
    [handle, &CONTEXT, sealed].concat()
}

/// Bytes behind their length.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
}
