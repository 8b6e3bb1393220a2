//! What the program does: one decision of each kind, and one value sealed and opened.

use alloc::vec::Vec;

use warded_core::call;
use warded_core::crypto::key::{Keyring, MasterKey};
use warded_core::crypto::seal::{Context, open, seal};
use warded_core::document::Value;
use warded_core::{Error, ErrorCode};

/// Whether the engine answers as it must.
pub(crate) fn holds() -> bool {
    decides("a/KEY") == Some(Value::text("allow"))
        && decides("b/KEY") == Some(Value::text("deny"))
        && seals().is_ok_and(|opened| opened == VALUE)
        && opens_elsewhere() == Some(ErrorCode::SealRejected)
}

fn decides(path: &str) -> Option<Value> {
    let grant = Value::object([("scopes", Value::List(Vec::from([Value::text("secrets:read:a/*")])))]);
    let request = Value::object([
        ("resource", Value::text("secrets")),
        ("action", Value::text("read")),
        ("path", Value::text(path)),
        ("now", Value::Integer(1)),
    ]);
    let call = Value::object([
        ("op", Value::text("decide")),
        ("chain", Value::List(Vec::from([Value::object([("grant", grant)])]))),
        ("request", request),
    ]);
    // As text, so that the parser and the writer of JSON are part of the proof.
    let answer = call::answer(&call.to_json());
    Value::parse(&answer.json).ok()?.field("decision").cloned()
}

const VALUE: &[u8] = b"hunter2";

fn sealed(keyring: &Keyring) -> Result<Vec<u8>, Error> {
    seal(keyring, &Context { path: "a/KEY", ..Context::default() }, [7; 32], VALUE)
}

fn seals() -> Result<Vec<u8>, Error> {
    let keyring = Keyring::new(Vec::from([MasterKey::new(&[1; 32])]))?;
    let context = Context { path: "a/KEY", ..Context::default() };
    Ok(open(&keyring, &context, &sealed(&keyring)?)?.expose().clone())
}

fn opens_elsewhere() -> Option<ErrorCode> {
    let keyring = Keyring::new(Vec::from([MasterKey::new(&[1; 32])])).ok()?;
    let context = Context { path: "b/KEY", ..Context::default() };
    open(&keyring, &context, &sealed(&keyring).ok()?).err().map(|error| error.code())
}
