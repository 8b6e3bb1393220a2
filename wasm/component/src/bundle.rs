//! Bundles: compiled grants and policies with proof of where they come from.

use alloc::vec::Vec;

use warded_core::bundle;
use warded_core::error::Place;
use warded_core::secret::Secret;

use crate::argument::{Result, exactly, integer, millis, named};
use crate::bindings::{Bundle, Entry};
use crate::sealing::master;

pub(crate) fn audience_key(key: Vec<u8>, tenant: &[u8], audience: &str) -> Result<Vec<u8>> {
    let master = master(Secret::new(key).expose(), named("key"))?;
    let tenant = exactly(tenant, named("tenant"))?;
    let key = bundle::audience_key(&master, &tenant, name(audience, named("audience"))?);
    Ok(key.expose().to_vec())
}

/// Signs what a bundle says; when it ends is given apart, because it need not be.
pub(crate) fn make(key: Vec<u8>, says: &Bundle, not_after: Option<u64>) -> Result<Vec<u8>> {
    let key = secret(key)?;
    let not_before = millis(says.not_before, named("not_before"))?;
    let not_after = not_after.map(|end| millis(end, named("not_after"))).transpose()?;
    let not_after = bundle::end(not_before, not_after).map_err(|error| error.at(named("not_after")))?;
    let place = named("grants");
    let entry = |(index, one)| entry(one, Place::Index(&place, index));
    let bundle = bundle::Bundle {
        tenant: exactly(&says.tenant, named("tenant"))?,
        audience: name(&says.audience, named("audience"))?,
        serial: integer(says.serial, 1, named("serial"))?,
        not_before,
        not_after,
        grants: says.grants.iter().enumerate().map(entry).collect::<Result<_>>()?,
        policy: says.policy.as_deref(),
    };
    bundle::make(&bundle, key.expose())
}

fn entry<'a>(entry: &'a Entry, place: Place<'_>) -> Result<bundle::Entry<'a>> {
    let hash = entry.token_hash.as_ref().map(|hash| exactly(hash, Place::Name(&place, "token_hash")));
    Ok(bundle::Entry {
        id: name(&entry.id, Place::Name(&place, "id"))?,
        token_hash: hash.transpose()?,
        grant: &entry.grant,
    })
}

pub(crate) fn open(bytes: &[u8], key: Vec<u8>, audience: &str, min_serial: u64, now: u64) -> Result<Bundle> {
    let (key, now) = (secret(key)?, millis(now, named("now"))?);
    let min_serial = integer(min_serial, 0, named("min_serial"))?;
    let opened = bundle::open(bytes, key.expose(), now, audience, min_serial)?;
    let entry = |entry: &bundle::Entry<'_>| Entry {
        id: entry.id.into(),
        token_hash: entry.token_hash.map(Vec::from),
        grant: entry.grant.into(),
    };
    Ok(Bundle {
        tenant: opened.tenant.into(),
        audience: opened.audience.into(),
        serial: opened.serial,
        not_before: opened.not_before.as_u64(),
        not_after: opened.not_after.as_u64(),
        grants: opened.grants.iter().map(entry).collect(),
        policy: opened.policy.map(Vec::from),
    })
}

fn secret(key: Vec<u8>) -> Result<Secret<[u8; 32]>> {
    Ok(Secret::new(exactly(Secret::new(key).expose(), named("key"))?))
}

fn name<'a>(text: &'a str, place: Place<'_>) -> Result<&'a str> {
    bundle::check_name(text).map_err(|error| error.at(place))
}
