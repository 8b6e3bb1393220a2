//! Sealed values and the contexts they are bound to.

use warded_core::ErrorCode;
use warded_core::crypto::key::{Keyring, MasterKey};
use warded_core::crypto::seal::{
    Context, OVERHEAD, key_id, open, open_with_data_key, seal, seal_with_data_key,
};

use crate::input::Input;

/// What is sealed opens in its place and nowhere else; any other bytes are refused, or are what sealing makes.
pub fn sealed(data: &[u8]) {
    any_bytes(data);
    let mut input = Input::new(data);
    let keyring = keyring(&[input.byte() & 3, 4]);
    let (context, other) = (context(&mut input), context(&mut input));
    let (salt, at, change) = (input.array(), input.short(), input.byte());
    let plaintext = input.rest();
    let sealed = seal(&keyring, &context, salt, plaintext).expect("a short value is sealed");
    assert_eq!(sealed.len(), plaintext.len() + OVERHEAD);
    assert_eq!(key_id(&sealed), Some(keyring.current().id()));
    assert_eq!(opened(&keyring, &context, &sealed), Ok(plaintext.to_vec()));
    if other != context {
        assert_eq!(opened(&keyring, &other, &sealed), Err(ErrorCode::SealRejected), "opened elsewhere");
    }
    if change != 0 {
        let mut changed = sealed.clone();
        changed[at % sealed.len()] ^= change;
        assert!(opened(&keyring, &context, &changed).is_err(), "opened although changed");
    }
    let shorter = &sealed[..at % sealed.len()];
    assert!(opened(&keyring, &context, shorter).is_err(), "opened although cut");
    with_data_key(&keyring, [&context, &other], salt, plaintext);
}

fn keyring(numbers: &[u8]) -> Keyring {
    let keys = numbers.iter().map(|number| MasterKey::new(&[*number; 32])).collect();
    Keyring::new(keys).expect("two different keys")
}

fn opened(keyring: &Keyring, context: &Context<'_>, sealed: &[u8]) -> Result<Vec<u8>, ErrorCode> {
    open(keyring, context, sealed).map(|plaintext| plaintext.expose().clone()).map_err(|error| error.code())
}

fn context<'a>(input: &mut Input<'a>) -> Context<'a> {
    let mut text = || str::from_utf8(input.piece(40)).unwrap_or_default();
    let (purpose, object, path) = (text(), text(), text());
    let parts = input.byte();
    Context {
        purpose,
        tenant: (parts & 1 == 1).then(|| input.array()),
        object,
        path,
        version: (parts & 2 == 2).then(|| input.long()),
    }
}

/// The input itself as a context and as a sealed value.
fn any_bytes(data: &[u8]) {
    match Context::read(data) {
        Ok((context, rest)) => {
            let mut written = Vec::new();
            context.write(&mut written);
            written.extend_from_slice(rest);
            assert_eq!(written, data, "one context, two encodings");
        }
        Err(error) => assert_eq!(error.code(), ErrorCode::InvalidBuffer),
    }
    let (keyring, context) = (keyring(&[1]), Context::default());
    match open(&keyring, &context, data) {
        Ok(plaintext) => {
            let salt = *data.get(10..42).and_then(<[u8]>::first_chunk).expect("a sealed value has a salt");
            assert_eq!(seal(&keyring, &context, salt, plaintext.expose()).as_deref(), Ok(data));
        }
        Err(error) => {
            assert!([ErrorCode::KeyUnknown, ErrorCode::SealRejected].contains(&error.code()), "{error}");
        }
    }
}

fn with_data_key(keyring: &Keyring, [wrap, value]: [&Context<'_>; 2], salt: [u8; 32], plaintext: &[u8]) {
    let wrapped = seal_with_data_key(keyring, wrap, value, &salt, [salt, [0; 32]], plaintext)
        .expect("a short value is sealed");
    let open = |key: &[u8], sealed: &[u8]| {
        open_with_data_key(keyring, wrap, value, key, sealed).map(|plaintext| plaintext.expose().clone())
    };
    assert_eq!(open(&wrapped.data_key, &wrapped.value).as_deref(), Ok(plaintext));
    assert!(open(&wrapped.value, &wrapped.data_key).is_err(), "the two parts exchanged");
}
