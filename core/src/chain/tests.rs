use super::*;
use crate::vectors::{array, bytes, cases, parse, text};
use alloc::format;
use alloc::vec::Vec;
use serde_json::Value;

#[derive(Clone)]
struct Record {
    seq: u64,
    content: Option<([u8; 16], Vec<u8>)>,
    leaf: [u8; 32],
    link: [u8; 32],
}

fn chain(length: u64) -> Vec<Record> {
    let mut previous = FIRST_PREVIOUS;
    (1..=length)
        .map(|seq| {
            let (salt, bytes) = ([u8::try_from(seq).unwrap(); 16], format!("record {seq}").into_bytes());
            let leaf = leaf(&salt, &bytes);
            previous = link(&previous, seq, &leaf);
            Record { seq, content: Some((salt, bytes)), leaf, link: previous }
        })
        .collect()
}

fn verify(verifier: &mut Verifier, records: &[Record]) -> Result<(), Broken> {
    records.iter().try_for_each(|record| {
        let content = record.content.as_ref().map(|(salt, bytes)| (salt, bytes.as_slice()));
        verifier.check(record.seq, content, &record.leaf, &record.link)
    })
}

fn fault(records: &[Record]) -> Option<(u64, Reason)> {
    let mut verifier = Verifier::new(1, FIRST_PREVIOUS);
    verify(&mut verifier, records).err().map(|broken| (broken.seq, broken.reason))
}

fn vectors() -> Value {
    parse(include_str!("../../../tests/vectors/chain.json"))
}

fn verifier(case: &Value) -> Verifier {
    Verifier::new(case["start_seq"].as_u64().unwrap(), array(&case["previous_link"]))
}

fn records(case: &Value) -> Vec<Record> {
    let record = |record: &Value| Record {
        seq: record["seq"].as_u64().unwrap(),
        content: record["record"].as_str().map(|text| (array(&record["salt"]), text.as_bytes().to_vec())),
        leaf: array(&record["leaf"]),
        link: array(&record["link"]),
    };
    case["records"].as_array().unwrap().iter().map(record).collect()
}

#[test]
fn the_chains_of_the_vectors_hold() {
    for case in cases(&vectors()["valid"]) {
        let (why, records, mut verifier) = (text(&case["why"]), records(case), verifier(case));
        assert_eq!(verify(&mut verifier, &records), Ok(()), "{why}");
        assert_eq!(verifier.checked(), case["checked"].as_u64().unwrap(), "{why}");
        assert_eq!(verifier.link().as_slice(), bytes(&case["link"]), "{why}");
    }
}

#[test]
fn the_broken_chains_of_the_vectors_break_where_they_say() {
    for case in cases(&vectors()["broken"]) {
        let (why, records, mut verifier) = (text(&case["why"]), records(case), verifier(case));
        let broken = verify(&mut verifier, &records).expect_err(why);
        assert_eq!(broken.seq, case["first_bad"].as_u64().unwrap(), "{why}");
        assert_eq!(broken.reason.name(), text(&case["reason"]), "{why}");
        assert_eq!(verifier.checked(), case["index"].as_u64().unwrap(), "{why}");
    }
}

#[test]
fn a_changed_bit_of_a_record_is_found_at_that_record() {
    let records = chain(4);
    for index in 0..records.len() {
        let seq = records[index].seq;
        let changed = |change: &dyn Fn(&mut Record)| {
            let mut records = records.clone();
            change(&mut records[index]);
            fault(&records)
        };
        let in_record = Some((seq, Reason::LeafMismatch));
        for byte in 0..8 {
            assert_eq!(changed(&|record| record.content.as_mut().unwrap().1[byte] ^= 1), in_record);
            assert_eq!(changed(&|record| record.content.as_mut().unwrap().0[byte] ^= 1), in_record);
            assert_eq!(changed(&|record| record.leaf[byte] ^= 1), in_record);
            assert_eq!(changed(&|record| record.link[byte] ^= 1), Some((seq, Reason::LinkMismatch)));
        }
        assert_eq!(changed(&|record| record.content = None), None);
    }
}

#[test]
fn a_removed_record_is_found_unless_it_was_the_last() {
    let records = chain(5);
    for index in 0..records.len() {
        let mut fewer = records.clone();
        let removed = fewer.remove(index);
        let expected = (index + 1 < records.len()).then_some((removed.seq, Reason::SeqGap));
        assert_eq!(fault(&fewer), expected);
    }
}

#[test]
fn records_in_another_order_are_found_at_the_first_of_them() {
    let records = chain(5);
    for (first, second) in (0..5).flat_map(|first| (first + 1..5).map(move |second| (first, second))) {
        let mut swapped = records.clone();
        swapped.swap(first, second);
        assert_eq!(fault(&swapped), Some((records[first].seq, Reason::SeqGap)));
        // Even if each gets the number of its new place.
        swapped[first].seq = records[first].seq;
        swapped[second].seq = records[second].seq;
        assert_eq!(fault(&swapped), Some((records[first].seq, Reason::LinkMismatch)));
    }
}

#[test]
fn a_repeated_record_is_found_at_the_number_it_takes() {
    let records = chain(5);
    for index in 0..records.len() {
        let mut more = records.clone();
        more.insert(index, records[index].clone());
        assert_eq!(fault(&more), Some((records[index].seq + 1, Reason::SeqGap)));
    }
}

#[test]
fn a_verifier_that_broke_stays_broken() {
    let records = chain(3);
    let mut verifier = Verifier::new(1, FIRST_PREVIOUS);
    assert_eq!(verify(&mut verifier, &records[..1]), Ok(()));
    let broken = verify(&mut verifier, &records[2..]).unwrap_err();
    assert_eq!((broken.seq, broken.reason), (2, Reason::SeqGap));
    assert_eq!(verify(&mut verifier, &records[1..]), Err(broken));
    assert_eq!((verifier.checked(), verifier.next_seq(), *verifier.link()), (1, 2, records[0].link));
}

#[test]
fn the_highest_number_is_no_record() {
    let mut verifier = Verifier::new(u64::MAX, FIRST_PREVIOUS);
    let leaf = leaf(&[0; 16], b"");
    let link = link(&FIRST_PREVIOUS, u64::MAX, &leaf);
    let broken = verifier.check(u64::MAX, None, &leaf, &link).unwrap_err();
    assert_eq!((broken.seq, broken.reason), (u64::MAX, Reason::SeqGap));
}

#[test]
fn a_break_names_the_record_and_what_is_wrong() {
    let broken = Broken { seq: 7, reason: Reason::LeafMismatch };
    assert_eq!(format!("{broken}"), "record 7: the record was changed");
}
