//! What a decision comes to: allowed, denied or asked of people, why, and the counters to store.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::decide::{Link, MAX_LINKS};
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
    /// The digest of what was asked: of a token all of it; of a use the subject, the grant, the action, the target and the rules that ask, but
    /// not attributes, address, time or cost.
    pub digest: [u8; 32],
    /// How many people must approve.
    pub approvers: u8,
    /// The tier of the target, or the highest one of a token to be issued.
    pub tier: Tier,
    /// The ids of the rules that ask.
    pub rules: Vec<Box<str>>,
}

impl Needed {
    /// An approval that is needed, as another implementation of this engine said it, such as the compiled module.
    #[must_use]
    pub const fn new(digest: [u8; 32], approvers: u8, tier: Tier, rules: Vec<Box<str>>) -> Self {
        Self { digest, approvers, tier, rules }
    }

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

/// How a limit stands: after an allow with the request's cost taken, otherwise as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The link's place in the chain, 0 for the outermost.
    pub link: u8,
    /// The limit's place among those of the link's grant.
    pub limit: u8,
    /// How much of its unit can be taken now.
    pub remaining: u64,
    /// When all of it will be there again if nothing more is taken; for a window its end, for a full bucket the present.
    pub reset: u64,
    /// When it will have enough for the request that it refused; `None` if it did not refuse, or never will.
    pub retry_after: Option<u64>,
}

impl Standing {
    /// How a limit stands, as another implementation of this engine said it, such as the compiled module.
    #[must_use]
    pub const fn new(link: u8, limit: u8, remaining: u64, reset: u64, retry_after: Option<u64>) -> Self {
        Self { link, limit, remaining, reset, retry_after }
    }

    fn to_document(self, chain: &[Link<'_>]) -> Value {
        let limits = chain.get(usize::from(self.link)).map_or(&[][..], |link| link.grant.limits());
        let id = limits.get(usize::from(self.limit)).map_or("", |limit| limit.id());
        Value::object([
            ("link", Value::Integer(u64::from(self.link))),
            ("id", Value::text(id)),
            ("remaining", Value::Integer(self.remaining)),
            ("reset", Value::Integer(self.reset)),
            ("retry_after", self.retry_after.map_or(Value::Null, Value::Integer)),
        ])
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub(crate) outcome: Outcome,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) usages: [Usage; MAX_LINKS],
    pub(crate) links: usize,
    pub(crate) limits: Vec<Standing>,
    pub(crate) approval: Option<Box<Needed>>,
}

impl Default for Decision {
    fn default() -> Self {
        Self::new()
    }
}

impl Decision {
    /// A decision about nothing: a denial.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            outcome: Outcome::Deny,
            reasons: Vec::new(),
            usages: [const { Usage::new(0, 0, 0) }; MAX_LINKS],
            links: 0,
            limits: Vec::new(),
            approval: None,
        }
    }

    /// A decision as another implementation of this engine returned it, such as the compiled module.
    ///
    /// `None` if there are more than [`MAX_LINKS`] usages, an allow with a reason against it, a refusal without one,
    /// or an ask that does not say what is needed.
    #[must_use]
    pub fn from_parts(
        outcome: Outcome,
        reasons: Vec<Reason>,
        next: &[Usage],
        limits: Vec<Standing>,
        approval: Option<Needed>,
    ) -> Option<Self> {
        let approval = approval.map(Box::new);
        let mut decision = Self { outcome, reasons, limits, approval, links: next.len(), ..Self::new() };
        decision.usages.get_mut(..next.len())?.clone_from_slice(next);
        let is_sound = (outcome == Outcome::Allow) == decision.reasons.is_empty()
            && (outcome == Outcome::Ask) == decision.approval.is_some();
        is_sound.then_some(decision)
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

    /// How each limit of each link stands, in the order of the chain and of its grants.
    #[must_use]
    pub fn limits(&self) -> &[Standing] {
        &self.limits
    }

    /// What people have to approve; there exactly if the outcome is [`Outcome::Ask`].
    #[must_use]
    pub fn approval(&self) -> Option<&Needed> {
        self.approval.as_deref()
    }

    /// The decision over this chain as a document.
    #[must_use]
    pub fn to_document(&self, chain: &[Link<'_>]) -> Value {
        let usages = chain.iter().zip(self.usages()).map(|(link, usage)| usage.to_document(link.grant));
        let limits = self.limits.iter().map(|standing| standing.to_document(chain));
        Value::object([
            ("decision", Value::text(self.outcome().word())),
            ("reasons", Value::List(self.reasons.iter().map(|reason| reason.to_document()).collect())),
            ("usages", Value::List(usages.collect())),
            ("limits", Value::List(limits.collect())),
            ("approval", self.approval().map_or(Value::Null, Needed::to_document)),
        ])
    }
}
