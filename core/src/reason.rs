//! Why a decision is not an allow: one reason for every clause that failed.

use crate::document::Value;
use crate::error::ErrorCode;

/// A clause that failed, and the link whose clause it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// The clause, as a code whose blame is [`Blame::Denied`](crate::error::Blame::Denied).
    pub code: ErrorCode,
    /// The link's place in the chain, 0 for the outermost.
    pub link: u8,
}

impl Reason {
    /// A clause of a link.
    #[must_use]
    pub const fn new(code: ErrorCode, link: u8) -> Self {
        Self { code, link }
    }

    /// The reason as a document.
    #[must_use]
    pub fn to_document(self) -> Value {
        Value::object([
            ("code", Value::text(self.code.name())),
            ("link", Value::Integer(u64::from(self.link))),
        ])
    }
}
