//! Grants, and the texts that decisions are made of.

use alloc::string::ToString;

use super::{each, hex, result};
use crate::crypto::hash::sha256;
use crate::document::{Fields, Item, MAX_INTEGER, Value};
use crate::error::{Error, ErrorCode};
use crate::grant::Grant;
use crate::ip;
use crate::namespaces::Namespaces;
use crate::path::Path;
use crate::quota;
use crate::request::millis;
use crate::scope::Scope;
use crate::scope_set::MAX_SCOPES;
use crate::time;

pub(super) fn settle(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let grant = Grant::from_document(&fields.required("grant")?)?;
    Ok(Value::object([("usage", quota::settle_document(&grant, fields)?)]))
}

pub(super) fn compile_grant(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let bytes = Grant::from_document(&fields.required("grant")?)?.to_bytes();
    Ok(Value::object([("bytes", hex::encode(&bytes)), ("digest", hex::encode(&sha256(&bytes)))]))
}

pub(super) fn covers(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let outer = fields.required("outer")?.parsed(Scope::parse)?;
    Ok(result(outer.covers(fields.required("inner")?.parsed(Scope::parse)?)))
}

pub(super) fn overlaps(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let a = fields.required("a")?.parsed(Scope::parse)?;
    Ok(result(a.overlaps(fields.required("b")?.parsed(Scope::parse)?)))
}

pub(super) fn overlapping(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let scopes = each(fields, "scopes", MAX_SCOPES, |item| item.parsed(Scope::parse))?;
    let among = each(fields, "among", MAX_AMONG, |item| item.parsed(Scope::parse))?;
    let within = match fields.optional("within") {
        None => None,
        Some(item) => Namespaces::compile(
            &item.each(Namespaces::MAX, |item| item.parsed(|text| Namespaces::check(text).map(|()| text)))?,
        ),
    };
    let inside = |scope: &Scope<'_>| {
        let pattern = scope.pattern().map_or("", |pattern| pattern.as_str());
        within.as_ref().is_none_or(|namespaces| namespaces.contain(pattern))
    };
    let reached = |scope: &Scope<'_>| inside(scope) && scopes.iter().any(|known| known.overlaps(*scope));
    let indices =
        (0..).zip(&among).filter(|(_, scope)| reached(scope)).map(|(index, _)| Value::Integer(index));
    Ok(Value::object([("indices", Value::List(indices.collect()))]))
}

/// How many scopes one call may ask about.
const MAX_AMONG: usize = 100_000;

fn canonical(text: &impl ToString) -> Value {
    Value::object([("canonical", Value::Text(text.to_string()))])
}

pub(super) fn parse_path(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    Ok(canonical(&fields.required("text")?.parsed(Path::parse)?.as_str()))
}

pub(super) fn parse_scope(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    Ok(canonical(&fields.required("text")?.parsed(Scope::parse)?))
}

pub(super) fn parse_address(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    Ok(canonical(&fields.required("text")?.parsed(ip::parse_address)?))
}

pub(super) fn parse_network(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    Ok(canonical(&fields.required("text")?.parsed(ip::Network::parse)?))
}

pub(super) fn contains(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let network = fields.required("network")?.parsed(ip::Network::parse)?;
    Ok(result(network.contains(fields.required("address")?.parsed(ip::parse_address)?)))
}

pub(super) fn parse_ttl(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let ceiling = millis(&fields.required("ceiling_ms")?)?;
    let ttl = match (fields.optional("text"), fields.optional("seconds")) {
        (Some(text), None) => text.parsed(|text| time::parse_ttl(text, ceiling))?,
        (None, Some(seconds)) => seconds_of(&seconds, ceiling)?,
        (None, None) | (Some(_), Some(_)) => {
            return Err(Error::because(ErrorCode::MissingField, "one of `text` and `seconds`"));
        }
    };
    Ok(Value::object([("ms", Value::Integer(ttl.as_u64()))]))
}

fn seconds_of(item: &Item<'_, '_>, ceiling: time::Millis) -> Result<time::Millis, Error> {
    time::ttl_seconds(item.integer(0, MAX_INTEGER)?, ceiling).map_err(|error| error.at(*item.place()))
}
