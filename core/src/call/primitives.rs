//! The primitives as compiled in, for published vectors.

use alloc::vec::Vec;

use super::hex;
use crate::crypto::hash;
use crate::document::{Fields, Item, Value};
use crate::error::Error;

pub(super) fn sha256(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    Ok(Value::object([("digest", hex::encode(&hash::sha256(&bytes(fields, "data")?)))]))
}

pub(super) fn hmac_sha256(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let tag = hash::hmac_sha256(&bytes(fields, "key")?, &bytes(fields, "data")?);
    Ok(Value::object([("tag", hex::encode(&tag))]))
}

pub(super) fn kbkdf(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let (key, label, context) = (bytes(fields, "key")?, bytes(fields, "label")?, bytes(fields, "context")?);
    let length = fields.required("length")?.integer(1, hash::MAX_DERIVED.into())?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let derived = hash::kbkdf_counter(&key, &label, &context, length)?;
    Ok(Value::object([("derived", hex::encode(derived.expose()))]))
}

pub(super) fn aes_gcm_seal(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let (key, nonce, aad) = (hex::array(fields, "key")?, hex::array(fields, "nonce")?, bytes(fields, "aad")?);
    let sealed = hash::aes_gcm_seal(&key, &nonce, &aad, &bytes(fields, "plaintext")?)?;
    Ok(Value::object([("sealed", hex::encode(&sealed))]))
}

pub(super) fn aes_gcm_open(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let (key, nonce, aad) = (hex::array(fields, "key")?, hex::array(fields, "nonce")?, bytes(fields, "aad")?);
    let plaintext = hash::aes_gcm_open(&key, &nonce, &aad, &bytes(fields, "sealed")?)?;
    Ok(Value::object([("plaintext", hex::encode(plaintext.expose()))]))
}

fn bytes(fields: &mut Fields<'_, '_>, name: &'static str) -> Result<Vec<u8>, Error> {
    fields.required(name).and_then(|item: Item<'_, '_>| hex::bytes(&item))
}
