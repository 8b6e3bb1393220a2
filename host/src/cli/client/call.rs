//! What a command asks of the server: a method, a path, and maybe a query and a body.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use ureq::http::Method;
use zeroize::Zeroizing;

use crate::cli::failure::Failure;

/// RFC 3986: what is unreserved stays.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A call to the server.
#[derive(Debug)]
pub struct Call {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Body>,
}

impl Call {
    /// `GET`, which changes nothing.
    #[must_use]
    pub fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    /// `DELETE`.
    #[must_use]
    pub fn delete(segments: &[&str]) -> Self {
        Self::new(Method::DELETE, segments)
    }

    /// `POST` with a body, which may have no fields.
    #[must_use]
    pub fn post(segments: &[&str], body: Body) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, segments) }
    }

    /// `PATCH`.
    #[must_use]
    pub fn patch(segments: &[&str], body: Body) -> Self {
        Self { body: Some(body), ..Self::new(Method::PATCH, segments) }
    }

    /// `PUT`.
    #[must_use]
    pub fn put(segments: &[&str], body: Body) -> Self {
        Self { body: Some(body), ..Self::new(Method::PUT, segments) }
    }

    /// Segments are escaped, so that no name can become another route.
    fn new(method: Method, segments: &[&str]) -> Self {
        let target = segments.iter().fold(String::from("/v1"), |target, segment| {
            format!("{target}/{}", utf8_percent_encode(segment, ESCAPED))
        });
        Self { method, target, headers: Vec::new(), body: None }
    }

    /// Adds a parameter of the query, if there is a value.
    #[must_use]
    pub fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            let separator = if self.target.contains('?') { '&' } else { '?' };
            let value = value.to_string();
            self.target.push(separator);
            self.target.extend([name, "="]);
            self.target.extend(utf8_percent_encode(&value, ESCAPED));
        }
        self
    }

    /// Adds a header, if there is a value.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.headers.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Whether nothing happens to the server's state, so that a lost answer does not matter.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.method == Method::GET
    }
}

/// The fields of a body. It may hold a secret, so its `Debug` shows the names only.
#[derive(Default)]
pub struct Body {
    fields: Map<String, Value>,
    raw: Option<Zeroizing<Vec<u8>>>,
}

impl Body {
    /// A body without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a field, if there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a list, if it is not empty.
    #[must_use]
    pub fn list(self, name: &str, entries: &[String]) -> Self {
        if entries.is_empty() { self } else { self.with(name, entries) }
    }

    /// A document that is sent as it is.
    #[must_use]
    pub fn raw(bytes: &[u8]) -> Self {
        Self { raw: Some(Zeroizing::new(bytes.to_vec())), ..Self::default() }
    }

    /// The fields of a document, to which others can be added.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn parsed(self) -> Result<Self, Failure> {
        let bytes = self.to_bytes()?;
        let fields = serde_json::from_slice(&bytes);
        fields
            .map(|fields| Self { fields, raw: None })
            .map_err(|error| Failure::Usage(format!("the document is no JSON object: {error}")))
    }

    /// Whether it has no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.raw.is_none()
    }

    /// What is sent.
    ///
    /// # Errors
    /// Never with fields that were made here.
    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if let Some(raw) = &self.raw {
            return Ok(raw.clone());
        }
        let bytes = serde_json::to_vec(&self.fields);
        bytes.map(Zeroizing::new).map_err(|error| Failure::Usage(format!("this is no JSON: {error}")))
    }
}

impl From<Body> for Value {
    fn from(body: Body) -> Self {
        Self::Object(body.fields)
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment_and_a_value_one_parameter() {
        let call = Call::get(&["agents", "../x?y/z ü"])
            .query("a", Some("b&c=d"))
            .query("n", Some(5))
            .query("o", None::<u8>);
        assert_eq!(call.target, "/v1/agents/..%2Fx%3Fy%2Fz%20%C3%BC?a=b%26c%3Dd&n=5");
        assert!(call.is_read() && !Call::delete(&["agents", "a"]).is_read());
    }

    #[test]
    fn a_body_has_what_was_given_and_shows_no_value() {
        let body = Body::new().with("value", "hunter2").maybe("ttl", None::<u64>).list("scopes", &[]);
        assert_eq!(format!("{body:?}"), "{\"value\"}");
        assert!(Body::new().maybe("a", None::<&str>).is_empty());
    }
}
