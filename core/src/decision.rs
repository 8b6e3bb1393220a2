//! What a decision comes to: allowed or denied, why, and the counters to store.

use alloc::vec::Vec;

use crate::decide::MAX_LINKS;
use crate::document::Value;
use crate::reason::Reason;
use crate::usage::Usage;

/// Whether the request may go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It may, once the next usages are stored.
    Allow,
    /// It may not, and nothing is consumed.
    Deny,
}

impl Outcome {
    /// The word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    reasons: Vec<Reason>,
    usages: [Usage; MAX_LINKS],
    links: usize,
}

impl Decision {
    /// A decision over links whose usages are given: an allow exactly if there is no reason against it.
    pub(crate) const fn new(reasons: Vec<Reason>, usages: [Usage; MAX_LINKS], links: usize) -> Self {
        Self { reasons, usages, links }
    }

    /// A decision as another implementation of this engine returned it, such as the compiled module.
    ///
    /// `None` if there are more than [`MAX_LINKS`] usages.
    #[must_use]
    pub fn from_parts(reasons: Vec<Reason>, next: &[Usage]) -> Option<Self> {
        let mut usages = [Usage::default(); MAX_LINKS];
        usages.get_mut(..next.len())?.copy_from_slice(next);
        Some(Self { reasons, usages, links: next.len() })
    }

    /// Whether the request may go ahead.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        if self.reasons.is_empty() { Outcome::Allow } else { Outcome::Deny }
    }

    /// Every clause that failed, link by link; empty exactly for an allow.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// What to store for each link, in the order of the chain; unchanged unless allowed.
    #[must_use]
    pub fn usages(&self) -> &[Usage] {
        self.usages.get(..self.links).unwrap_or_default()
    }

    /// The decision as a document.
    #[must_use]
    pub fn to_document(&self) -> Value {
        Value::object([
            ("decision", Value::text(self.outcome().word())),
            ("reasons", Value::List(self.reasons.iter().map(|reason| reason.to_document()).collect())),
            ("usages", Value::List(self.usages().iter().map(|usage| usage.to_document()).collect())),
        ])
    }
}
