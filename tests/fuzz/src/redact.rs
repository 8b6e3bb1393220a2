//! Redaction: what comes out comes out again, and a known credential never does.

use warded_core::crypto::token::{self, TokenKind};
use warded_core::document::Value;
use warded_core::redact::{MOST_ADDED, Options, redact_json, redact_text};

const MASK: &str = "[redacted]";

/// Text and JSON: idempotent, of the same shape, hardly longer; and one of our tokens is masked wherever it stands.
pub fn redact(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let options = Options::new(&["internal"], &["public_key"]).expect("two names");
    for options in [&Options::default(), &options] {
        let masked = redact_text(text, options).expect("a short text");
        check(text, &masked);
        assert_eq!(redact_text(&masked, options).as_ref(), Ok(&masked), "masked text is left alone");
        if let Ok(masked) = redact_json(data, options) {
            check(text, &masked);
            // A name that is given twice, or hundreds of names, are left as they are and are no document of ours.
            if let Ok(before) = Value::parse(data) {
                let after = Value::parse(masked.as_bytes()).expect("masked JSON is JSON");
                assert!(is_alike(&before, &after), "{masked}");
            }
            assert_eq!(
                redact_json(masked.as_bytes(), options).as_ref(),
                Ok(&masked),
                "masked JSON is left alone"
            );
        }
    }
    let minted =
        token::mint(TokenKind::Scoped, &std::array::from_fn(|at| data.get(at).copied().unwrap_or(7)));
    let (start, end) = text.split_at_checked(text.len() / 2).unwrap_or((text, ""));
    let planted = format!("{start} {} {end}", minted.expose());
    let masked = redact_text(&planted, &Options::default()).expect("a short text");
    assert!(!masked.contains(minted.expose()), "a token came through");
}

/// No more is added than the masks that are there may add.
fn check(text: &str, masked: &str) {
    assert!(
        masked.len() <= text.len() + MOST_ADDED * masked.matches(MASK).count(),
        "{} {}",
        text.len(),
        masked.len()
    );
    assert!(masked == text || masked.contains(MASK));
}

/// Whether the same objects and lists stand in each other.
fn is_alike(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::List(before), Value::List(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| is_alike(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|((_, before), (_, after))| is_alike(before, after))
        }
        (Value::Text(_) | Value::Integer(_) | Value::OtherNumber, Value::Text(_)) => true,
        (before, after) => before == after,
    }
}
