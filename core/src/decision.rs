//! What a decision comes to: allowed, denied or asked of people, why, and the counters to store.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::decide::MAX_LINKS;
use crate::document::Value;
use crate::hex;
use crate::reason::Reason;
use crate::tier::Tier;
use crate::usage::Usage;

/// Whether the request may go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It may, once the next usages are stored.
    Allow,
    /// People have to approve it first; nothing is consumed.
    Ask,
    /// It may not, and nothing is consumed.
    Deny,
}

impl Outcome {
    /// The word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// An approval that a request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needed {
    /// The digest of exactly what was asked.
    pub digest: [u8; 32],
    /// How many people must approve.
    pub approvers: u8,
    /// The tier of the target, or the highest one of a token to be issued.
    pub tier: Tier,
    /// The ids of the rules that ask.
    pub rules: Vec<Box<str>>,
}

impl Needed {
    /// The approval as a document.
    #[must_use]
    pub fn to_document(&self) -> Value {
        Value::object([
            ("digest", hex::encode(&self.digest)),
            ("approvers", Value::Integer(u64::from(self.approvers))),
            ("tier", Value::text(self.tier.word())),
            ("rules", Value::List(self.rules.iter().map(|rule| Value::text(rule)).collect())),
        ])
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    outcome: Outcome,
    reasons: Vec<Reason>,
    usages: [Usage; MAX_LINKS],
    links: usize,
    approval: Option<Box<Needed>>,
}

impl Decision {
    /// A decision over links whose usages are given.
    pub(crate) const fn new(
        outcome: Outcome,
        reasons: Vec<Reason>,
        usages: [Usage; MAX_LINKS],
        links: usize,
        approval: Option<Box<Needed>>,
    ) -> Self {
        Self { outcome, reasons, usages, links, approval }
    }

    /// A decision as another implementation of this engine returned it, such as the compiled module.
    ///
    /// `None` if there are more than [`MAX_LINKS`] usages, an allow with a reason against it, or a refusal without one.
    #[must_use]
    pub fn from_parts(outcome: Outcome, reasons: Vec<Reason>, next: &[Usage]) -> Option<Self> {
        let mut usages = [const { Usage::new(0, 0, 0) }; MAX_LINKS];
        usages.get_mut(..next.len())?.clone_from_slice(next);
        let is_sound = (outcome == Outcome::Allow) == reasons.is_empty();
        is_sound.then_some(Self { outcome, reasons, usages, links: next.len(), approval: None })
    }

    /// Whether the request may go ahead.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Every clause that failed, link by link, then those of the policy; empty exactly for an allow.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// What to store for each link, in the order of the chain; unchanged unless allowed.
    #[must_use]
    pub fn usages(&self) -> &[Usage] {
        self.usages.get(..self.links).unwrap_or_default()
    }

    /// What people have to approve; there exactly if the outcome is [`Outcome::Ask`].
    #[must_use]
    pub fn approval(&self) -> Option<&Needed> {
        self.approval.as_deref()
    }

    /// The decision as a document.
    #[must_use]
    pub fn to_document(&self) -> Value {
        Value::object([
            ("decision", Value::text(self.outcome().word())),
            ("reasons", Value::List(self.reasons.iter().map(|reason| reason.to_document()).collect())),
            ("usages", Value::List(self.usages().iter().map(|usage| usage.to_document()).collect())),
            ("limits", Value::List(Vec::new())),
            ("approval", self.approval().map_or(Value::Null, Needed::to_document)),
        ])
    }
}
