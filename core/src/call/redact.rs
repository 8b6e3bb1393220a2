//! Redaction of text and of JSON text.

use crate::document::{Fields, Value};
use crate::error::{Error, ErrorCode};
use crate::redact::{Options, redact_json, redact_text};

/// JSON goes in and out as text: a tree of values would not keep its numbers.
pub(super) fn redact(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let options = fields.optional("options").map(|options| Options::from_document(&options)).transpose()?;
    let options = options.unwrap_or_default();
    match (fields.optional("json"), fields.optional("text")) {
        (Some(json), None) => {
            let masked = json.parsed(|json| redact_json(json.as_bytes(), &options))?;
            Ok(Value::Object([("json".into(), Value::Text(masked))].into()))
        }
        (None, Some(text)) => {
            let masked = text.parsed(|text| redact_text(text, &options))?;
            Ok(Value::Object([("text".into(), Value::Text(masked))].into()))
        }
        (None, None) | (Some(_), Some(_)) => {
            Err(Error::because(ErrorCode::MissingField, "one of `json` and `text`"))
        }
    }
}
