use super::*;
use crate::audit::canonical::canonical;
use crate::audit::checkpoint::SigningKey;
use crate::chain;
use crate::document::{Item, Value};
use crate::error::Place;
use crate::time::Millis;
use crate::vectors::{array, cases, parse, text};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use proptest::prelude::*;

const TENANT: [u8; 16] = [3; 16];

fn vectors() -> serde_json::Value {
    parse(include_str!("../../../../tests/vectors/export.json"))
}

fn checkpoint(document: &serde_json::Value) -> Checkpoint {
    let value = Value::parse(&serde_json::to_vec(document).unwrap()).unwrap();
    Checkpoint::from_document(&Item::new(&value, Place::Root)).unwrap()
}

fn verify(keys: Vec<PublicKey>, held: &[Checkpoint], lines: &[String]) -> Result<Verified, Broken> {
    let mut verifier = ExportVerifier::new(keys);
    held.iter().try_for_each(|held| verifier.hold(*held))?;
    lines.iter().try_for_each(|line| verifier.line(line.as_bytes()))?;
    verifier.finish()
}

fn verify_case(case: &serde_json::Value) -> Result<Verified, Broken> {
    let list = |name: &str| case[name].as_array().unwrap().clone();
    let keys = list("public_keys").iter().map(|key| PublicKey::new(&array(key)).unwrap()).collect();
    let held: Vec<_> = list("held").iter().map(checkpoint).collect();
    let lines: Vec<_> = list("lines").iter().map(|line| String::from(text(line))).collect();
    verify(keys, &held, &lines)
}

#[test]
fn the_exports_of_the_vectors_hold() {
    for case in cases(&vectors()["valid"]) {
        let verified = verify_case(case).unwrap_or_else(|broken| panic!("{}: {broken}", case["why"]));
        let counts = (verified.checked, verified.without_record, verified.signed_through);
        let expected = |name: &str| case[name].as_u64();
        assert_eq!(
            counts,
            (expected("checked").unwrap(), expected("without_record").unwrap(), expected("signed_through")),
            "{}",
            case["why"]
        );
    }
}

#[test]
fn the_broken_exports_of_the_vectors_break_where_they_say() {
    for case in cases(&vectors()["broken"]) {
        let broken = verify_case(case).expect_err(text(&case["why"]));
        let found = (broken.seq, broken.fault.name());
        assert_eq!(found, (case["first_bad"].as_u64(), text(&case["reason"])), "{}", case["why"]);
    }
}

#[test]
fn a_verifier_that_broke_stays_broken() {
    let (lines, _) = export(3, &[]);
    let mut verifier = ExportVerifier::new(Vec::new());
    assert_eq!(verifier.line(lines[0].as_bytes()), Ok(()));
    let broken = verifier.line(b"x").unwrap_err();
    assert_eq!(verifier.line(lines[1].as_bytes()), Err(broken));
    assert_eq!((verifier.checked(), verifier.finish()), (0, Err(broken)));
    assert_eq!(format!("{broken}"), "the line at record 1 is malformed");
}

fn key() -> SigningKey {
    SigningKey::new(&[9; 32])
}

/// A real export of so many records, with checkpoints behind some of them.
fn export(length: u64, signed: &[u64]) -> (Vec<String>, Vec<Checkpoint>) {
    rewritten(length, signed, "allow")
}

fn rewritten(length: u64, signed: &[u64], outcome: &str) -> (Vec<String>, Vec<Checkpoint>) {
    let zero = "0".repeat(64);
    let mut lines = vec![format!(
        r#"{{"format":"{FORMAT}","tenant":"{}","start_seq":1,"previous_link":"{zero}","filter":null}}"#,
        "03".repeat(16)
    )];
    let (mut link, mut checkpoints) = (chain::FIRST_PREVIOUS, Vec::new());
    for seq in 1..=length {
        let record = format!(r#"{{"actor":{{"id":"agt_{seq}"}},"outcome":"{outcome}","seq":{seq}}}"#);
        assert_eq!(canonical(&Value::parse(record.as_bytes()).unwrap()).unwrap(), record.as_bytes());
        let salt = [u8::try_from(seq).unwrap(); 16];
        let leaf = chain::leaf(&salt, record.as_bytes());
        link = chain::link(&link, seq, &leaf);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (salt, leaf) = (hex(&salt), hex(&leaf));
        lines.push(format!(
            r#"{{"seq":{seq},"record":{record},"salt":"{salt}","leaf":"{leaf}","link":"{}"}}"#,
            hex(&link)
        ));
        if signed.contains(&seq) {
            let checkpoint = Checkpoint::sign(&key(), TENANT, seq, link, Millis::ZERO);
            let document = String::from_utf8(checkpoint.to_document().to_json()).unwrap();
            lines.push(format!(r#"{{"checkpoint":{document}}}"#));
            checkpoints.push(checkpoint);
        }
    }
    (lines, checkpoints)
}

/// What an export says, line by line, with what does not matter left out: spaces, the order of keys, blank lines.
fn meaning(lines: &[String]) -> Vec<Option<serde_json::Value>> {
    let said = lines.iter().filter(|line| !line.trim().is_empty());
    said.map(|line| serde_json::from_str(line).ok()).collect()
}

#[derive(Debug, Clone)]
enum Mutation {
    Byte { line: prop::sample::Index, byte: prop::sample::Index, to: u8 },
    Cut { line: prop::sample::Index, byte: prop::sample::Index },
    Remove { first: prop::sample::Index, count: usize },
    Repeat { line: prop::sample::Index, at: prop::sample::Index },
    Swap { a: prop::sample::Index, b: prop::sample::Index },
    Truncate { length: prop::sample::Index },
    Fork { from: prop::sample::Index },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), index(), 0x20_u8..0x7f).prop_map(|(line, byte, to)| Mutation::Byte { line, byte, to }),
        1 => (index(), index()).prop_map(|(line, byte)| Mutation::Cut { line, byte }),
        2 => (index(), 1_usize..4).prop_map(|(first, count)| Mutation::Remove { first, count }),
        1 => (index(), index()).prop_map(|(line, at)| Mutation::Repeat { line, at }),
        1 => (index(), index()).prop_map(|(a, b)| Mutation::Swap { a, b }),
        1 => index().prop_map(|length| Mutation::Truncate { length }),
        1 => index().prop_map(|from| Mutation::Fork { from }),
    ]
}

fn mutate(lines: &mut Vec<String>, mutation: &Mutation, other: &[String]) {
    match mutation {
        Mutation::Byte { line, byte, to } => {
            let line = line.get_mut(lines);
            let at = byte.index(line.len().max(1));
            let mut bytes = core::mem::take(line).into_bytes();
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = *to);
            *line = String::from_utf8(bytes).unwrap();
        }
        Mutation::Cut { line, byte } => {
            let line = line.get_mut(lines);
            line.truncate(byte.index(line.len().max(1)));
        }
        Mutation::Remove { first, count } => {
            let first = first.index(lines.len());
            lines.drain(first..lines.len().min(first.saturating_add(*count)));
        }
        Mutation::Repeat { line, at } => lines.insert(at.index(lines.len()), line.get(lines).clone()),
        Mutation::Swap { a, b } => {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
        }
        Mutation::Truncate { length } => lines.truncate(length.index(lines.len())),
        // Another history from some line on: what somebody writes who has the database and not the key.
        Mutation::Fork { from } => {
            let from = from.index(lines.len());
            lines.splice(from.., other.iter().skip(from).cloned());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The newest record is signed and the checkpoint held elsewhere: no change of what an export says goes unnoticed,
    /// except that a checkpoint inside it may be missing, which says less and nothing else.
    #[test]
    fn no_change_goes_unnoticed(mutations in prop::collection::vec(mutation(), 1..4)) {
        let (lines, checkpoints) = export(12, &[4, 8, 12]);
        let (other, _) = rewritten(12, &[], "deny");
        let mut changed = lines.clone();
        for mutation in mutations {
            if !changed.is_empty() {
                mutate(&mut changed, &mutation, &other);
            }
        }
        let records = |lines: &[String]| {
            let mut said = meaning(lines);
            said.retain(|line| line.as_ref().is_none_or(|line| line.get("checkpoint").is_none()));
            said
        };
        let held = checkpoints.last().copied().unwrap();
        let verified = verify(vec![key().public()], &[held], &changed);
        // Whatever a filter says is for people.
        let filter_changed = changed.first().is_some_and(|header| header.contains("\"filter\":") && *header != lines[0]);
        if records(&changed) == records(&lines) {
            prop_assert!(verified.is_ok() || meaning(&changed) != meaning(&lines), "{:?}", verified);
        } else if !filter_changed {
            prop_assert!(verified.is_err(), "{:?}\n{}", verified, changed.join("\n"));
        }
    }

    #[test]
    fn any_bytes_are_a_line_or_malformed(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..4)) {
        let mut verifier = ExportVerifier::new(Vec::new());
        let broken = lines.iter().find_map(|line| verifier.line(line).err());
        let fault = broken.or_else(|| verifier.finish().err()).map(|broken| broken.fault);
        prop_assert_eq!(fault, Some(Fault::Malformed));
    }
}
