use super::*;
use crate::vectors::{array, bytes, cases, parse, text};
use alloc::string::String;
use alloc::vec;
use proptest::prelude::*;
use serde_json::Value;

const CONTEXT: Context<'_> = Context {
    purpose: "value",
    tenant: Some([5; 16]),
    object: "sec_1",
    path: "production/payments/stripe/KEY",
    version: Some(3),
};
const WRAP: Context<'_> = Context { purpose: "data-key", ..CONTEXT };
const SALT: [u8; 32] = [8; 32];
const PLAINTEXT: &[u8] = b"sk-live-0123456789";

fn ring(numbers: &[u8]) -> Keyring {
    Keyring::new(numbers.iter().map(|number| MasterKey::new(&[*number; 32])).collect()).unwrap()
}

fn sealed() -> Vec<u8> {
    seal(&ring(&[1]), &CONTEXT, SALT, PLAINTEXT).unwrap()
}

fn code(opened: Result<Secret<Vec<u8>>, Error>) -> ErrorCode {
    let error = opened.expect_err("opened");
    // Nothing but the code: a field or hint could tell causes apart.
    assert_eq!(error, Error::new(error.code()));
    error.code()
}

fn vectors() -> Value {
    parse(include_str!("../../../../tests/vectors/seal.json"))
}

fn keyring(keys: &Value) -> Keyring {
    Keyring::new(cases(keys).iter().map(|key| MasterKey::new(&array(key))).collect()).unwrap()
}

fn context(case: &Value) -> Context<'_> {
    let text = |name: &str| case[name].as_str().unwrap_or_default();
    Context {
        purpose: text("purpose"),
        tenant: (!case["tenant"].is_null()).then(|| array(&case["tenant"])),
        object: text("object"),
        path: text("path"),
        version: case["version"].as_u64(),
    }
}

#[test]
fn values_are_sealed_to_the_bytes_of_the_vectors() {
    let vectors = parse(include_str!("../../../../tests/vectors/crypto.json"));
    for case in cases(&vectors["seal"]) {
        let keyring = Keyring::new(vec![MasterKey::new(&array(&case["key"]))]).unwrap();
        let (context, plaintext, sealed) = (context(case), bytes(&case["plaintext"]), bytes(&case["sealed"]));
        assert_eq!(seal(&keyring, &context, array(&case["salt"]), &plaintext).as_ref(), Ok(&sealed));
        assert_eq!(*open(&keyring, &context, &sealed).unwrap().expose(), plaintext);
    }
}

#[test]
fn values_sealed_elsewhere_open() {
    for case in cases(&vectors()["opened"]) {
        let opened = open(&keyring(&case["keys"]), &context(&case["context"]), &bytes(&case["sealed"]));
        assert_eq!(*opened.unwrap().expose(), bytes(&case["plaintext"]), "{}", text(&case["why"]));
    }
}

#[test]
fn what_the_vectors_refuse_does_not_open() {
    for case in cases(&vectors()["refused"]) {
        let opened = open(&keyring(&case["keys"]), &context(&case["context"]), &bytes(&case["sealed"]));
        assert_eq!(code(opened).name(), text(&case["code"]), "{}", text(&case["why"]));
    }
}

#[test]
fn data_keys_are_sealed_to_the_bytes_of_the_vectors() {
    for case in cases(&vectors()["with_data_key"]) {
        let keyring = keyring(&case["keys"]);
        let (wrap, value) = (context(&case["wrap"]), context(&case["value"]));
        let salts = [array(&case["salts"][0]), array(&case["salts"][1])];
        let plaintext = bytes(&case["plaintext"]);
        let wrapped =
            seal_with_data_key(&keyring, &wrap, &value, &array(&case["data_key"]), salts, &plaintext)
                .unwrap();
        assert_eq!(wrapped.data_key, bytes(&case["sealed_key"]));
        assert_eq!(wrapped.value, bytes(&case["sealed"]));
        let opened = open_with_data_key(&keyring, &wrap, &value, &wrapped.data_key, &wrapped.value);
        assert_eq!(*opened.unwrap().expose(), plaintext);
    }
}

#[test]
fn what_the_vectors_refuse_does_not_open_with_a_data_key() {
    for case in cases(&vectors()["with_data_key_refused"]) {
        let (wrap, value) = (context(&case["wrap"]), context(&case["value"]));
        let (sealed_key, sealed) = (bytes(&case["sealed_key"]), bytes(&case["sealed"]));
        let opened = open_with_data_key(&keyring(&case["keys"]), &wrap, &value, &sealed_key, &sealed);
        assert_eq!(code(opened).name(), text(&case["code"]), "{}", text(&case["why"]));
    }
}

#[test]
fn every_changed_bit_is_refused() {
    let (keyring, sealed) = (ring(&[1]), sealed());
    for (index, bit) in (0..sealed.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
        let mut changed = sealed.clone();
        changed[index] ^= 1 << bit;
        let expected = if (2..10).contains(&index) { ErrorCode::KeyUnknown } else { ErrorCode::SealRejected };
        assert_eq!(code(open(&keyring, &CONTEXT, &changed)), expected, "byte {index}, bit {bit}");
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    let (keyring, sealed) = (ring(&[1]), sealed());
    for end in 0..sealed.len() {
        assert_eq!(code(open(&keyring, &CONTEXT, &sealed[..end])), ErrorCode::SealRejected, "{end}");
        assert_eq!(key_id(&sealed[..end]).is_some(), end >= OVERHEAD, "{end}");
    }
    for start in 1..sealed.len() {
        assert_eq!(code(open(&keyring, &CONTEXT, &sealed[start..])), ErrorCode::SealRejected, "{start}");
    }
    let longer = [&sealed[..], &[0]].concat();
    assert_eq!(code(open(&keyring, &CONTEXT, &longer)), ErrorCode::SealRejected);
}

#[test]
fn a_value_opens_in_its_own_place_only() {
    let elsewhere = [
        Context { purpose: "data-key", ..CONTEXT },
        Context { tenant: Some([6; 16]), ..CONTEXT },
        Context { tenant: None, ..CONTEXT },
        Context { object: "sec_2", ..CONTEXT },
        Context { path: "production/payments/stripe/KEY2", ..CONTEXT },
        Context { version: Some(4), ..CONTEXT },
        Context { version: None, ..CONTEXT },
        Context::default(),
    ];
    for context in elsewhere {
        assert_eq!(code(open(&ring(&[1]), &context, &sealed())), ErrorCode::SealRejected, "{context:?}");
    }
}

#[test]
fn the_key_is_found_by_its_id() {
    assert_eq!(open(&ring(&[2, 1]), &CONTEXT, &sealed()).unwrap().expose(), PLAINTEXT);
    assert_eq!(code(open(&ring(&[2]), &CONTEXT, &sealed())), ErrorCode::KeyUnknown);
    assert_eq!(key_id(&sealed()), Some(ring(&[1]).current().id()));
}

#[test]
fn values_are_resealed_to_the_bytes_of_the_vectors() {
    for case in cases(&vectors()["resealed"]) {
        let (keyring, fields) = (keyring(&case["keys"]), context(&case["context"]));
        let again = reseal(&keyring, &fields, array(&case["salt"]), &bytes(&case["sealed"]));
        assert_eq!(again, Ok(bytes(&case["resealed"])), "{}", case["why"]);
    }
}

#[test]
fn what_does_not_open_is_not_resealed() {
    let refusal = |numbers: &[u8], context, sealed: &[u8]| {
        reseal(&ring(numbers), context, SALT, sealed).expect_err("resealed").code()
    };
    assert_eq!(refusal(&[2], &CONTEXT, &sealed()), ErrorCode::KeyUnknown);
    assert_eq!(refusal(&[2, 1], &WRAP, &sealed()), ErrorCode::SealRejected);
    assert_eq!(refusal(&[2, 1], &CONTEXT, &sealed()[1..]), ErrorCode::SealRejected);
}

#[test]
fn what_is_encrypted_elsewhere_has_the_same_bytes() {
    let (mut elsewhere, key) = seal_head(&ring(&[1]), &CONTEXT, SALT).unwrap();
    assert_eq!((elsewhere.len(), elsewhere.capacity()), (HEAD, HEAD));
    append_aes_gcm(&mut elsewhere, key.expose(), &[0; 12], &[], PLAINTEXT).unwrap();
    assert_eq!(elsewhere, sealed());
    let key = open_head(&ring(&[2, 1]), &CONTEXT, &elsewhere[..HEAD]).unwrap();
    assert_eq!(aes_gcm_open(key.expose(), &[0; 12], &[], &elsewhere[HEAD..]).unwrap().expose(), PLAINTEXT);
}

#[test]
fn a_head_gives_its_key_in_its_own_place_only() {
    let (head, keyring) = (sealed()[..HEAD].to_vec(), ring(&[1]));
    let refusal = |context: &Context<'_>, head: &[u8]| {
        let error = open_head(&keyring, context, head).expect_err("opened");
        assert_eq!(error, Error::new(error.code()));
        error.code()
    };
    assert_eq!(refusal(&WRAP, &head), ErrorCode::SealRejected);
    for index in 0..HEAD {
        let mut changed = head.clone();
        changed[index] ^= 1;
        let expected = if (2..10).contains(&index) { ErrorCode::KeyUnknown } else { ErrorCode::SealRejected };
        assert_eq!(refusal(&CONTEXT, &changed), expected, "{index}");
        assert_eq!(refusal(&CONTEXT, &head[..index]), ErrorCode::SealRejected, "{index}");
    }
    assert_eq!(refusal(&CONTEXT, &sealed()), ErrorCode::SealRejected);
}

#[test]
fn a_data_key_is_wrapped_again_without_its_value() {
    let wrapped =
        seal_with_data_key(&ring(&[1]), &WRAP, &CONTEXT, &[7; 32], [SALT, [9; 32]], PLAINTEXT).unwrap();
    let again = reseal(&ring(&[2, 1]), &WRAP, [10; 32], &wrapped.data_key).unwrap();
    let opened = open_with_data_key(&ring(&[2]), &WRAP, &CONTEXT, &again, &wrapped.value);
    assert_eq!(opened.unwrap().expose(), PLAINTEXT);
}

#[test]
fn every_changed_byte_of_a_wrapped_pair_is_refused() {
    let keyring = ring(&[1]);
    let wrapped =
        seal_with_data_key(&keyring, &WRAP, &CONTEXT, &[7; 32], [SALT, [9; 32]], PLAINTEXT).unwrap();
    let open = |key: &[u8], value: &[u8]| open_with_data_key(&keyring, &WRAP, &CONTEXT, key, value);
    for index in 0..wrapped.data_key.len() {
        let mut changed = wrapped.data_key.clone();
        changed[index] ^= 0x80;
        let expected = if (2..10).contains(&index) { ErrorCode::KeyUnknown } else { ErrorCode::SealRejected };
        assert_eq!(code(open(&changed, &wrapped.value)), expected, "{index}");
    }
    for index in 0..wrapped.value.len() {
        let mut changed = wrapped.value.clone();
        changed[index] ^= 0x80;
        assert_eq!(code(open(&wrapped.data_key, &changed)), ErrorCode::SealRejected, "{index}");
    }
}

#[test]
fn a_plaintext_has_at_most_16_mib() {
    let keyring = ring(&[1]);
    let mut plaintext = vec![0; MAX_PLAINTEXT + 1];
    let error = seal(&keyring, &CONTEXT, SALT, &plaintext).unwrap_err();
    assert_eq!((error.code(), error.hint()), (ErrorCode::LimitExceeded, Hint::AtMost(16_777_216)));
    plaintext.pop();
    let mut sealed = seal(&keyring, &CONTEXT, SALT, &plaintext).unwrap();
    assert_eq!((sealed.len(), sealed.capacity()), (MAX_PLAINTEXT + OVERHEAD, MAX_PLAINTEXT + OVERHEAD));
    assert_eq!(open(&keyring, &CONTEXT, &sealed).unwrap().expose().len(), MAX_PLAINTEXT);
    sealed.push(0);
    assert_eq!(code(open(&keyring, &CONTEXT, &sealed)), ErrorCode::SealRejected);
}

proptest! {
    #[test]
    fn what_is_sealed_opens(
        key: [u8; 32], salt: [u8; 32], plaintext: Vec<u8>,
        purpose: String, tenant: Option<[u8; 16]>, object: String, path: String, version: Option<u64>,
    ) {
        let keyring = Keyring::new(vec![MasterKey::new(&key)]).unwrap();
        let context = Context { purpose: &purpose, tenant, object: &object, path: &path, version };
        let sealed = seal(&keyring, &context, salt, &plaintext).unwrap();
        prop_assert_eq!(sealed.len().checked_sub(plaintext.len()), Some(OVERHEAD));
        let opened = open(&keyring, &context, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &plaintext);
    }

    #[test]
    fn bytes_that_nobody_sealed_do_not_open(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let keyring = ring(&[1]);
        let id = *keyring.current().id().as_bytes();
        let aimed = [&[1, 1][..], &id, &bytes].concat();
        prop_assert!(open(&keyring, &CONTEXT, &bytes).is_err());
        prop_assert_eq!(code(open(&keyring, &CONTEXT, &aimed)), ErrorCode::SealRejected);
    }
}
