use alloc::string::ToString as _;
use alloc::vec::Vec;

use serde_json::Value;

use super::*;
use crate::error::Hint;
use crate::scope_set::ScopeSet;

fn vectors(list: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../../tests/vectors/scope.json")).unwrap();
    all[list].as_array().unwrap().clone()
}

fn check_parse<T: fmt::Display>(list: &str, parse: impl Fn(&str) -> Result<T, Error>) {
    for vector in vectors(list) {
        let parsed = parse(vector["input"].as_str().unwrap()).map(|parsed| parsed.to_string());
        let expected = match vector["code"].as_str() {
            None => Ok(vector["input"].as_str().unwrap().into()),
            Some(code) => Err(code),
        };
        assert_eq!(parsed.map_err(|error| error.code().name()), expected, "{vector}");
    }
}

#[test]
fn paths_patterns_and_scopes_are_read_as_the_vectors_say() {
    check_parse("paths", |text| Path::parse(text).map(|path| path.to_string()));
    check_parse("patterns", |text| Pattern::parse(text).map(|pattern| pattern.to_string()));
    check_parse("scopes", |text| Scope::parse(text).map(|scope| scope.to_string()));
}

#[test]
fn scopes_cover_and_overlap_as_the_vectors_say() {
    for vector in vectors("covers") {
        let (outer, inner) =
            (scope(vector["outer"].as_str().unwrap()), scope(vector["inner"].as_str().unwrap()));
        assert_eq!(Some(outer.covers(inner)), vector["answer"].as_bool(), "{vector}");
        assert_eq!(ScopeSet::compile(&[outer]).unwrap().covers(&inner), outer.covers(inner), "{vector}");
    }
    for vector in vectors("overlaps") {
        let (a, b) = (scope(vector["a"].as_str().unwrap()), scope(vector["b"].as_str().unwrap()));
        assert_eq!(Some(a.overlaps(b)), vector["answer"].as_bool(), "{vector}");
        assert_eq!(b.overlaps(a), a.overlaps(b), "{vector}");
    }
}

#[test]
fn requests_are_allowed_as_the_vectors_say() {
    for vector in vectors("allows") {
        let scopes: Vec<Scope<'_>> =
            vector["scopes"].as_array().unwrap().iter().map(|text| scope(text.as_str().unwrap())).collect();
        let word = |name: &str| Word::parse(vector[name].as_str().unwrap()).unwrap();
        let path = vector["path"].as_str().map(|path| Path::parse(path).unwrap());
        let by_one = scopes.iter().any(|scope| scope.allows(word("resource"), word("action"), path));
        assert_eq!(Some(by_one), vector["answer"].as_bool(), "{vector}");
        let set = ScopeSet::compile(&scopes).unwrap();
        assert_eq!(set.allows(word("resource"), word("action"), path), by_one, "{vector}");
    }
}

fn scope(text: &str) -> Scope<'_> {
    Scope::parse(text).unwrap()
}

#[test]
fn a_scope_is_printed_as_it_was_parsed() {
    for text in ["secrets:read:a/+/b*", "secrets:*:*", "namespaces:read", "a:*", "llm_2-x:request:m"] {
        assert_eq!(scope(text).to_string(), text);
    }
}

#[test]
fn a_scope_has_its_parts() {
    let parsed = scope("secrets:read:a/*");
    assert_eq!((parsed.resource(), parsed.action()), ("secrets", Action::Named("read")));
    assert_eq!(parsed.pattern(), Some(Pattern::parse("a/*").unwrap()));
    assert_eq!((scope("secrets:*").action(), scope("secrets:*").pattern()), (Action::Any, None));
}

#[test]
fn a_word_has_its_form_and_length() {
    for text in ["a", "read", "a-b_c9", &"a".repeat(MAX_WORD)] {
        assert_eq!(Word::parse(text).unwrap().as_str(), text);
    }
    for text in ["", "A", "9a", "_a", "a b", "é", "a:b", "*", &"a".repeat(MAX_WORD + 1)] {
        assert_eq!(Word::parse(text).unwrap_err().code(), ErrorCode::InvalidText, "{text}");
    }
}

#[test]
fn a_star_for_the_resource_is_answered_with_what_to_write() {
    let hint = Scope::parse("*:read:a").unwrap_err().hint();
    assert!(matches!(hint, Hint::Because(rule) if rule.contains("one scope for each resource")));
}
