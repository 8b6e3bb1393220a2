//! Exports of the audit chain, and the canonical form of their records.

use warded_core::audit::canonical::canonical;
use warded_core::audit::checkpoint::{PublicKey, SigningKey};
use warded_core::audit::export::ExportVerifier;
use warded_core::chain::{FIRST_PREVIOUS, leaf, link};
use warded_core::document::Value;

use crate::input::Input;

/// Any lines are verified or refused, and what is broken stays so; an export of these records holds, and changed it does not.
pub fn export(data: &[u8]) {
    any_lines(data);
    let mut input = Input::new(data);
    let (at, change) = (input.short(), input.byte());
    let lines = lines(&mut input);
    assert_eq!(verified(lines.iter().map(Vec::as_slice)), Ok(lines.len() - 1));
    let mut text = lines.join(&b'\n');
    let at = at % text.len();
    text[at] ^= change;
    let changed: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    if let Ok(checked) = verified(changed.iter().copied()) {
        // Of the header only a checkpoint says whose it is and what was left out.
        let same = |(line, before): (&&[u8], &Vec<u8>)| Value::parse(line).ok() == Value::parse(before).ok();
        assert!(changed.iter().zip(&lines).skip(1).all(same), "a change went unnoticed");
        assert!(checked < lines.len());
    }
}

/// How many records hold of an export.
fn verified<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Result<usize, ()> {
    let mut verifier = ExportVerifier::new(Vec::new());
    lines.try_for_each(|line| verifier.line(line)).map_err(drop)?;
    let verified = verifier.finish().map_err(drop)?;
    Ok(usize::try_from(verified.checked).expect("a few"))
}

/// The lines of an export: a header and up to six records.
fn lines(input: &mut Input<'_>) -> Vec<Vec<u8>> {
    let zeros = "0".repeat(64);
    let tenant = "00".repeat(16);
    let header = format!(
        r#"{{"format":"warded-audit/1","tenant":"{tenant}","start_seq":1,"previous_link":"{zeros}","filter":null}}"#
    );
    let mut lines = vec![header.into_bytes()];
    let mut previous = FIRST_PREVIOUS;
    for seq in 1..=u64::from(input.byte() % 7) {
        let word = String::from_utf8_lossy(input.piece(20)).into_owned();
        let record = Value::object([("seq", Value::Integer(seq)), ("word", Value::Text(word))]);
        let record = canonical(&record).expect("whole numbers and text");
        let salt = input.array();
        let leaf = leaf(&salt, &record);
        previous = link(&previous, seq, &leaf);
        let [salt, leaf, link] = [&salt[..], &leaf, &previous].map(hex);
        let head = format!(r#"{{"seq":{seq},"record":"#);
        let tail = format!(r#","salt":"{salt}","leaf":"{leaf}","link":"{link}"}}"#);
        lines.push([head.as_bytes(), &record, tail.as_bytes()].concat());
    }
    lines
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The input as an export, under the key of the vectors; and as a record.
fn any_lines(data: &[u8]) {
    let mut verifier = ExportVerifier::new(vec![key()]);
    let mut broken = None;
    for line in data.split(|byte| *byte == b'\n').take(16) {
        let answer = verifier.line(line);
        assert!(broken.is_none_or(|broken| answer == Err(broken)), "once broken, always broken");
        broken = answer.err();
    }
    let checked = verifier.checked();
    match verifier.finish() {
        Ok(verified) => {
            assert!(broken.is_none() && verified.checked == checked && verified.without_record <= checked);
        }
        Err(at_end) => assert!(broken.is_none_or(|broken| broken == at_end)),
    }
    if let Some((value, text)) =
        Value::parse(data).ok().and_then(|value| canonical(&value).map(|text| (value, text)))
    {
        let again = Value::parse(&text).expect("a canonical text is JSON");
        assert_eq!(canonical(&again).as_ref(), Some(&text), "canonical once, canonical always");
        assert_eq!(again.to_json().len(), value.to_json().len(), "nothing is added or lost");
    }
}

fn key() -> PublicKey {
    SigningKey::new(&[1; 32]).public()
}
