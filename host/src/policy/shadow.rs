//! What another policy would have answered: counted by pairs of outcomes, with examples of where it differs. It changes nothing.
//!
//! The report is kept in memory, is bounded, and begins anew with each pair of policies and with each start of the server.

use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use warded_core::decision::{Decision, Outcome};
use warded_core::request::{Request, Target};
use warded_core::time::Millis;

use crate::audit::mask::mask_tokens;
use crate::store::policies::PolicyVersion;

#[cfg(test)]
mod tests;

/// How many kinds of difference are kept; the one not seen for longest makes room.
pub const MAX_EXAMPLES: usize = 100;
/// How many scopes of a token to be issued an example names.
const MAX_SCOPES: usize = 8;

/// The versions that are compared: the active one (`None` is the first policy) and its shadow.
pub type Pair = (Option<PolicyVersion>, PolicyVersion);

/// What was seen of a shadow policy.
#[derive(Debug, Default)]
pub struct Shadow(Mutex<Seen>);

/// What was seen since a pair of policies was first compared.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The policies; `None` before the first comparison.
    pub pair: Option<Pair>,
    /// When they were first compared.
    pub since: Option<Millis>,
    /// By the active policy's outcome and the shadow's, in the order of [`OUTCOMES`].
    pub counts: [[u64; 3]; 3],
    /// Decisions that the engine could not take by the shadow policy.
    pub failed: u64,
    /// Where they differ, the latest last.
    pub examples: Vec<Example>,
}

/// The outcomes in the order of the counters.
pub const OUTCOMES: [Outcome; 3] = [Outcome::Allow, Outcome::Deny, Outcome::Ask];

/// A request on which two policies differ. It holds names and paths, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Example {
    /// Who asked: an agent's id, or a member's.
    pub subject: Option<String>,
    /// The resource and the action.
    pub action: String,
    /// What it was on: a path, a pattern, or the scopes of a token to be issued.
    pub on: Vec<String>,
    /// What the active policy answered.
    pub active: Answered,
    /// What the shadow would have answered.
    pub shadow: Answered,
    /// How often this was seen.
    pub count: u64,
    /// When it was last seen, in milliseconds since the epoch.
    #[serde(skip)]
    pub last: Millis,
}

/// An outcome and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Answered {
    /// `allow`, `deny` or `ask`.
    pub decision: &'static str,
    /// The codes of what failed.
    pub reasons: Vec<&'static str>,
    /// The rules that decided.
    pub rules: Vec<String>,
}

impl Shadow {
    /// Notes what both policies answer to one request.
    pub fn observe(&self, pair: Pair, request: &Request<'_>, active: &Decision, shadow: Option<&Decision>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.compare(pair, request.now);
        let Some(shadow) = shadow else {
            seen.failed = seen.failed.saturating_add(1);
            return;
        };
        seen.count(active.outcome(), shadow.outcome());
        if active.outcome() != shadow.outcome() {
            seen.note(Example::of(request, active, shadow));
        }
    }

    /// What was seen of a pair; nothing if another was compared.
    #[must_use]
    pub fn seen(&self, pair: Pair) -> Seen {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.pair == Some(pair) { seen.clone() } else { Seen::default() }
    }
}

impl Seen {
    /// Begins anew if these policies are not the ones compared so far.
    fn compare(&mut self, pair: Pair, now: Millis) {
        if self.pair != Some(pair) {
            *self = Self { pair: Some(pair), since: Some(now), ..Self::default() };
        }
    }

    fn count(&mut self, active: Outcome, shadow: Outcome) {
        let counter = self.counts.get_mut(place(active)).and_then(|row| row.get_mut(place(shadow)));
        if let Some(counter) = counter {
            *counter = counter.saturating_add(1);
        }
    }

    fn note(&mut self, mut example: Example) {
        if let Some(index) = self.examples.iter().position(|known| known.is_like(&example)) {
            let known = self.examples.remove(index);
            example.count = known.count.saturating_add(1);
        } else if self.examples.len() >= MAX_EXAMPLES {
            self.examples.remove(0);
        }
        self.examples.push(example);
    }
}

fn place(outcome: Outcome) -> usize {
    OUTCOMES.iter().position(|known| *known == outcome).unwrap_or_default()
}

impl Example {
    fn of(request: &Request<'_>, active: &Decision, shadow: &Decision) -> Self {
        Self {
            subject: request.subject.map(|subject| subject.id.to_owned()),
            action: format!("{}:{}", request.resource.as_str(), request.action.as_str()),
            on: on(&request.target),
            active: Answered::of(active),
            shadow: Answered::of(shadow),
            count: 1,
            last: request.now,
        }
    }

    /// Whether both tell the same.
    fn is_like(&self, other: &Self) -> bool {
        let (active, shadow) = (&other.active, &other.shadow);
        let asked = self.subject == other.subject && self.action == other.action && self.on == other.on;
        asked && self.active == *active && self.shadow == *shadow
    }
}

/// What a request is on. A path may have the shape of a token by mistake.
fn on(target: &Target<'_>) -> Vec<String> {
    let shown = |text: &str| mask_tokens(text).into_owned();
    match target {
        Target::Path(path) => vec![shown(path.as_str())],
        Target::Listing(pattern) => vec![shown(pattern.as_str())],
        Target::Issue(issue) => {
            issue.scopes.iter().take(MAX_SCOPES).map(|scope| shown(&scope.to_string())).collect()
        }
        _ => Vec::new(),
    }
}

impl Answered {
    fn of(decision: &Decision) -> Self {
        let mut reasons: Vec<_> = decision.reasons().iter().map(|reason| reason.code.name()).collect();
        reasons.dedup();
        let rules = decision.reasons().iter().filter_map(|reason| reason.rule.as_deref());
        Self { decision: decision.outcome().word(), reasons, rules: rules.map(str::to_owned).collect() }
    }
}
