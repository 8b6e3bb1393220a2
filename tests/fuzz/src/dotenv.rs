//! The server's parser of dotenv files, included as source: it needs nothing of the server.

use warded_core::path::Path;

#[path = "../../../host/src/dotenv.rs"]
pub mod parser;

use parser::{Entry, MAX_KEYS, parse};

/// Keys are segments and unique, and what is written again in quotes is read back.
pub fn dotenv(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let entries = match parse(text) {
        Ok(entries) => entries,
        Err(malformed) => {
            assert!((1..=lines).contains(&malformed.line) && !malformed.rule.is_empty());
            return;
        }
    };
    assert!(entries.len() <= MAX_KEYS);
    for (index, entry) in entries.iter().enumerate() {
        assert!(Path::parse(&entry.key).is_ok_and(|path| path.namespace().is_none()));
        assert!((1..=lines).contains(&entry.line));
        assert!(
            !entries.iter().skip(index + 1).any(|later| later.key == entry.key || later.line <= entry.line)
        );
    }
    let again = parse(&entries.iter().map(written).collect::<String>()).expect("what is quoted is read");
    let values = |entries: &[Entry]| -> Vec<_> {
        entries.iter().map(|entry| (entry.key.clone(), entry.value.expose().clone())).collect()
    };
    assert_eq!(values(&again), values(&entries));
}

/// An entry in double quotes, with every escape that there is.
fn written(entry: &Entry) -> String {
    let mut value = String::new();
    for character in entry.value.expose().chars() {
        match character {
            '\n' => value.push_str("\\n"),
            '\r' => value.push_str("\\r"),
            '\t' => value.push_str("\\t"),
            '"' | '$' | '\\' | '`' => value.extend(['\\', character]),
            _ => value.push(character),
        }
    }
    format!("{}=\"{value}\"\n", entry.key)
}
