//! Bundles.

use alloc::string::String;
use alloc::vec::Vec;

use super::decision::compiled_policy;
use super::hex;
use crate::bundle::{self, Bundle, Entry, MAX_BUNDLE, check_name};
use crate::crypto::key::MasterKey;
use crate::document::{Fields, Item, MAX_INTEGER, Value};
use crate::error::{Error, Place};
use crate::grant::Grant;
use crate::request::millis;

pub(super) fn audience_key(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let master = MasterKey::new(&hex::array(fields, "key")?);
    let tenant = hex::array(fields, "tenant")?;
    let audience = fields.required("audience")?.parsed(check_name)?;
    let key = bundle::audience_key(&master, &tenant, audience);
    Ok(Value::object([("key", hex::encode(key.expose()))]))
}

pub(super) fn make_bundle(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let key = hex::array(fields, "key")?;
    let tenant = hex::array(fields, "tenant")?;
    let audience = fields.required("audience")?.parsed(check_name)?;
    let serial = fields.required("serial")?.integer(1, MAX_INTEGER)?;
    let not_before = millis(&fields.required("not_before")?)?;
    let not_after = fields.optional("not_after");
    let not_after = not_after.map(|item| millis(&item)).transpose()?;
    let not_after = bundle::end(not_before, not_after)
        .map_err(|error| error.at(Place::Name(&Place::Root, "not_after")))?;
    let entries = fields.required("grants")?.each(MAX_BUNDLE, entry)?;
    let policy = fields.optional("policy").map(|item| compiled_policy(&item)).transpose()?;
    let grants = entries.iter().map(|(id, token_hash, grant)| Entry { id, token_hash: *token_hash, grant });
    let grants = grants.collect();
    let policy = policy.as_deref();
    let bundle = Bundle { tenant, audience, serial, not_before, not_after, grants, policy };
    Ok(Value::object([("bytes", hex::encode(&bundle::make(&bundle, &key)?))]))
}

type OwnedEntry<'a> = (&'a str, Option<[u8; 32]>, Vec<u8>);

fn entry<'a>(item: &Item<'a, '_>) -> Result<OwnedEntry<'a>, Error> {
    let place = *item.place();
    let mut fields = Fields::of(item.value(), &place)?;
    let id = fields.required("id")?.parsed(check_name)?;
    let token_hash = fields.optional("token_hash").map(|field| hex::exactly(&field)).transpose()?;
    let grant = Grant::from_document(&fields.required("grant")?)?.to_bytes();
    fields.finish()?;
    Ok((id, token_hash, grant))
}

pub(super) fn open_bundle(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let bytes = hex::bytes(&fields.required("bytes")?)?;
    let key = hex::array(fields, "key")?;
    let now = millis(&fields.required("now")?)?;
    let audience = fields.required("audience")?.text()?;
    let min_serial = fields.required("min_serial")?.integer(0, MAX_INTEGER)?;
    let opened = bundle::open(&bytes, &key, now, audience, min_serial)?;
    let grant = |entry: &Entry<'_>| {
        Value::object([
            ("id", Value::text(entry.id)),
            ("token_hash", entry.token_hash.map_or(Value::Null, |hash| hex::encode(&hash))),
            ("grant", hex::encode(entry.grant)),
        ])
    };
    Ok(Value::object([
        ("tenant", hex::encode(&opened.tenant)),
        ("audience", Value::Text(String::from(opened.audience))),
        ("serial", Value::Integer(opened.serial)),
        ("not_before", Value::Integer(opened.not_before.as_u64())),
        ("not_after", Value::Integer(opened.not_after.as_u64())),
        ("grants", Value::List(opened.grants.iter().map(grant).collect())),
        ("policy", opened.policy.map_or(Value::Null, hex::encode)),
    ]))
}
