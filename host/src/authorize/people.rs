//! Asking people, and using what they have approved: each in one transaction with its records and announcements.

use warded_core::time::Millis;

use super::judgement::Wanted;
use super::{Effect, Stop, scopes};
use crate::approval::{self, DENIES, MOST_OPEN, WAITS, announce, later};
use crate::audit::{Detail, Event, EventType, Outcome};
use crate::error::{ApiCode, ApiError};
use crate::id::{Prefix, new_id};
use crate::store::StoreError;
use crate::store::approvals::{ApprovalKind, ApprovalRow, ApprovalStatus};
use crate::timestamp::rfc3339;

/// What an asker is told.
#[derive(Debug)]
pub enum Answer {
    /// It waits for people, or they have just approved it: the same request again will tell.
    Pending(Box<ApprovalRow>),
    /// Nothing waits.
    Refused(ApiError),
}

impl Answer {
    /// The answer to a use, which cannot wait.
    #[must_use]
    pub fn into_error(self) -> ApiError {
        match self {
            Self::Pending(row) => {
                let told = "people have to approve this first, repeat the request once they have";
                let mut error = ApiError::new(ApiCode::ApprovalRequired, told);
                error.reasons = vec!["approval_required"];
                error.approval_id = Some(row.id);
                error
            }
            Self::Refused(error) => error,
        }
    }
}

impl Effect<'_> {
    /// Asks people, unless they are being asked already, have denied it lately, or let it expire.
    ///
    /// # Errors
    /// The refusal, or the database's failure.
    pub fn ask_people(&mut self, wanted: &Wanted) -> Result<Answer, Stop> {
        // What waits may be another act than the route's usual one, and a refusal of it is recorded as that act.
        self.refuse_as(wanted.event.event_type);
        self.refuse_denied(wanted.asked.kind, &wanted.asked.reach)?;
        let newest = self.store.newest_approval(&self.caller.principal, &wanted.asked.digest)?;
        let Some(row) = newest else { return self.open_approval(wanted) };
        match row.status_at(self.now()) {
            ApprovalStatus::Pending => Ok(self.waits(row, wanted)),
            ApprovalStatus::Approved => self.reopen(row, wanted),
            ApprovalStatus::Expired if !row.told => self.tell_expired(row, wanted),
            ApprovalStatus::Consumed | ApprovalStatus::Denied | ApprovalStatus::Expired => {
                self.open_approval(wanted)
            }
        }
    }

    /// Refuses what overlaps anything that was denied to the caller in the last minutes.
    ///
    /// # Errors
    /// The refusal, or the database's failure.
    pub fn refuse_denied(&mut self, kind: ApprovalKind, reach: &[String]) -> Result<(), Stop> {
        let now = self.now();
        let after = Millis::new(now.as_u64().saturating_sub(DENIES)).unwrap_or(Millis::ZERO);
        let principal = self.caller.principal.clone();
        for (denied_at, denied) in self.store.denied_after(&principal, kind, after)? {
            let overlaps = self.ask_guest(|guest| scopes::overlapping(guest, reach, &denied, None))?;
            if !overlaps.is_empty() {
                let told = "an approval of this was denied, it cannot be asked for again yet";
                let mut error = ApiError::new(ApiCode::ApprovalDenied, told);
                let left = later(denied_at, DENIES).as_u64().saturating_sub(now.as_u64());
                error.retry_after = Some(left.div_ceil(1000).max(1));
                return Err(self.deny(error, "approval_denied"));
            }
        }
        Ok(())
    }

    /// Spends an approval; `false` if there is nothing left to spend.
    ///
    /// # Errors
    /// The database failed.
    pub fn spend(&mut self, id: &str, token_id: Option<&str>) -> Result<bool, StoreError> {
        let (now, principal) = (self.now(), self.caller.principal.as_str());
        let found = self.store.approval(id)?;
        let usable =
            |row: &ApprovalRow| row.asker_id == principal && row.status_at(now) == ApprovalStatus::Approved;
        let Some(mut row) = found.filter(usable) else { return Ok(false) };
        row.status = ApprovalStatus::Consumed;
        row.consumed_at = Some(now);
        row.token_id = token_id.map(str::to_owned);
        self.store.update_approval(&row)?;
        let mut event = self.approval_event(EventType::ApprovalConsumed, &row);
        if let Some(token_id) = token_id {
            event.details.push(("issued", Detail::Text(token_id.to_owned())));
        }
        self.record(event);
        Ok(true)
    }

    /// An event of this request about an approval.
    #[must_use]
    pub fn approval_event(&self, event_type: EventType, row: &ApprovalRow) -> Event {
        let mut event = self.event(event_type);
        event.resource_id = Some(row.id.clone());
        event.details.push(("access_tier", Detail::Text(row.asked.tier.word().to_owned())));
        event.details.push(("asker_id", Detail::Text(row.asker_id.clone())));
        event.details.push(("required", Detail::Integer(row.required.into())));
        event.details.push(("scopes", Detail::List(row.asked.requested_scopes.clone())));
        if row.required < row.asked.needed {
            event.details.push(("quorum_reduced", Detail::Integer(row.asked.needed.into())));
        }
        event
    }

    fn waits(&mut self, row: ApprovalRow, wanted: &Wanted) -> Answer {
        let mut event = wanted.event.clone();
        event.details.push(("approval_id", Detail::Text(row.id.clone())));
        self.record(event);
        Answer::Pending(Box::new(row))
    }

    /// An approval that is not enough any more waits for more people, as long as it could have waited from the start.
    fn reopen(&mut self, mut row: ApprovalRow, wanted: &Wanted) -> Result<Answer, Stop> {
        if self.is_given(&row, wanted.asked.needed)? {
            // It came between the decision and now.
            return Ok(self.waits(row, wanted));
        }
        row.expires_at = later(row.created_at, WAITS);
        if row.expires_at <= self.now() {
            return self.tell_expired(row, wanted);
        }
        row.status = ApprovalStatus::Pending;
        row.approved_at = None;
        row.asked.needed = wanted.asked.needed;
        row.required = self.electorate(row.asker_kind, &row.asker_id)?.required(wanted.asked.needed);
        self.store.update_approval(&row)?;
        Ok(self.waits(row, wanted))
    }

    /// Tells once that nobody answered, or that the answer was not used in time.
    fn tell_expired(&mut self, mut row: ApprovalRow, wanted: &Wanted) -> Result<Answer, Stop> {
        row.told = true;
        if row.is_open() {
            let expired = approval::expire(&mut *self.store, &mut row)?;
            self.record(expired);
        } else {
            self.store.update_approval(&row)?;
        }
        let mut event = wanted.event.clone();
        event.outcome = Outcome::Deny;
        event.reasons = vec!["approval_expired"];
        self.record(event);
        let told = "the approval was not given or not used in time, the next request asks anew";
        let mut error = ApiError::new(ApiCode::ApprovalExpired, told);
        error.reasons = vec!["approval_expired"];
        Ok(Answer::Refused(error))
    }

    fn open_approval(&mut self, wanted: &Wanted) -> Result<Answer, Stop> {
        let principal = self.caller.principal.clone();
        if self.store.open_approvals(&principal)? >= MOST_OPEN {
            let told = format!("{MOST_OPEN} approvals are open already, wait for people to decide them");
            let mut error = ApiError::new(ApiCode::RateLimited, told);
            error.retry_after = Some(60);
            return Err(self.deny(error, "limit_exceeded"));
        }
        let electorate = self.electorate(self.asker_kind(), &principal)?;
        if self.app.config.approvals_strict && electorate.count() < wanted.asked.needed {
            let (needed, there) = (wanted.asked.needed, electorate.count());
            let told = format!("{needed} people have to approve this, and there are {there} who may");
            return Err(self.deny(ApiError::new(ApiCode::ApprovalRequired, told), "too_few_approvers"));
        }
        let row = self.row(wanted, principal, electorate.required(wanted.asked.needed))?;
        self.store.add_approval(&row)?;
        announce(&mut *self.store, "approval.requested", &row)?;
        let mut event = self.approval_event(EventType::ApprovalRequested, &row);
        event.outcome = Outcome::Ask;
        event.reasons.clone_from(&wanted.event.reasons);
        event.path.clone_from(&wanted.event.path);
        event.details.push(("expires_at", Detail::Text(rfc3339(row.expires_at))));
        self.record(event);
        Ok(Answer::Pending(Box::new(row)))
    }

    fn row(&self, wanted: &Wanted, asker_id: String, required: u8) -> Result<ApprovalRow, Stop> {
        let now = self.now();
        Ok(ApprovalRow {
            id: self.ask_guest(|_| Ok(new_id(Prefix::Approval)?))?,
            asker_kind: self.asker_kind(),
            asker_id,
            asked: wanted.asked.clone(),
            required,
            status: ApprovalStatus::Pending,
            created_at: now,
            expires_at: later(now, WAITS),
            approved_at: None,
            denied_at: None,
            consumed_at: None,
            token_id: None,
            told: false,
        })
    }
}
