//! The audit chain: what was appended verifies, and what was changed since does not.

use warded_core::chain::{FIRST_PREVIOUS, Verifier, leaf, link};

use crate::input::Input;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    seq: u64,
    content: Option<([u8; 16], Vec<u8>)>,
    leaf: [u8; 32],
    link: [u8; 32],
}

/// A chain of these records holds, with any of them erased; changed in any one place it does not.
pub fn chain(data: &[u8]) {
    let mut input = Input::new(data);
    let start = input.long().min(u64::MAX - 64);
    let (operation, at, to, change) = (input.byte(), input.byte(), input.byte(), input.byte());
    let mut records = appended(start, &mut input);
    assert_eq!(checked(start, &records), Ok(records.len()));
    if records.is_empty() {
        return;
    }
    let whole = records.clone();
    let (at, to) = (usize::from(at) % records.len(), usize::from(to));
    let (what, byte) = (records[at].clone(), change.max(1));
    match operation % 7 {
        0 => records[at].seq ^= u64::from(byte),
        1 => records[at].leaf[to % 32] ^= byte,
        2 => records[at].link[to % 32] ^= byte,
        3 => flip(&mut records[at], to, byte),
        4 => drop(records.remove(at)),
        5 => records.insert(to % (records.len() + 1), what),
        _ => records.swap(at, to % whole.len()),
    }
    if whole.starts_with(&records) {
        // Nothing has changed, or the end is missing: that only a checkpoint shows.
        assert_eq!(checked(start, &records), Ok(records.len()));
        return;
    }
    let first = records.iter().zip(&whole).take_while(|(now, before)| now == before).count();
    assert_eq!(checked(start, &records), Err(first), "a change is found where it is");
}

fn appended(start: u64, input: &mut Input<'_>) -> Vec<Record> {
    let mut previous = FIRST_PREVIOUS;
    let mut records = Vec::new();
    while !input.is_empty() && records.len() < 12 {
        let seq = start + u64::try_from(records.len()).unwrap_or_default();
        let (erased, salt, bytes) = (input.flag(), [input.byte(); 16], input.piece(60).to_vec());
        let leaf = leaf(&salt, &bytes);
        let link = link(&previous, seq, &leaf);
        records.push(Record { seq, content: (!erased).then_some((salt, bytes)), leaf, link });
        previous = link;
    }
    records
}

/// How many records hold: all of them, or those before the first that does not.
fn checked(start: u64, records: &[Record]) -> Result<usize, usize> {
    let mut verifier = Verifier::new(start, FIRST_PREVIOUS);
    for (index, record) in records.iter().enumerate() {
        let content = record.content.as_ref().map(|(salt, bytes)| (salt, bytes.as_slice()));
        verifier.check(record.seq, content, &record.leaf, &record.link).map_err(|_| index)?;
    }
    Ok(records.len())
}

/// Changes a byte of the salt or of the record; of an erased one, of its link.
fn flip(record: &mut Record, at: usize, byte: u8) {
    match &mut record.content {
        Some((salt, bytes)) => match bytes.get_mut(at) {
            Some(place) => *place ^= byte,
            None => salt[at % 16] ^= byte,
        },
        None => record.link[at % 32] ^= byte,
    }
}
