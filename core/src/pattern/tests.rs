use alloc::string::String;
use alloc::vec::Vec;
use std::format;

use proptest::prelude::*;

use super::*;
use crate::error::Hint;
use crate::path::{MAX_BYTES, MAX_SEGMENT, MAX_SEGMENTS};

/// A second, naive reading: takes the pattern apart by hand and tries every way in which the path could fit.
fn naive_matches(pattern: &str, path: &str) -> bool {
    fn fits(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (["+", pattern @ ..], [_, path @ ..]) => fits(pattern, path),
            ([last], _) if last.ends_with('*') => {
                path.join("/").starts_with(last.trim_end_matches('*')) && !path.is_empty()
            }
            ([segment, pattern @ ..], [first, path @ ..]) => segment == first && fits(pattern, path),
            _ => false,
        }
    }
    fits(&pattern.split('/').collect::<Vec<_>>(), &path.split('/').collect::<Vec<_>>())
}

/// Segments chosen so that one begins another, and so that a literal looks like a wildcard.
const SEGMENTS: [&str; 5] = ["a", "ab", "a-", "b", "+a"];
const STARTS: [&str; 6] = ["", "a", "ab", "a-", "+a", "."];

/// Every path of up to three of the segments and of some that no pattern names; and something below each of the longest.
fn all_paths() -> Vec<String> {
    let segments: Vec<&str> = SEGMENTS.into_iter().chain(["a-b", "zz", "..a", "abc"]).collect();
    let mut paths: Vec<String> = Vec::new();
    for a in &segments {
        paths.push((*a).into());
        for b in &segments {
            paths.push(format!("{a}/{b}"));
            paths.extend(segments.iter().flat_map(|c| [format!("{a}/{b}/{c}"), format!("{a}/{b}/{c}/zz")]));
        }
    }
    paths
}

/// Every pattern of up to three segments.
fn all_patterns() -> Vec<String> {
    let whole = || SEGMENTS.into_iter().chain(["+"]).map(String::from);
    let mut befores: Vec<String> = std::vec![String::new()];
    befores.extend(whole().map(|a| format!("{a}/")));
    befores.extend(whole().flat_map(|a| whole().map(move |b| format!("{a}/{b}/"))));
    let lasts: Vec<String> = whole().chain(STARTS.into_iter().map(|start| format!("{start}*"))).collect();
    befores.iter().flat_map(|before| lasts.iter().map(move |last| format!("{before}{last}"))).collect()
}

#[test]
fn matching_covering_and_overlapping_agree_with_the_naive_reading_of_every_path() {
    let (patterns, paths) = (all_patterns(), all_paths());
    let matched: Vec<(Pattern<'_>, Vec<bool>)> = patterns
        .iter()
        .map(|text| {
            (Pattern::parse(text).unwrap(), paths.iter().map(|path| naive_matches(text, path)).collect())
        })
        .collect();
    for (pattern, matched) in &matched {
        for (path, expected) in paths.iter().zip(matched) {
            assert_eq!(pattern.matches(Path::parse(path).unwrap()), *expected, "{pattern} {path}");
        }
    }
    // The paths tell any two of the patterns apart.
    for (a, by_a) in &matched {
        for (b, by_b) in &matched {
            let covers = by_a.iter().zip(by_b).all(|(a, b)| *a || !b);
            let overlaps = by_a.iter().zip(by_b).any(|(a, b)| *a && *b);
            assert_eq!((a.covers(*b), a.overlaps(*b)), (covers, overlaps), "{a} {b}");
        }
    }
}

#[test]
fn every_match_begins_with_the_literal_prefix() {
    let paths = all_paths();
    for text in all_patterns() {
        let prefix = Pattern::parse(&text).unwrap().literal_prefix();
        assert!(text.starts_with(prefix));
        assert!(
            paths.iter().filter(|path| naive_matches(&text, path)).all(|path| path.starts_with(prefix)),
            "{text}"
        );
    }
}

pub(crate) fn any_path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&SEGMENTS[..]), 1..4).prop_map(|segments| segments.join("/"))
}

pub(crate) fn any_pattern() -> impl Strategy<Value = String> {
    prop::sample::select(all_patterns())
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "[a+*/.:é]{0,20}|\\PC{0,40}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(pattern.as_str(), &text);
            prop_assert!(pattern.covers(pattern) && pattern.overlaps(pattern));
        }
    }
}

#[test]
fn the_literal_prefix_ends_before_the_first_wildcard() {
    for (text, prefix) in [
        ("a/b", "a/b"),
        ("a/b*", "a/b"),
        ("*", ""),
        ("+/a", ""),
        ("a/+/b", "a/"),
        ("a/b/+/+/*", "a/b/"),
        ("a/+", "a/"),
        ("+a/*", "+a/"),
    ] {
        assert_eq!(Pattern::parse(text).unwrap().literal_prefix(), prefix, "{text}");
    }
}

#[test]
fn below_a_namespace_are_its_descendants() {
    let below = Pattern::below(Path::parse("a/b").unwrap());
    assert_eq!((below.as_str(), below.as_pattern()), ("a/b/*", Pattern::parse("a/b/*").unwrap()));
    assert!(!below.as_pattern().matches(Path::parse("a/b").unwrap()));
}

#[test]
fn the_limits_are_those_of_the_paths_matched() {
    let parse = |text: &str| Pattern::parse(text).map(|_| ()).map_err(|error| error.code());
    let segments = |count: usize, last: &str| format!("{}{last}", "a/".repeat(count));
    assert!(parse(&segments(MAX_SEGMENTS - 1, "a*")).is_ok());
    assert!(parse(&segments(MAX_SEGMENTS - 1, "*")).is_ok());
    assert_eq!(parse(&segments(MAX_SEGMENTS, "*")), Err(ErrorCode::InvalidPattern));
    assert!(parse(&format!("{}*", "a".repeat(MAX_SEGMENT))).is_ok());
    assert!(parse(&format!("{}*", "a".repeat(MAX_SEGMENT + 1))).is_err());
    // Four segments of 127 bytes with a slash each: exactly the bytes of a path.
    let long = format!("{}/", "a".repeat(127)).repeat(4);
    assert_eq!(long.len(), MAX_BYTES);
    let before = long.trim_end_matches('/');
    assert!(parse(before).is_ok() && parse(&format!("{before}*")).is_ok());
    assert_eq!(parse(&format!("{long}*")), Err(ErrorCode::InvalidPattern), "nothing fits behind the slash");
    for (start, fits) in [("a/..", false), ("a/.", false), ("a/", false), ("aaa", true)] {
        let text = format!("{}{start}*", long.get(..MAX_BYTES - start.len()).unwrap());
        assert_eq!(parse(&text).is_ok(), fits, "{start}");
    }
}

#[test]
fn a_star_that_cannot_stand_there_is_answered_with_a_plus() {
    for text in ["a/*/b", "*a", "**", "+*", "a/+*"] {
        let hint = Pattern::parse(text).unwrap_err().hint();
        assert!(matches!(hint, Hint::Because(rule) if rule.contains("write `+`")), "{text}");
    }
}
