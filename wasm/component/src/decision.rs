//! Grants and decisions.

use alloc::vec::Vec;

use warded_core::attribute::MAX_ATTRIBUTES;
use warded_core::decide::{self, MAX_LINKS};
use warded_core::document::{Fields, Item, Value, at_most};
use warded_core::error::{self, ErrorCode, Place};
use warded_core::scope::Scope;
use warded_core::{grant, policy, quota, request, usage};

use crate::argument::{Result, named};
use crate::bindings::{Attribute, Decision, Grant, Link, Request, Usage};

pub(crate) fn compile_grant(grant: Grant) -> Result<Vec<u8>> {
    Ok(grant::Grant::from_document(&Item::new(&grant.into(), named("grant")))?.to_bytes())
}

pub(crate) fn compile_policy(policy: &str) -> Result<Vec<u8>> {
    policy::Policy::compile_json(policy.as_bytes())
}

pub(crate) fn decide(chain: Vec<Link>, policy: Option<&[u8]>, request: Request) -> Result<Decision> {
    let chain = load(chain)?;
    let links: Vec<_> = chain.iter().map(|(grant, usage)| decide::Link { grant, usage }).collect();
    let policy = policy.map(policy::Policy::from_bytes).transpose();
    let policy = policy.map_err(|error| error.at(named("policy")))?;
    distinct(request.attributes.as_deref().unwrap_or_default())?;
    let request = Value::from(request);
    let request = Item::new(&request, named("request"));
    let request = request::Request::from_document(&request)?;
    Ok(Decision::from(&decide::decide(&links, policy.as_ref(), &request).to_document(&links)))
}

fn load(chain: Vec<Link>) -> Result<Vec<(grant::Grant, usage::Usage)>> {
    let place = named("chain");
    at_most(chain.len(), MAX_LINKS, place)?;
    let link = |(index, link)| load_link(link, Place::Index(&place, index));
    chain.into_iter().enumerate().map(link).collect()
}

fn load_link(link: Link, place: Place<'_>) -> Result<(grant::Grant, usage::Usage)> {
    let grant = load_grant(&link.grant, Place::Name(&place, "grant"))?;
    let usage = link
        .usage
        .map(Value::from)
        .map(|usage| usage::Usage::from_document(&Item::new(&usage, Place::Name(&place, "usage")), &grant));
    let usage = usage.transpose()?.unwrap_or_default();
    Ok((grant, usage))
}

fn load_grant(bytes: &[u8], place: Place<'_>) -> Result<grant::Grant> {
    grant::Grant::from_bytes(bytes).map_err(|error| error.at(place))
}

pub(crate) fn settle(grant: &[u8], settlement: &Value) -> Result<Usage> {
    let grant = load_grant(grant, named("grant"))?;
    let mut fields = Fields::of(settlement, &Place::Root)?;
    Ok(Usage::from(&quota::settle_document(&grant, &mut fields)?))
}

/// A list can hold a name twice, an object cannot. What lies behind the limit of names is refused for that.
fn distinct(attributes: &[Attribute]) -> Result<()> {
    let mut before = Vec::new();
    for attribute in attributes.iter().take(MAX_ATTRIBUTES) {
        if before.contains(&&attribute.name) {
            let request = named("request");
            let place = Place::Name(&request, "attributes");
            return Err(error::Error::new(ErrorCode::DuplicateKey).at(Place::Name(&place, &attribute.name)));
        }
        before.push(&attribute.name);
    }
    Ok(())
}

pub(crate) fn covers(outer: &str, inner: &str) -> Result<bool> {
    Ok(scope("outer", outer)?.covers(scope("inner", inner)?))
}

pub(crate) fn overlaps(a: &str, b: &str) -> Result<bool> {
    Ok(scope("a", a)?.overlaps(scope("b", b)?))
}

fn scope<'a>(name: &str, text: &'a str) -> Result<Scope<'a>> {
    Scope::parse(text).map_err(|error| error.at(named(name)))
}
