//! Sealed values. Keys and plaintexts are wiped when a call is done; what a host keeps of them is the host's.

use alloc::string::String;
use alloc::vec::Vec;

use warded_core::crypto::key::{Keyring, MAX_KEYS, MasterKey};
use warded_core::crypto::seal;
use warded_core::document::at_most;
use warded_core::error::Place;
use warded_core::secret::Secret;

use crate::argument::{Result, exactly, integer, named};
use crate::bindings::Context;

pub(crate) fn seal(
    keys: Vec<Vec<u8>>,
    salt: &[u8],
    context: &Context,
    plaintext: Vec<u8>,
) -> Result<Vec<u8>> {
    let (keyring, plaintext) = (keyring(keys)?, Secret::new(plaintext));
    let salt = exactly(salt, named("salt"))?;
    seal::seal(&keyring, &bound(context)?, salt, plaintext.expose())
}

pub(crate) fn open(keys: Vec<Vec<u8>>, context: &Context, sealed: &[u8]) -> Result<Vec<u8>> {
    let plaintext = seal::open(&keyring(keys)?, &bound(context)?, sealed)?;
    Ok(plaintext.expose().clone())
}

pub(crate) fn reseal(keys: Vec<Vec<u8>>, salt: &[u8], context: &Context, sealed: &[u8]) -> Result<Vec<u8>> {
    let keyring = keyring(keys)?;
    let salt = exactly(salt, named("salt"))?;
    seal::reseal(&keyring, &bound(context)?, salt, sealed)
}

fn keyring(keys: Vec<Vec<u8>>) -> Result<Keyring> {
    let (keys, place) = (Secret::new(keys), named("keys"));
    at_most(keys.expose().len(), MAX_KEYS, place)?;
    let key = |(index, key): (usize, &Vec<u8>)| master(key, Place::Index(&place, index));
    let keys = keys.expose().iter().enumerate().map(key).collect::<Result<Vec<_>>>()?;
    Keyring::new(keys).map_err(|error| error.at(place))
}

pub(crate) fn master(key: &[u8], place: Place<'_>) -> Result<MasterKey> {
    Ok(MasterKey::new(Secret::new(exactly(key, place)?).expose()))
}

fn bound(context: &Context) -> Result<seal::Context<'_>> {
    let place = named("context");
    let text = |text| Option::<&String>::map_or(text, "", String::as_str);
    let tenant = context.tenant.as_ref().map(|tenant| exactly(tenant, Place::Name(&place, "tenant")));
    let version = context.version.map(|version| integer(version, 0, Place::Name(&place, "version")));
    Ok(seal::Context {
        purpose: text(context.purpose.as_ref()),
        tenant: tenant.transpose()?,
        object: text(context.object.as_ref()),
        path: text(context.path.as_ref()),
        version: version.transpose()?,
    })
}
