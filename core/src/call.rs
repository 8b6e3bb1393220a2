//! The document boundary: one *Call* in, one *Answer* out, as JSON, for every runtime that has no closer binding.
//!
//! Every binding forwards this pair, so one set of vectors speaks for all of them. `docs/abi.md` lists the operations.

use alloc::string::String;
use alloc::vec::Vec;

use crate::document::{Fields, Item, Value};
use crate::error::{Blame, Error, ErrorCode, Place};
use crate::hex;
use crate::json::{Position, write, write_text};

mod bundle;
mod crypto;
mod decision;
mod engine;
mod primitives;
mod redact;

#[cfg(test)]
mod tests;

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the pair that the raw ABI returns")]
pub struct Answer {
    /// 0, or the number of the error's code.
    pub status: u16,
    /// The result document or `{"error":{…}}`, as JSON text.
    pub json: Vec<u8>,
}

impl From<Result<Value, Error>> for Answer {
    fn from(result: Result<Value, Error>) -> Self {
        match result {
            Ok(document) => Self { status: 0, json: document.to_json() },
            Err(error) => Self { status: error.code().number(), json: error_json(&error) },
        }
    }
}

/// Answers one call, given as JSON text.
#[must_use]
pub fn answer(json: &[u8]) -> Answer {
    Value::parse(json).and_then(|call| run(&call)).into()
}

/// An error as every boundary shows it, as JSON text.
#[must_use]
pub fn error_json(error: &Error) -> Vec<u8> {
    let mut json = String::from("{\"error\":{\"code\":");
    write_text(&mut json, error.code().name());
    let mut push = |name: &str, value: Value| {
        json.push(',');
        write_text(&mut json, name);
        json.push(':');
        write(&mut json, &value);
    };
    push("message", Value::Text(error.message()));
    if let Some(field) = error.field() {
        push("field", Value::text(field.as_str()));
    }
    if let Some(Position { line, column }) = error.position() {
        push("line", Value::Integer(line.into()));
        push("column", Value::Integer(column.into()));
    }
    json.push_str("}}");
    json.into_bytes()
}

type Operation = fn(&mut Fields<'_, '_>) -> Result<Value, Error>;

const OPERATIONS: &[(&str, Operation)] = &[
    ("decide", decision::decide),
    ("filter", decision::filter),
    ("narrows", crate::narrowing::narrows_document),
    ("explain", decision::explain),
    ("settle", engine::settle),
    ("compile_grant", engine::compile_grant),
    ("compile_policy", decision::compile_policy),
    ("lint", decision::lint),
    ("covers", engine::covers),
    ("overlaps", engine::overlaps),
    ("overlapping", engine::overlapping),
    ("parse_path", engine::parse_path),
    ("parse_scope", engine::parse_scope),
    ("parse_address", engine::parse_address),
    ("parse_network", engine::parse_network),
    ("contains", engine::contains),
    ("parse_ttl", engine::parse_ttl),
    ("parse_token", crypto::parse_token),
    ("hash_token", crypto::hash_token),
    ("mint_token", crypto::mint_token),
    ("verify_token", crypto::verify_token),
    ("seal", crypto::seal),
    ("open", crypto::open),
    ("reseal", crypto::reseal),
    ("audience_key", bundle::audience_key),
    ("make_bundle", bundle::make_bundle),
    ("open_bundle", bundle::open_bundle),
    ("verify_chain", crypto::verify_chain),
    ("redact", redact::redact),
    ("sha256", primitives::sha256),
    ("hmac_sha256", primitives::hmac_sha256),
    ("kbkdf", primitives::kbkdf),
    ("aes_gcm_seal", primitives::aes_gcm_seal),
    ("aes_gcm_open", primitives::aes_gcm_open),
    ("errors", errors),
];

/// Runs one call, for a binding that has it as a document already.
///
/// # Errors
/// The field that is unknown, missing or wrong.
pub fn run(call: &Value) -> Result<Value, Error> {
    let mut fields = Fields::of(call, &Place::Root)?;
    let name = fields.required("op")?;
    let operation = name.parsed(|text| {
        let known = OPERATIONS.iter().find(|(name, _)| *name == text);
        known.map(|(_, operation)| operation).ok_or_else(|| Error::new(ErrorCode::UnknownOperation))
    })?;
    let result = operation(&mut fields)?;
    fields.finish()?;
    Ok(result)
}

/// The table of error codes.
fn errors(_: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let row = |code: &ErrorCode| {
        Value::object([
            ("code", Value::text(code.name())),
            ("number", Value::Integer(u64::from(code.number()))),
            ("status", Value::Integer(u64::from(code.http_status()))),
            ("blame", Value::text(blame(code.blame()))),
        ])
    };
    Ok(Value::object([("codes", Value::List(ErrorCode::ALL.iter().map(row).collect()))]))
}

const fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Bug => "bug",
        Blame::Crypto => "crypto",
        Blame::Denied => "denied",
        Blame::Input => "input",
        Blame::Misuse => "misuse",
    }
}

/// `{"result": …}`
fn result(result: bool) -> Value {
    Value::object([("result", Value::Bool(result))])
}

/// The entries of a required list, each read by `read`.
fn each<'a, T>(
    fields: &mut Fields<'a, '_>,
    name: &'static str,
    most: usize,
    read: impl FnMut(&Item<'a, '_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    fields.required(name)?.each(most, read)
}
