//! The core, called natively.

use serde_json::Value;
use warded_conformance::Case;
use warded_core::call;
use warded_core::crypto::derive::{self, Argon2idInput};

fn native(case: &Case) -> Option<Value> {
    let answer = call::answer(case.call.to_string().as_bytes());
    serde_json::from_slice(&answer.json).ok()
}

#[test]
fn the_core_answers_every_call_as_expected() {
    assert_eq!(warded_conformance::run(native), warded_conformance::cases().len());
}

#[test]
fn the_core_derives_every_key_as_published() {
    let cases = warded_conformance::derivations();
    for case in &cases {
        assert_eq!(derived(&case.call).unwrap(), case.expected["derived"], "{}", case.id);
    }
    assert_eq!(cases.len(), 65);
}

fn derived(call: &Value) -> Option<String> {
    let bytes = |name: &str| hex(call.get(name)?.as_str()?);
    let number = |name: &str| u32::try_from(call.get(name)?.as_u64()?).ok();
    let mut output = vec![0; usize::try_from(number("length")?).ok()?];
    let (password, salt, iterations) = (bytes("password")?, bytes("salt")?, number("iterations")?);
    match call.get("op")?.as_str()? {
        "pbkdf2_sha256" => derive::pbkdf2_sha256(&password, &salt, iterations, &mut output),
        _ => {
            let (secret, associated_data) = (bytes("secret")?, bytes("associated_data")?);
            let (memory, parallelism) = (number("memory")?, number("parallelism")?);
            let input = Argon2idInput {
                memory,
                iterations,
                parallelism,
                password: &password,
                salt: &salt,
                secret: &secret,
                associated_data: &associated_data,
            };
            derive::argon2id(&input, &mut output)
        }
    }
    .ok()?;
    Some(output.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}
