//! A decision together with what people have said about it: what waits for them, and what they have approved.

use warded_core::decision::{Decision, Needed, Outcome};
use warded_core::pattern::Pattern;
use warded_core::request::{Approval, Target};

use super::{Ask, Authority, Stop};
use crate::approval::Electorate;
use crate::audit::{self, Event};
use crate::store::approvals::{ApprovalKind, ApprovalRow, ApprovalStatus, Asked, AskerKind};
use crate::store::{Read, StoreError};

/// What people have to approve first.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is asked.
    pub asked: Asked,
    /// The record of the action that waits.
    pub event: Event,
}

/// A decision, and what it has to do with approvals.
#[derive(Debug)]
pub struct Judgement {
    pub(super) decision: Decision,
    /// What people have to approve first.
    wanted: Option<Box<Wanted>>,
    /// The approval that an allow spends.
    pub(super) spends: Option<String>,
}

impl Judgement {
    /// What an approval that is spent already comes to once more.
    #[must_use]
    pub const fn of_spent(decision: Decision) -> Self {
        Self { decision, wanted: None, spends: None }
    }

    /// Whether the request may go ahead.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.decision.outcome()
    }

    /// What people have to approve first.
    #[must_use]
    pub fn wanted(&self) -> Option<&Wanted> {
        self.wanted.as_deref()
    }
}

impl<S: Read + ?Sized> Authority<'_, S> {
    /// Asks the engine, and where people have to approve, looks whether they have.
    ///
    /// # Errors
    /// The engine or the database failed: nothing is allowed.
    pub fn judge(&mut self, ask: Ask<'_>) -> Result<Judgement, Stop> {
        let decision = self.decide(ask.clone())?;
        let Some(needed) = decision.approval() else {
            return Ok(Judgement { decision, wanted: None, spends: None });
        };
        let now = self.store.now();
        let row = self.store.newest_approval(&self.caller.principal, &needed.digest)?;
        if let Some(row) = row.filter(|row| row.status_at(now) == ApprovalStatus::Approved)
            && let Some(decision) = self.decide_approved(ask.clone(), &row, needed.approvers)?
        {
            return Ok(Judgement { decision, wanted: None, spends: Some(row.id) });
        }
        let wanted = Some(Box::new(self.wanted(&ask, needed, &decision)));
        Ok(Judgement { decision, wanted, spends: None })
    }

    /// Decides again with what people have approved; `None` unless that makes it an allow.
    ///
    /// # Errors
    /// The engine or the database failed.
    pub fn decide_approved(
        &mut self,
        ask: Ask<'_>,
        row: &ApprovalRow,
        needed: u8,
    ) -> Result<Option<Decision>, Stop> {
        if !self.is_given(row, needed)? {
            return Ok(None);
        }
        // Fewer people than the policy asks for are enough where there are no more: that is the host's to know.
        let decision = self.decide_with(ask, Some(Approval::new(row.asked.digest, needed)))?;
        Ok((decision.outcome() == Outcome::Allow).then_some(decision))
    }

    /// Whether enough of those who may approve now have approved.
    pub(super) fn is_given(&mut self, row: &ApprovalRow, needed: u8) -> Result<bool, StoreError> {
        let electorate = self.electorate(row.asker_kind, &row.asker_id)?;
        let voices = self.store.voices(&row.id)?;
        Ok(electorate.counted(&voices) >= electorate.required(needed))
    }

    /// Who may approve what somebody asks.
    ///
    /// # Errors
    /// The database failed.
    pub fn electorate(&mut self, kind: AskerKind, asker_id: &str) -> Result<Electorate, StoreError> {
        Electorate::of(&mut *self.store, kind, asker_id, self.app.config.approvals_strict)
    }

    /// What kind of asker the caller is.
    #[must_use]
    pub fn asker_kind(&self) -> AskerKind {
        if self.is_operator() { AskerKind::Operator } else { AskerKind::Agent }
    }

    fn wanted(&self, ask: &Ask<'_>, needed: &Needed, decision: &Decision) -> Wanted {
        let reach = reach(ask);
        let kind =
            if matches!(ask.target, Target::Issue(_)) { ApprovalKind::Issue } else { ApprovalKind::Use };
        let mut event = self.refused_event(decision);
        event.outcome = audit::Outcome::Ask;
        let asked = Asked {
            kind,
            digest: needed.digest,
            needed: needed.approvers,
            tier: needed.tier,
            rules: needed.rules.iter().map(ToString::to_string).collect(),
            requested_scopes: reach.clone(),
            reach,
            ttl: None,
            max_uses: None,
            ip_allowlist: None,
            reason: None,
        };
        Wanted { asked, event }
    }
}

/// What is asked, as scopes.
fn reach(ask: &Ask<'_>) -> Vec<String> {
    let Ask { resource, action, target, .. } = ask;
    let of = |pattern: &str| vec![format!("{resource}:{action}:{pattern}")];
    match target {
        Target::Issue(issue) => issue.scopes.iter().map(ToString::to_string).collect(),
        Target::Listing(pattern) => of(Pattern::as_str(*pattern)),
        Target::Path(path) => of(path.as_str()),
        _ => vec![format!("{resource}:{action}")],
    }
}
