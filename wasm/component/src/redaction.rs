//! Redaction.

use alloc::string::String;

use warded_core::document::{Item, Value};
use warded_core::redact::{Options, redact_json, redact_text};
use warded_core::secret::Secret;

use crate::argument::{Result, named};
use crate::bindings::Redaction;

pub(crate) fn text(text: String, redaction: Option<Redaction>) -> Result<String> {
    let text = Secret::new(text);
    redact_text(text.expose(), &options(redaction)?).map_err(|error| error.at(named("text")))
}

pub(crate) fn json(json: String, redaction: Option<Redaction>) -> Result<String> {
    let json = Secret::new(json);
    redact_json(json.expose().as_bytes(), &options(redaction)?).map_err(|error| error.at(named("json")))
}

fn options(redaction: Option<Redaction>) -> Result<Options> {
    let Some(redaction) = redaction else { return Ok(Options::default()) };
    Options::from_document(&Item::new(&Value::from(redaction), named("options")))
}
