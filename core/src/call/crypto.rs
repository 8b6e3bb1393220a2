//! Tokens, sealing and the audit chain.

use alloc::string::String;

use super::{each, hex, result};
use crate::chain::{MAX_RECORDS, Verifier};
use crate::crypto::key::{Keyring, MAX_KEYS, MasterKey};
use crate::crypto::seal::Context;
use crate::crypto::{seal as sealing, token};
use crate::document::{Fields, Item, MAX_INTEGER, Value};
use crate::error::{Error, ErrorCode, Place};

pub(super) fn parse_token(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let item = fields.required("text")?;
    let kind = item.parsed(token::parse)?;
    Ok(Value::object([("kind", letter(kind)), ("display", Value::text(token::display(item.text()?)))]))
}

pub(super) fn hash_token(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let item = fields.required("text")?;
    item.parsed(token::parse)?;
    Ok(Value::object([("hash", hex::encode(&token::hash(item.text()?)))]))
}

pub(super) fn mint_token(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let wrong = || Error::because(ErrorCode::InvalidText, "one letter of a token kind");
    let kind = fields.required("kind")?.parsed(|text| match text.as_bytes() {
        [letter] => token::TokenKind::from_letter(*letter).ok_or_else(wrong),
        _ => Err(wrong()),
    })?;
    let minted = token::mint(kind, &hex::array(fields, "bytes")?);
    Ok(Value::object([
        ("token", Value::text(minted.expose())),
        ("hash", hex::encode(&minted.hash())),
        ("display", Value::text(minted.display())),
    ]))
}

pub(super) fn verify_token(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let text = fields.required("text")?;
    Ok(result(token::verify(text.text()?, &hex::array(fields, "hash")?)))
}

fn letter(kind: token::TokenKind) -> Value {
    Value::Text(String::from(char::from(kind.letter())))
}

pub(super) fn seal(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let keyring = keyring(fields)?;
    let salt = hex::array(fields, "salt")?;
    let plaintext = hex::bytes(&fields.required("plaintext")?)?;
    let sealed = with_context(fields, |context| sealing::seal(&keyring, context, salt, &plaintext))?;
    Ok(Value::object([("sealed", hex::encode(&sealed))]))
}

pub(super) fn open(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let keyring = keyring(fields)?;
    let sealed = hex::bytes(&fields.required("sealed")?)?;
    let plaintext = with_context(fields, |context| sealing::open(&keyring, context, &sealed))?;
    Ok(Value::object([("plaintext", hex::encode(plaintext.expose()))]))
}

pub(super) fn reseal(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let keyring = keyring(fields)?;
    let salt = hex::array(fields, "salt")?;
    let sealed = hex::bytes(&fields.required("sealed")?)?;
    let resealed = with_context(fields, |context| sealing::reseal(&keyring, context, salt, &sealed))?;
    Ok(Value::object([("sealed", hex::encode(&resealed))]))
}

fn keyring(fields: &mut Fields<'_, '_>) -> Result<Keyring, Error> {
    let keys = each(fields, "keys", MAX_KEYS, |item| Ok(MasterKey::new(&hex::exactly(item)?)))?;
    Keyring::new(keys).map_err(|error| error.at(Place::Name(&Place::Root, "keys")))
}

fn with_context<T>(
    fields: &mut Fields<'_, '_>,
    run: impl FnOnce(&Context<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let item = fields.required("context")?;
    let place = *item.place();
    let mut fields = Fields::of(item.value(), &place)?;
    let mut text = |name| fields.optional(name).map_or(Ok(""), |field| field.text());
    let (purpose, object, path) = (text("purpose")?, text("object")?, text("path")?);
    let tenant = fields.optional("tenant").map(|field| hex::exactly(&field)).transpose()?;
    let version = fields.optional("version").map(|field| field.integer(0, MAX_INTEGER)).transpose()?;
    fields.finish()?;
    run(&Context { purpose, tenant, object, path, version })
}

pub(super) fn verify_chain(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let start = fields.required("start_seq")?.integer(1, MAX_INTEGER)?;
    let mut verifier = Verifier::new(start, hex::array(fields, "previous_link")?);
    let records = fields.required("records")?;
    records.each(MAX_RECORDS, |item| check(&mut verifier, item))?;
    Ok(Value::object([
        ("checked", Value::Integer(verifier.checked())),
        ("link", hex::encode(verifier.link())),
    ]))
}

fn check(verifier: &mut Verifier, item: &Item<'_, '_>) -> Result<(), Error> {
    let place = *item.place();
    let mut fields = Fields::of(item.value(), &place)?;
    let seq = fields.required("seq")?.integer(0, MAX_INTEGER)?;
    let salt = fields.optional("salt").map(|field| hex::exactly::<16>(&field)).transpose()?;
    let record = fields.optional("record").map(|field| field.text()).transpose()?;
    let (leaf, link) = (hex::array(&mut fields, "leaf")?, hex::array(&mut fields, "link")?);
    fields.finish()?;
    verifier.check_at(place, seq, (salt.as_ref(), record), &leaf, &link)
}
