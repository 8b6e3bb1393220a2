use alloc::string::ToString as _;

use super::*;

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
