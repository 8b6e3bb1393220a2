use super::*;
use crate::error::{ErrorCode, Place};
use crate::vectors::{array, cases, parse};
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::ToString as _;

fn document(value: &serde_json::Value) -> Result<Checkpoint, Error> {
    let value = Value::parse(value.to_string().as_bytes()).unwrap();
    Checkpoint::from_document(&Item::new(&value, Place::Root))
}

fn signed() -> (SigningKey, Checkpoint) {
    let key = SigningKey::new(&[1; 32]);
    let checkpoint = Checkpoint::sign(&key, [2; 16], 3, [4; 32], Millis::new(5).unwrap());
    (key, checkpoint)
}

#[test]
fn checkpoints_are_signed_to_the_bytes_of_the_vectors() {
    let vectors = parse(include_str!("../../../../tests/vectors/export.json"));
    for case in cases(&vectors["checkpoints"]) {
        let key = SigningKey::new(&array(&case["secret_key"]));
        assert_eq!(*key.public().as_bytes(), array(&case["public_key"]));
        let checkpoint = document(&case["checkpoint"]).unwrap();
        let Checkpoint { tenant, seq, link, time, .. } = checkpoint;
        assert_eq!(Checkpoint::sign(&key, tenant, seq, link, time), checkpoint);
        assert!(checkpoint.is_signed_by(&PublicKey::new(&array(&case["public_key"])).unwrap()));
        let written: serde_json::Value = serde_json::from_slice(&checkpoint.to_document().to_json()).unwrap();
        assert_eq!(written, case["checkpoint"]);
    }
}

#[test]
fn whatever_is_changed_is_not_signed() {
    let (key, checkpoint) = signed();
    let public = key.public();
    assert!(checkpoint.is_signed_by(&public));
    let changes: [&dyn Fn(&mut Checkpoint); 6] = [
        &|checkpoint| checkpoint.tenant[0] ^= 1,
        &|checkpoint| checkpoint.seq += 1,
        &|checkpoint| checkpoint.link[31] ^= 1,
        &|checkpoint| checkpoint.time = Millis::ZERO,
        &|checkpoint| checkpoint.key_id = KeyId::new([0; 8]),
        &|checkpoint| checkpoint.signature[63] ^= 0x20,
    ];
    for change in changes {
        let mut changed = checkpoint;
        change(&mut changed);
        assert!(!changed.is_signed_by(&public), "{changed:?}");
    }
    for bit in 0..512 {
        let mut changed = checkpoint;
        changed.signature[bit / 8] ^= 1 << (bit % 8);
        assert!(!changed.is_signed_by(&public), "{bit}");
    }
    assert!(!checkpoint.is_signed_by(&SigningKey::new(&[2; 32]).public()));
}

#[test]
fn weak_and_impossible_keys_are_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(PublicKey::new(&identity), None);
    assert_eq!(PublicKey::new(&[0; 32]), None);
    let mut no_point = [0; 32];
    no_point[0] = 2;
    assert_eq!(PublicKey::new(&no_point), None);
}

#[test]
fn a_document_that_is_wrong_is_refused_with_its_field() {
    let good: serde_json::Value = serde_json::from_slice(&signed().1.to_document().to_json()).unwrap();
    let refusal = |name: &str, value: serde_json::Value| {
        let mut wrong = good.clone();
        wrong[name] = value;
        let error = document(&wrong).unwrap_err();
        (error.code(), error.field().unwrap().as_str().to_owned())
    };
    for (name, value, code) in [
        ("seq", serde_json::json!(0), ErrorCode::OutOfRange),
        ("time", serde_json::json!(-1), ErrorCode::OutOfRange),
        ("link", serde_json::json!("00"), ErrorCode::InvalidText),
        ("signature", serde_json::json!("AA"), ErrorCode::InvalidText),
        ("tenant", serde_json::json!(1), ErrorCode::WrongType),
        ("more", serde_json::json!(1), ErrorCode::UnknownField),
    ] {
        assert_eq!(refusal(name, value), (code, name.to_owned()));
    }
}

#[test]
fn a_signing_key_shows_its_id_only() {
    let (key, checkpoint) = signed();
    assert_eq!(format!("{key:?}"), format!("SigningKey({})", checkpoint.key_id));
}
