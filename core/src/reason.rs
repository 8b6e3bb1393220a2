//! Why a decision is not an allow: one reason for every clause that failed.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::document::Value;
use crate::error::ErrorCode;

/// A clause that failed, and the link or the rule whose clause it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// The clause, as a code whose blame is [`Blame::Denied`](crate::error::Blame::Denied).
    pub code: ErrorCode,
    /// The link's place in the chain, 0 for the outermost; `None` for a clause of the policy.
    pub link: Option<u8>,
    /// The id of the policy's rule, if one decided.
    pub rule: Option<Box<str>>,
}

impl Reason {
    /// A clause of a link.
    #[must_use]
    pub const fn new(code: ErrorCode, link: u8) -> Self {
        Self { code, link: Some(link), rule: None }
    }

    /// A clause of the policy, or of one rule of it.
    #[must_use]
    pub fn of_policy(code: ErrorCode, rule: Option<&str>) -> Self {
        Self { code, link: None, rule: rule.map(Into::into) }
    }

    /// The reason as a document.
    #[must_use]
    pub fn to_document(&self) -> Value {
        let mut fields = Vec::from([(String::from("code"), Value::text(self.code.name()))]);
        if let Some(link) = self.link {
            fields.push((String::from("link"), Value::Integer(u64::from(link))));
        }
        if let Some(rule) = &self.rule {
            fields.push((String::from("rule"), Value::text(rule)));
        }
        Value::Object(fields)
    }
}
