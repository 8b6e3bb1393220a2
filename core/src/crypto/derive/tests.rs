use super::*;
use crate::vectors::{array, bytes, cases, parse, text};
use alloc::format;
use alloc::vec;
use serde_json::Value;

fn vectors() -> Value {
    parse(include_str!("../../../../tests/vectors/derive.json"))
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

const SALT: [u8; 16] = [5; 16];

#[test]
fn argon2id_is_that_of_the_vectors() {
    for case in cases(&vectors()["argon2id"]) {
        let fields = ["password", "salt", "secret", "associated_data"].map(|name| bytes(&case[name]));
        let [password, salt, secret, associated_data] = &fields;
        let input = Argon2idInput {
            memory: number(&case["memory"]),
            iterations: number(&case["iterations"]),
            parallelism: number(&case["parallelism"]),
            password,
            salt,
            secret,
            associated_data,
        };
        let expected = bytes(&case["derived"]);
        let mut output = vec![0; expected.len()];
        assert_eq!(argon2id(&input, &mut output), Ok(()), "{}", case["why"]);
        assert_eq!(output, expected, "{}", case["why"]);
    }
}

#[test]
fn pbkdf2_is_that_of_the_vectors() {
    for case in cases(&vectors()["pbkdf2_sha256"]) {
        let expected = bytes(&case["derived"]);
        let mut output = vec![0; expected.len()];
        let (password, salt) = (bytes(&case["password"]), bytes(&case["salt"]));
        assert_eq!(pbkdf2_sha256(&password, &salt, number(&case["iterations"]), &mut output), Ok(()));
        assert_eq!(output, expected, "{}", case["why"]);
    }
}

#[test]
fn the_floors_derive_the_keys_of_the_vectors() {
    let vectors = vectors();
    for (cost, case) in [Argon2id::LOGIN, Argon2id::KEYRING].iter().zip(cases(&vectors["argon2id_floors"])) {
        let key = cost.derive(&bytes(&case["password"]), &bytes(&case["salt"])).unwrap();
        assert_eq!(*key.expose(), array(&case["derived"]), "{}", case["why"]);
        assert_eq!(Argon2id::new(number(&case["memory"]), number(&case["iterations"]), 1).as_ref(), Ok(cost));
    }
    let case =
        cases(&vectors["pbkdf2_sha256"]).iter().find(|case| text(&case["why"]) == "the floor").unwrap();
    let key =
        Pbkdf2::new(Pbkdf2::FEWEST).unwrap().derive(&bytes(&case["password"]), &SALT_OF_VECTORS).unwrap();
    assert_eq!(*key.expose(), array(&case["derived"]));
}

const SALT_OF_VECTORS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn rule(result: Result<impl core::fmt::Debug, Error>) -> alloc::string::String {
    let error = result.unwrap_err();
    assert_eq!(error.code(), ErrorCode::OutOfRange);
    format!("{error}")
}

#[test]
fn nothing_is_derived_below_the_floors() {
    assert!(rule(Argon2id::new(19 * 1024 - 1, 2, 1)).contains("memory"));
    assert!(rule(Argon2id::new(MAX_MEMORY + 1, 2, 1)).contains("memory"));
    assert!(rule(Argon2id::new(19 * 1024, 1, 1)).contains("iterations"));
    assert!(rule(Argon2id::new(19 * 1024, 2, 0)).contains("parallelism"));
    assert!(rule(Argon2id::new(19 * 1024, 2, 256)).contains("parallelism"));
    assert!(rule(Pbkdf2::new(99_999)).contains("iterations"));
    assert!(rule(Argon2id::LOGIN.derive(b"password", &SALT[1..])).contains("salt"));
    assert!(rule(Pbkdf2::DEFAULT.derive(b"password", &SALT[1..])).contains("salt"));
}

#[test]
fn what_no_rfc_allows_is_refused() {
    let least = Argon2idInput {
        memory: 8,
        iterations: 1,
        parallelism: 1,
        password: b"",
        salt: &SALT[..8],
        secret: b"",
        associated_data: b"",
    };
    let refused = |input: &Argon2idInput<'_>, length: usize| {
        let code = argon2id(input, &mut vec![0; length]).err().map(|error| error.code());
        assert_eq!(code, Some(ErrorCode::OutOfRange));
    };
    assert_eq!(argon2id(&least, &mut [0; 4]), Ok(()));
    refused(&least, 3);
    refused(&least, MAX_OUTPUT + 1);
    refused(&Argon2idInput { memory: 7, ..least }, 4);
    refused(&Argon2idInput { memory: MAX_MEMORY + 1, ..least }, 4);
    refused(&Argon2idInput { iterations: 0, ..least }, 4);
    refused(&Argon2idInput { parallelism: 0, ..least }, 4);
    refused(&Argon2idInput { parallelism: 2, ..least }, 4);
    refused(&Argon2idInput { parallelism: u32::MAX, ..least }, 4);
    refused(&Argon2idInput { salt: &SALT[..7], ..least }, 4);
    refused(&Argon2idInput { associated_data: &[0; 33], ..least }, 4);
    for (iterations, length) in [(0, 32), (1, 0), (1, MAX_OUTPUT + 1)] {
        assert!(pbkdf2_sha256(b"", b"", iterations, &mut vec![0; length]).is_err());
    }
}
