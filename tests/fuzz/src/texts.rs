//! Texts with a parser of their own: paths, scopes, addresses, lifetimes, tokens.

use std::net::IpAddr;

use warded_core::ErrorCode;
use warded_core::codec::{Reader, Writer};
use warded_core::crypto::token::{self, TokenKind};
use warded_core::ip::{Allowlist, Network, parse_address};
use warded_core::path::Path;
use warded_core::pattern::Pattern;
use warded_core::scope::Scope;
use warded_core::scope_set::ScopeSet;
use warded_core::time::{Millis, parse_ttl};

use crate::input::Input;

/// A path is accepted exactly by the written rule, and is its own text.
pub fn path(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match Path::parse(text) {
        Ok(path) => {
            assert!(is_path(text), "accepted against the rule");
            assert_eq!(path.segments().collect::<Vec<_>>().join("/"), text);
            let below = path.namespace().map(|namespace| format!("{namespace}/")).unwrap_or_default();
            assert_eq!(below + path.key(), text);
            assert!(Pattern::from(path).matches(path));
        }
        Err(error) => {
            assert!(!is_path(text), "refused against the rule");
            assert_eq!(error.code(), ErrorCode::InvalidPath);
        }
    }
}

/// The rule of `docs/engine.md`, word by word.
fn is_path(text: &str) -> bool {
    let is_segment = |segment: &str| {
        (1..=128).contains(&segment.len())
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~@=+-".contains(&byte))
            && ![".", "..", "+"].contains(&segment)
    };
    text.len() <= 512 && text.split('/').count() <= 32 && text.split('/').all(is_segment)
}

/// The lines that are scopes: each is its own text, covering implies overlapping, and the compiled set says what its scopes say.
pub fn scope(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let scopes: Vec<Scope<'_>> = text.lines().take(24).filter_map(one_scope).collect();
    for outer in &scopes {
        assert!(outer.covers(*outer) && outer.overlaps(*outer));
        for inner in &scopes {
            assert_eq!(outer.overlaps(*inner), inner.overlaps(*outer), "{outer} {inner}");
            assert!(!outer.covers(*inner) || outer.overlaps(*inner), "{outer} {inner}");
            if outer.covers(*inner) && inner.covers(*outer) {
                assert_eq!(outer, inner, "two texts for one meaning");
            }
        }
    }
    // The last lines are asked about, the others compiled.
    let (compiled, asked) = scopes.split_at(scopes.len().div_ceil(2));
    match ScopeSet::compile(compiled) {
        Ok(set) => {
            for inner in asked.iter().chain(compiled) {
                assert_eq!(set.covers(inner), compiled.iter().any(|outer| outer.covers(*inner)), "{inner}");
            }
            assert_eq!(reread(|writer| set.write(writer), ScopeSet::read), set);
        }
        Err(error) => assert_eq!(error.code(), ErrorCode::TooManyShapes),
    }
}

fn one_scope(line: &str) -> Option<Scope<'_>> {
    let codes = [ErrorCode::InvalidScope, ErrorCode::InvalidPattern, ErrorCode::InvalidPath];
    match Scope::parse(line) {
        Ok(scope) => {
            assert_eq!(scope.to_string(), line);
            Some(scope)
        }
        Err(error) => {
            assert!(codes.contains(&error.code()), "{error}");
            None
        }
    }
}

/// What a compiled object reads of what it wrote, all of it.
fn reread<T>(
    write: impl FnOnce(&mut Writer),
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, warded_core::Error>,
) -> T {
    let mut writer = Writer::new();
    write(&mut writer);
    let bytes = writer.finish();
    let mut reader = Reader::new(&bytes);
    let object = read(&mut reader).expect("what was written is read");
    reader.finish().expect("and nothing is left");
    object
}

/// The lines that are addresses or networks: canonical, and the compiled list says what its networks say.
pub fn ip(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let lines = || text.lines().take(64);
    let addresses: Vec<IpAddr> = lines().filter_map(one_address).collect();
    // Only those with a length: were the addresses networks of one, the list would contain each of them.
    let networks: Vec<Network> = lines().filter(|line| line.contains('/')).filter_map(one_network).collect();
    let Ok(list) = Allowlist::compile(&networks) else {
        assert!(networks.is_empty(), "a list that is not empty compiles");
        return;
    };
    for address in addresses {
        assert_eq!(list.contains(address), networks.iter().any(|network| network.contains(address)));
    }
    assert_eq!(reread(|writer| list.write(writer), Allowlist::read), list);
}

fn one_address(line: &str) -> Option<IpAddr> {
    match parse_address(line) {
        Ok(address) => {
            assert_eq!(parse_address(&address.to_string()), Ok(address));
            assert_eq!(address.to_canonical(), address, "mapped addresses are IPv4");
            assert_eq!(line.parse::<IpAddr>().map(|other| other.to_canonical()), Ok(address));
            let alone = Network::parse(line).expect("an address is a network of one");
            assert!(alone.contains(address));
            Some(address)
        }
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::InvalidIp);
            None
        }
    }
}

fn one_network(line: &str) -> Option<Network> {
    match Network::parse(line) {
        Ok(network) => {
            let canonical = network.to_string();
            assert_eq!(Network::parse(&canonical), Ok(network));
            let first = canonical.split('/').next().and_then(|first| first.parse().ok());
            assert!(network.contains(first.expect("a network begins with its first address")));
            Some(network)
        }
        Err(error) => {
            assert!([ErrorCode::InvalidNetwork, ErrorCode::HostBitsSet].contains(&error.code()), "{error}");
            None
        }
    }
}

/// A lifetime is digits and a unit, and never over the ceiling.
pub fn ttl(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let ceiling = Millis::new(86_400_000).expect("a day");
    match parse_ttl(text, ceiling) {
        Ok(ttl) => {
            assert!(ttl > Millis::ZERO && ttl <= ceiling);
            assert_eq!(parse_ttl(text, ttl), Ok(ttl));
            assert!(parse_ttl(&format!("0{text}"), ceiling).is_err());
            let seconds = format!("{}s", ttl.as_u64() / 1000);
            assert_eq!(parse_ttl(&seconds, ceiling), Ok(ttl));
        }
        Err(error) => {
            assert!([ErrorCode::InvalidTtl, ErrorCode::TtlOverCeiling].contains(&error.code()), "{error}");
        }
    }
}

/// A minted token has its form, and no token with one character changed has; other text has it only with its checksum.
pub fn token(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        match token::parse(text) {
            Ok(kind) => assert_eq!(text.as_bytes().get(2), Some(&kind.letter())),
            Err(error) => assert_eq!(error.code(), ErrorCode::InvalidToken),
        }
        assert!(token::verify(text, &token::hash(text)));
    }
    let mut input = Input::new(data);
    let kind = input.pick(TokenKind::ALL);
    let minted = token::mint(kind, &input.array());
    assert_eq!(token::parse(minted.expose()), Ok(kind));
    assert!(minted.expose().starts_with(minted.display()) && minted.display().len() == token::DISPLAYED);
    let mut changed = minted.expose().to_owned();
    let at = usize::from(input.byte()) % token::LENGTH;
    let other = char::from(b' '.saturating_add(input.byte() % 95));
    changed.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
    if changed != minted.expose() {
        assert!(token::parse(&changed).is_err(), "one character of {at} changed");
        assert!(!token::verify(&changed, &minted.hash()));
    }
}
