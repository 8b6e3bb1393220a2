//! What is right and still doubtful in a policy or a grant: warnings, never errors.

use alloc::string::String;
use alloc::vec::Vec;

use crate::document::{Fields, Item, Value};
use crate::error::{Error, Place};
use crate::grant::Grant;
use crate::json::locate;
use crate::policy::Policy;
use crate::request::millis;

mod grant;
mod policy;
#[cfg(test)]
mod tests;

/// Something doubtful, and where.
#[derive(Debug)]
struct Warning {
    code: &'static str,
    field: String,
    message: &'static str,
}

impl Warning {
    fn to_document(&self, text: Option<&[u8]>) -> Value {
        let position = text.and_then(|text| locate(text, &self.field));
        let number = |part: Option<u32>| part.map_or(Value::Null, |part| Value::Integer(part.into()));
        Value::object([
            ("code", Value::text(self.code)),
            ("field", Value::text(&self.field)),
            ("message", Value::text(self.message)),
            ("line", number(position.map(|position| position.line))),
            ("column", number(position.map(|position| position.column))),
        ])
    }
}

/// Where warnings are collected.
#[derive(Debug, Default)]
struct Warnings(Vec<Warning>);

impl Warnings {
    fn add(&mut self, place: &Place<'_>, (code, message): Advice) {
        let field = place.field().map_or_else(String::new, |field| field.as_str().into());
        self.0.push(Warning { code, field, message });
    }
}

/// A code and what to do. Codes are API.
type Advice = (&'static str, &'static str);

const STAR_WITHOUT_SLASH: Advice =
    ("star_without_slash", "`a*` also means `a-old/b`: write `a/*` for what lies below `a`");
const FLAT_NAMESPACE: Advice = (
    "flat_namespace",
    "one segment holds everything of it together: name two, such as `production/payments/*`",
);

/// Looks at a policy or a grant: `{"policy"}` or `{"grant", "now"?}`, each a document or its text; answers `{"warnings"}`, whose fields are
/// seen from the document.
///
/// # Errors
/// What is wrong with the document: only one that is right is looked at further.
pub(crate) fn lint(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let now = fields.optional("now").map(|item| millis(&item)).transpose()?;
    let (item, is_policy) = match fields.optional("policy") {
        Some(item) => (item, true),
        None => (fields.required("grant")?, false),
    };
    let text = if let Value::Text(text) = item.value() { Some(text.as_bytes()) } else { None };
    let parsed = text.map(Value::parse).transpose()?;
    let item = parsed.as_ref().map_or(item, |value| Item::new(value, Place::Root));
    let located = |error: Error| if let Some(text) = text { error.located(text) } else { error };
    let mut warnings = Warnings::default();
    if is_policy {
        policy::lint(&Policy::from_document(&item).map_err(located)?, item.value(), &mut warnings);
    } else {
        let grant = Grant::from_document(&item).map_err(located)?;
        grant::lint(&grant, item.value(), now, &mut warnings);
    }
    let warnings = warnings.0.iter().map(|warning| warning.to_document(text)).collect();
    Ok(Value::object([("warnings", Value::List(warnings))]))
}

/// The entries of a list that stands at a field; none if it is absent.
fn entries<'v>(document: &'v Value, field: &str) -> &'v [Value] {
    if let Some(Value::List(entries)) = document.field(field) { entries } else { &[] }
}

fn text(value: &Value) -> &str {
    if let Value::Text(text) = value { text } else { "" }
}

/// Warns of a pattern that means more than it seems to.
fn pattern(text: &str, place: &Place<'_>, warnings: &mut Warnings) {
    match text.strip_suffix('*') {
        None | Some("") => {}
        Some(body) if !body.ends_with('/') => warnings.add(place, STAR_WITHOUT_SLASH),
        Some(body) if body.matches('/').count() == 1 => warnings.add(place, FLAT_NAMESPACE),
        Some(_) => {}
    }
}
