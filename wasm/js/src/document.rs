//! The operations that only JavaScript needs: comparing scopes, and deciding and explaining what the packed layout has no room for.

use alloc::vec::Vec;

use warded_core::codec::{Reader, misuse};
use warded_core::decide::{Link, MAX_LINKS, decide};
use warded_core::document::{Fields, Item, Value, at_most};
use warded_core::error::{Error, ErrorCode, Place};
use warded_core::explain::explain;
use warded_core::filter::filter_document;
use warded_core::grant::Grant;
use warded_core::lint;
use warded_core::policy::Policy;
use warded_core::quota::settle_document;
use warded_core::request::Request;
use warded_core::scope::Scope;
use warded_core::usage::Usage;

/// The bytes of a length.
const LENGTH: usize = 4;

/// Whether the first scope covers the second: the first one's length (4 bytes), both texts; the answer is one byte.
///
/// # Errors
/// `outer` or `inner` is malformed.
pub fn covers(input: &[u8]) -> Result<Vec<u8>, Error> {
    compare(input, "outer", "inner", Scope::covers)
}

/// Whether two scopes overlap: as [`covers`].
///
/// # Errors
/// `a` or `b` is malformed.
pub fn overlaps(input: &[u8]) -> Result<Vec<u8>, Error> {
    compare(input, "a", "b", Scope::overlaps)
}

fn compare<'a>(
    input: &'a [u8],
    first: &'static str,
    second: &'static str,
    holds: fn(Scope<'a>, Scope<'a>) -> bool,
) -> Result<Vec<u8>, Error> {
    let mut reader = Reader::new(input);
    let text = reader.bytes().map_err(misuse)?;
    Ok(Vec::from([u8::from(holds(scope(text, first)?, scope(reader.rest(), second)?))]))
}

fn scope<'a>(text: &'a [u8], name: &'static str) -> Result<Scope<'a>, Error> {
    let text = core::str::from_utf8(text).map_err(|_| Error::new(ErrorCode::InvalidScope));
    text.and_then(Scope::parse).map_err(|error| error.at(Place::Name(&Place::Root, name)))
}

/// Compiles a grant document. Its text was made from an object on the way here, so errors carry no position in it.
///
/// # Errors
/// The field that is wrong.
pub fn compile_grant(input: &[u8]) -> Result<Vec<u8>, Error> {
    let document = Value::parse(input)?;
    Ok(Grant::from_document(&Item::new(&document, Place::Root))?.to_bytes())
}

/// Compiles a policy document, in the same way.
///
/// # Errors
/// The field that is wrong.
pub fn compile_policy(input: &[u8]) -> Result<Vec<u8>, Error> {
    let document = Value::parse(input)?;
    Policy::compile(&Item::new(&document, Place::Root))
}

/// Warns of what is doubtful in a policy or a grant: JSON text in and out, as the document boundary has it.
///
/// # Errors
/// The field that is wrong.
pub fn lint(input: &[u8]) -> Result<Vec<u8>, Error> {
    let document = Value::parse(input)?;
    let mut fields = Fields::of(&document, &Place::Root)?;
    let warnings = lint::lint(&mut fields)?;
    fields.finish()?;
    Ok(warnings.into_bytes())
}

/// Decides a request document: the number of grants (4 bytes), the compiled bytes of each behind their length (4), and the JSON text
/// `{"chain":[{"usage"?}],"request"}`; the answer is the decision as JSON text.
///
/// # Errors
/// The field that is wrong, or damaged bytes.
pub fn decide_document(policy: Option<&Policy>, input: &[u8]) -> Result<Vec<u8>, Error> {
    asked(policy, input, |chain, policy, request, _| {
        Ok(decide(chain, policy, request).to_document(chain).to_json())
    })
}

/// Explains a decision: as [`decide_document`].
///
/// # Errors
/// The field that is wrong, or damaged bytes.
pub fn explain_document(policy: Option<&Policy>, input: &[u8]) -> Result<Vec<u8>, Error> {
    asked(policy, input, |chain, policy, request, _| Ok(explain(chain, policy, request).into_bytes()))
}

/// Filters paths: as [`decide_document`], with `paths` beside the request; the answer is `{"indices"}`.
///
/// # Errors
/// The field that is wrong, or damaged bytes.
pub fn filter(policy: Option<&Policy>, input: &[u8]) -> Result<Vec<u8>, Error> {
    asked(policy, input, |chain, policy, request, fields| {
        Ok(filter_document(chain, policy, request, &fields.required("paths")?)?.to_json())
    })
}

type Answer = fn(&[Link<'_>], Option<&Policy>, &Request<'_>, &mut Fields<'_, '_>) -> Result<Vec<u8>, Error>;

fn asked(policy: Option<&Policy>, input: &[u8], answer: Answer) -> Result<Vec<u8>, Error> {
    let mut reader = Reader::new(input);
    let count = reader.count(LENGTH).map_err(misuse)?;
    // Before any of them is loaded: many small grants would make much of a few bytes, and memory never shrinks.
    at_most(count, MAX_LINKS, Place::Name(&Place::Root, "chain"))?;
    let mut grants = Vec::with_capacity(count);
    for _ in 0..count {
        grants.push(Grant::from_bytes(reader.bytes()?)?);
    }
    let document = Value::parse(reader.rest())?;
    let mut fields = Fields::of(&document, &Place::Root)?;
    let mut rest = grants.iter();
    let usages = fields.required("chain")?.each(MAX_LINKS, |item| {
        usage(item, rest.next().ok_or_else(|| Error::new(ErrorCode::InvalidBuffer))?)
    })?;
    let request = fields.required("request")?;
    let request = Request::from_document(&request)?;
    let links: Vec<_> = grants.iter().zip(&usages).map(|(grant, usage)| Link { grant, usage }).collect();
    let answer = answer(&links, policy, &request, &mut fields)?;
    fields.finish()?;
    Ok(answer)
}

fn usage(item: &Item<'_, '_>, grant: &Grant) -> Result<Usage, Error> {
    let mut fields = item.fields()?;
    let usage = fields
        .optional("usage")
        .map_or_else(|| Ok(Usage::default()), |usage| Usage::from_document(&usage, grant))?;
    fields.finish()?;
    Ok(usage)
}

/// Settles a reservation: the grant's compiled bytes behind their length (4 bytes), and the JSON text
/// `{"usage"?, "reserved", "actual", "reserved_at"?, "now"}`; the answer is the next usage as JSON text.
///
/// # Errors
/// The field that is wrong, or damaged bytes.
pub fn settle(input: &[u8]) -> Result<Vec<u8>, Error> {
    let mut reader = Reader::new(input);
    let grant = Grant::from_bytes(reader.bytes().map_err(misuse)?)?;
    let document = Value::parse(reader.rest())?;
    let mut fields = Fields::of(&document, &Place::Root)?;
    let usage = settle_document(&grant, &mut fields)?;
    fields.finish()?;
    Ok(usage.to_json())
}

#[cfg(test)]
mod tests {
    use super::{Answer, LENGTH, asked};
    use warded_core::error::ErrorCode;

    /// What stands behind the number of grants is none: nothing of it may have been looked at.
    #[test]
    fn a_chain_that_is_too_long_is_refused_before_any_of_its_grants_is_loaded() {
        let answer: Answer = |_, _, _, _| Ok(Vec::new());
        let refused = |count: u32| {
            let input = [&count.to_le_bytes()[..], &[0; 200_000 * LENGTH]].concat();
            let error = asked(None, &input, answer).err();
            error.map(|error| (error.code(), error.field().map(|field| field.as_str().to_owned())))
        };
        let too_long = Some((ErrorCode::LimitExceeded, Some("chain".to_owned())));
        assert_eq!(refused(5), too_long);
        assert_eq!(refused(200_000), too_long);
        assert_ne!(refused(4), too_long);
    }
}
