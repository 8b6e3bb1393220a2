//! What is right and still doubtful in a policy or a grant: warnings, never errors.

use alloc::string::String;

use crate::document::{Fields, Item, Value};
use crate::error::{Error, Place};
use crate::grant::Grant;
use crate::json::{locate, push_decimal};
use crate::policy::Policy;
use crate::request::millis;

mod grant;
mod policy;
#[cfg(test)]
mod tests;

/// Where warnings are collected, as JSON text: fields and messages need no escapes.
struct Warnings<'t> {
    /// The text that the document was read from.
    source: Option<&'t [u8]>,
    out: String,
}

impl Warnings<'_> {
    #[inline(never)]
    fn add(&mut self, place: &Place<'_>, (code, message): Advice) {
        let field = place.field();
        let field = field.as_ref().map_or("", |field| field.as_str());
        let position = self.source.and_then(|source| locate(source, field));
        for part in ["{\"code\":\"", code, "\",\"field\":\"", field, "\",\"message\":\"", message, "\""] {
            self.out.push_str(part);
        }
        for (name, number) in [
            (",\"line\":", position.map(|position| position.line)),
            (",\"column\":", position.map(|position| position.column)),
        ] {
            self.out.push_str(name);
            match number {
                Some(number) => push_decimal(&mut self.out, number.into()),
                None => self.out.push_str("null"),
            }
        }
        self.out.push_str("},");
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

/// Looks at a policy or a grant: `{"policy"}` or `{"grant", "now"?}`, each a document or its text; answers `{"warnings"}` as JSON text, the
/// fields of warnings seen from the document.
///
/// # Errors
/// What is wrong with the document: only one that is right is looked at further.
pub fn lint(fields: &mut Fields<'_, '_>) -> Result<String, Error> {
    let now = match fields.optional("now") {
        Some(item) => Some(millis(&item)?),
        None => None,
    };
    let (item, is_policy) = match fields.optional("policy") {
        Some(item) => (item, true),
        None => (fields.required("grant")?, false),
    };
    let source = if let Value::Text(text) = item.value() { Some(text.as_bytes()) } else { None };
    let parsed = source.map(Value::parse).transpose()?;
    let item = parsed.as_ref().map_or(item, |value| Item::new(value, Place::Root));
    let mut warnings = Warnings { source, out: String::from("{\"warnings\":[") };
    let looked = if is_policy {
        Policy::from_document(&item).map(|policy| policy::lint(&policy, item.value(), &mut warnings))
    } else {
        Grant::from_document(&item).map(|grant| grant::lint(&grant, item.value(), now, &mut warnings))
    };
    looked.map_err(|error| source.map_or_else(|| error.clone(), |source| error.clone().located(source)))?;
    let mut out = warnings.out;
    if out.ends_with(',') {
        out.pop();
    }
    out.push_str("]}");
    Ok(out)
}

/// The entries of a list that stands at a field; none if it is absent.
fn entries<'v>(document: &'v Value, field: &str) -> &'v [Value] {
    if let Some(Value::List(entries)) = document.field(field) { entries } else { &[] }
}

fn text(value: &Value) -> &str {
    if let Value::Text(text) = value { text } else { "" }
}

/// Warns of a pattern that means more than it seems to.
fn pattern(text: &str, place: &Place<'_>, warnings: &mut Warnings<'_>) {
    match text.strip_suffix('*') {
        None | Some("") => {}
        Some(body) if !body.ends_with('/') => warnings.add(place, STAR_WITHOUT_SLASH),
        Some(body) if body.matches('/').count() == 1 => warnings.add(place, FLAT_NAMESPACE),
        Some(_) => {}
    }
}
