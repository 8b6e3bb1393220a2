//! The API's description (OpenAPI 3.1), made from the table of routes and from the types that handlers parse and write.

use std::sync::OnceLock;

use axum::body::Bytes;
use serde_json::Value;

pub mod operation;
pub mod parameter;
pub mod words;

mod document;
mod responses;
mod schemas;
#[cfg(test)]
mod tests;

pub use document::document;
pub use operation::Operation;
pub use parameter::Parameter;

use crate::routes::routes;

/// The description of this server, as it is served.
#[must_use]
pub fn bytes() -> Bytes {
    static BYTES: OnceLock<Bytes> = OnceLock::new();
    BYTES.get_or_init(|| Bytes::from(text(&document(&routes())))).clone()
}

/// A document as text, as it is served and printed.
#[must_use]
pub fn text(document: &Value) -> String {
    // A tree of JSON always serialises.
    format!("{document:#}\n")
}
