//! Decisions, why they are what they are, and policies.

use alloc::vec::Vec;

use super::{each, hex};
use crate::crypto::hash::sha256;
use crate::decide::{Link, MAX_LINKS};
use crate::document::{Fields, Item, Value};
use crate::error::Error;
use crate::filter::filter_document;
use crate::grant::Grant;
use crate::policy::Policy;
use crate::request::Request;
use crate::usage::Usage;

pub(super) fn decide(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    asked(fields, &|chain, policy, request| {
        Ok(crate::decide::decide(chain, policy, request).to_document(chain))
    })
}

pub(super) fn explain(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    asked(fields, &|chain, policy, request| {
        Value::parse(crate::explain::explain(chain, policy, request).as_bytes())
    })
}

pub(super) fn filter(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let paths = fields.required("paths")?;
    asked(fields, &|chain, policy, request| filter_document(chain, policy, request, &paths))
}

type Answer<'f> = &'f dyn Fn(&[Link<'_>], Option<&Policy>, &Request<'_>) -> Result<Value, Error>;

/// Reads a chain, a policy and a request, and answers with what `answer` makes of them.
fn asked(fields: &mut Fields<'_, '_>, answer: Answer<'_>) -> Result<Value, Error> {
    let chain = each(fields, "chain", MAX_LINKS, |item| {
        let mut fields = item.fields()?;
        let grant = Grant::from_document(&fields.required("grant")?)?;
        let usage = fields.optional("usage");
        let usage =
            usage.map_or_else(|| Ok(Usage::default()), |usage| Usage::from_document(&usage, &grant))?;
        fields.finish()?;
        Ok((grant, usage))
    })?;
    let policy = fields.optional("policy").map(|item| policy(&item)).transpose()?;
    let request = fields.required("request")?;
    let request = Request::from_document(&request)?;
    let links: Vec<_> = chain.iter().map(|(grant, usage)| Link { grant, usage }).collect();
    answer(&links, policy.as_ref(), &request)
}

pub(super) fn compile_policy(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let bytes = compiled_policy(&fields.required("policy")?)?;
    Ok(Value::object([("bytes", hex::encode(&bytes)), ("digest", hex::encode(&sha256(&bytes)))]))
}

/// A policy's compiled bytes, from its document or the text of one.
pub(super) fn compiled_policy(item: &Item<'_, '_>) -> Result<Vec<u8>, Error> {
    match item.value() {
        Value::Text(text) => Policy::compile_json(text.as_bytes()),
        _ => Policy::compile(item),
    }
}

/// A policy: its document, or the text of one, whose errors then have a line and a column.
fn policy(item: &Item<'_, '_>) -> Result<Policy, Error> {
    match item.value() {
        Value::Text(text) => Policy::from_json(text.as_bytes()),
        _ => Policy::from_document(item),
    }
}

pub(super) fn lint(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    Value::parse(crate::lint::lint(fields)?.as_bytes())
}
