use alloc::string::String;
use alloc::vec::Vec;
use std::format;

use proptest::prelude::*;

use super::*;
use crate::pattern::tests::{any_path, any_pattern};

fn set(texts: &[&str]) -> ScopeSet {
    ScopeSet::compile(&parse(texts)).unwrap()
}

fn parse<'a>(texts: &'a [impl AsRef<str>]) -> Vec<Scope<'a>> {
    texts.iter().map(|text| Scope::parse(text.as_ref()).unwrap()).collect()
}

fn allows(set: &ScopeSet, resource: &str, action: &str, path: Option<&str>) -> bool {
    let path = path.map(|path| Path::parse(path).unwrap());
    set.allows(Word::parse(resource).unwrap(), Word::parse(action).unwrap(), path)
}

fn written(set: &ScopeSet) -> Vec<u8> {
    let mut writer = Writer::new();
    set.write(&mut writer);
    writer.finish()
}

fn read(bytes: &[u8]) -> Result<ScopeSet, ErrorCode> {
    let mut reader = Reader::new(bytes);
    let set = ScopeSet::read(&mut reader).map_err(|error| error.code())?;
    reader.finish().map_err(|error| error.code())?;
    Ok(set)
}

#[test]
fn a_scope_that_another_covers_is_left_out_of_the_list() {
    assert_eq!(set(&["s:read:a*", "s:read:a/*", "s:read:a-old/b*", "s:read:ab*", "s:read:b*"]).len(), 2);
    assert_eq!(set(&["s:read:a", "s:read:a", "s:read:ab"]).len(), 2);
    assert_eq!(set(&["s:read:*", "s:write:*", "s:read:a*", "t:read:a*"]).len(), 3);
    // Without a star a beginning says nothing.
    assert_eq!(set(&["s:read:a", "s:read:a/b"]).len(), 2);
    assert_eq!(set(&["s:read:+/a*", "s:read:+/a/b*", "s:read:+/b*"]).len(), 2);
}

#[test]
fn the_nearest_key_below_is_found_across_others() {
    let set = set(&["s:read:a*", "s:read:a-old", "s:read:a/b/c", "s:read:b/*"]);
    for path in ["a", "a-old/b", "ab", "a/b/d", "a~"] {
        assert!(allows(&set, "s", "read", Some(path)), "{path}");
    }
    for path in ["b", "ba/c", "A", "c"] {
        assert!(!allows(&set, "s", "read", Some(path)), "{path}");
    }
}

#[test]
fn a_scope_without_a_pattern_allows_requests_without_a_path_only() {
    let pathless = set(&["namespaces:read", "s:*"]);
    assert!(allows(&pathless, "namespaces", "read", None));
    assert!(allows(&pathless, "s", "anything", None));
    assert!(!allows(&pathless, "namespaces", "read", Some("a")));
    assert!(!allows(&pathless, "s", "read", Some("a")));
    let everything = set(&["s:*:*"]);
    assert!(allows(&everything, "s", "read", Some("a")));
    assert!(!allows(&everything, "s", "read", None));
    assert!(!allows(&everything, "t", "read", Some("a")));
}

#[test]
fn the_longest_of_everything_is_found() {
    let word = "w".repeat(MAX_WORD);
    let path = format!("{}{}", format!("{}/", "p".repeat(127)).repeat(3), "q".repeat(128));
    assert_eq!(path.len(), MAX_BYTES);
    for pattern in [path.clone(), format!("{path}*"), "+/+/+/+".into(), "+/*".into()] {
        let text = format!("{word}:{word}:{pattern}");
        assert!(allows(&set(&[&text]), &word, &word, Some(&path)), "{pattern}");
    }
    // Below the longest path there is nothing: covered by what covers the namespace, and refused where it would be stored.
    let below = Pattern::below(Path::parse(&path).unwrap());
    let scope =
        Scope::new(Word::parse(&word).unwrap(), Word::parse(&word).unwrap(), Some(below.as_pattern()));
    assert!(set(&[&format!("{word}:{word}:p*")]).covers(&scope));
    assert_eq!(ScopeSet::compile(&[scope]).unwrap_err().code(), ErrorCode::InvalidPattern);
}

#[test]
fn a_set_of_no_scopes_allows_nothing() {
    let empty = set(&[]);
    assert!(
        empty.is_empty() && !allows(&empty, "s", "read", None) && !allows(&empty, "s", "read", Some("a"))
    );
    assert_eq!(read(&written(&empty)), Ok(empty));
}

#[test]
fn the_limits_are_exact() {
    let texts: Vec<String> = (0..=MAX_SCOPES).map(|index| format!("s:read:a/{index}/*")).collect();
    let scopes = parse(&texts);
    assert_eq!(ScopeSet::compile(&scopes).unwrap_err().code(), ErrorCode::LimitExceeded);
    let full = ScopeSet::compile(&scopes[..MAX_SCOPES]).unwrap();
    assert_eq!(full.len(), MAX_SCOPES);
    assert!(allows(&full, "s", "read", Some("a/9999/b")));
    assert!(!allows(&full, "s", "read", Some("a/10000/b")));
    assert_eq!(read(&written(&full)), Ok(full));

    // One shape for each subset of four positions.
    let shape = |index: usize| {
        (0..4).map(|at| if index >> at & 1 == 1 { "+" } else { "a" }).collect::<Vec<_>>().join("/")
    };
    let texts: Vec<String> = (0..MAX_SHAPES).map(|index| format!("s:read:{}", shape(index))).collect();
    assert_eq!(read(&written(&ScopeSet::compile(&parse(&texts)).unwrap())).unwrap().len(), MAX_SHAPES);
    let texts: Vec<String> = texts.into_iter().chain(["s:*:a".into()]).collect();
    assert_eq!(ScopeSet::compile(&parse(&texts)).unwrap_err().code(), ErrorCode::TooManyShapes);
}

/// The bytes of one list, as [`ScopeSet::write`] lays them out.
fn list(any_action: u8, plus: u32, starred: u8, keys: &[&[u8]]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(any_action);
    writer.u32(plus);
    writer.u8(starred);
    writer.u32(u32::try_from(keys.len()).unwrap());
    for key in keys {
        writer.u16(u16::try_from(key.len()).unwrap());
        writer.raw(key);
    }
    writer.finish()
}

#[test]
fn bytes_that_would_be_searched_wrongly_are_not_read() {
    let one = |any_action, plus, starred, keys: &[&[u8]]| {
        read(&[&[1][..], &list(any_action, plus, starred, keys)].concat())
    };
    assert!(one(0, 0, 0, &[b"s:r:a", b"s:r:b"]).is_ok());
    assert!(one(0, 0, 1, &[b"s:r:a/", b"s:r:b"]).is_ok());
    assert!(one(1, 2, 0, &[b"s:*:a/+"]).is_ok());
    for damaged in [
        one(0, 0, 0, &[]),
        one(0, 0, 0, &[b"s:r:b", b"s:r:a"]),
        one(0, 0, 0, &[b"s:r:a", b"s:r:a"]),
        one(0, 0, 1, &[b"s:r:a", b"s:r:a/"]),
        one(0, 0, 1, &[b"s:r:a*"]),
        one(0, 0, 1, &[b"s:r:a/+"]),
        one(0, 0, 1, &[b"s:r"]),
        one(0, 0, 0, &[b"s:r:a//b"]),
        one(0, 0, 0, &[b"s:*:a"]),
        one(1, 0, 0, &[b"s:r:a"]),
        one(0, 1, 0, &[b"s:r:a/+"]),
        one(0, 0, 0, &[b"s:r:a/+"]),
        one(0, 0, 0, &[b"\xff:r:a"]),
        one(2, 0, 0, &[b"s:*:a"]),
        one(0, 0, 2, &[b"s:r:a"]),
    ] {
        assert_eq!(damaged, Err(ErrorCode::InvalidCompiled));
    }
    let two = |first: &[u8], second: &[u8]| read(&[&[2][..], first, second].concat());
    let (exact, starred) = (list(0, 0, 0, &[b"s:r:a"]), list(0, 0, 1, &[b"s:r:a"]));
    assert!(two(&exact, &starred).is_ok());
    assert_eq!(two(&starred, &exact), Err(ErrorCode::InvalidCompiled));
    assert_eq!(two(&exact, &exact), Err(ErrorCode::InvalidCompiled));
    assert_eq!(read(&[17]), Err(ErrorCode::InvalidCompiled));
}

#[test]
fn more_scopes_than_the_limit_are_not_read() {
    let texts: Vec<String> = (0..MAX_SCOPES).map(|index| format!("s:r:{index:05}")).collect();
    let keys: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    let (full, one) = (list(0, 0, 0, &keys), list(0, 0, 1, &[b"s:r:a"]));
    assert_eq!(read(&[&[1][..], &full].concat()).unwrap().len(), MAX_SCOPES);
    assert_eq!(read(&[&[2][..], &full, &one].concat()), Err(ErrorCode::InvalidCompiled));
}

fn any_scope() -> impl Strategy<Value = String> {
    let action = prop_oneof![4 => Just("read"), 1 => Just("*"), 1 => Just("write")];
    let resource = prop_oneof![4 => Just("s"), 1 => Just("sx")];
    (resource, action, proptest::option::weighted(0.9, any_pattern())).prop_map(
        |(resource, action, pattern)| match pattern {
            Some(pattern) => format!("{resource}:{action}:{pattern}"),
            None => format!("{resource}:{action}"),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_set_answers_as_any_one_of_its_scopes(
        texts in prop::collection::vec(any_scope(), 0..10),
        inner in any_scope(),
        paths in prop::collection::vec(any_path(), 1..20),
    ) {
        let scopes = parse(&texts);
        let set = ScopeSet::compile(&scopes).unwrap();
        let inner = Scope::parse(&inner).unwrap();
        prop_assert_eq!(set.covers(&inner), scopes.iter().any(|scope| scope.covers(inner)), "{:?} {}", texts, inner);
        for path in paths.iter().map(|path| Some(Path::parse(path).unwrap())).chain([None]) {
            for (resource, action) in [("s", "read"), ("s", "write"), ("sx", "read"), ("t", "read")] {
                let (resource, action) = (Word::parse(resource).unwrap(), Word::parse(action).unwrap());
                let expected = scopes.iter().any(|scope| scope.allows(resource, action, path));
                prop_assert_eq!(set.allows(resource, action, path), expected, "{:?} {:?}", texts, path);
            }
        }
    }

    #[test]
    fn the_bytes_depend_on_the_scopes_only_and_are_read_back(texts in prop::collection::vec(any_scope(), 0..10)) {
        let scopes = parse(&texts);
        let set = ScopeSet::compile(&scopes).unwrap();
        let bytes = written(&set);
        let reversed: Vec<Scope<'_>> = scopes.iter().rev().copied().collect();
        prop_assert_eq!(&written(&ScopeSet::compile(&reversed).unwrap()), &bytes);
        for length in 0..bytes.len() {
            prop_assert_eq!(read(&bytes[..length]), Err(ErrorCode::InvalidCompiled));
        }
        prop_assert_eq!(read(&bytes), Ok(set));
    }

    #[test]
    fn what_is_read_from_changed_bytes_is_written_back_the_same(
        texts in prop::collection::vec(any_scope(), 1..6), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = written(&ScopeSet::compile(&parse(&texts)).unwrap());
        *at.get_mut(&mut bytes) = byte;
        if let Ok(set) = read(&bytes) {
            prop_assert_eq!(written(&set), bytes);
        }
    }

    #[test]
    fn reading_any_bytes_never_panics(bytes in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..120)) {
        let _ = ScopeSet::read(&mut Reader::new(&bytes));
    }
}
