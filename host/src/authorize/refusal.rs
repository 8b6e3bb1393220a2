//! Why the work of a request stops, as the caller is told and as the audit keeps it.

use warded_core::ErrorCode;
use warded_core::decision::Decision;

use super::Authority;
use super::denial::Denial;
use super::judgement::{Judgement, Wanted};
use crate::audit::{Detail, Event, EventType};
use crate::error::{ApiCode, ApiError};
use crate::guest::GuestError;
use crate::policy::PolicyError;
use crate::store::{Read, StoreError};

/// Why the work of a request stops.
#[derive(Debug)]
pub enum Stop {
    /// The caller is told so, and the event is recorded.
    Refused(Box<(ApiError, Option<Event>)>),
    /// People have to approve it first: they are asked in a transaction of its own, since nothing of this one is kept.
    Asked(Box<Wanted>),
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Stop {
    /// A refusal with its record.
    #[must_use]
    pub fn refused(error: ApiError, event: Event) -> Self {
        Self::Refused(Box::new((error, Some(event))))
    }
}

impl<S: Read + ?Sized> Authority<'_, S> {
    /// The refusal of a judgement, or what people are to be asked.
    #[must_use]
    pub fn refuse(&self, judgement: &Judgement) -> Stop {
        match judgement.wanted() {
            Some(wanted) => Stop::Asked(Box::new(wanted.clone())),
            None => self.refuse_decision(&judgement.decision),
        }
    }

    fn refuse_decision(&self, decision: &Decision) -> Stop {
        let reasons: Vec<_> = decision.reasons().iter().map(|reason| reason.code).collect();
        let mut denial = Denial::of(&reasons, self.asker.kind);
        if denial.error.code == ApiCode::RateLimited {
            denial.error.retry_after = self.wait(decision);
        }
        Stop::refused(denial.error, self.refused_event(decision))
    }

    /// The record of a refusal, with the rules that speak against it.
    pub(super) fn refused_event(&self, decision: &Decision) -> Event {
        let reasons: Vec<_> = decision.reasons().iter().map(|reason| reason.code).collect();
        let mut event = self.event(self.guard.event).denied(Denial::of(&reasons, self.asker.kind).reasons);
        let rules: Vec<_> = decision.reasons().iter().filter_map(|reason| reason.rule.as_deref()).collect();
        if !rules.is_empty() {
            event.details.push(("rules", Detail::List(rules.into_iter().map(str::to_owned).collect())));
        }
        event
    }

    /// Seconds until those of the limits that were met have enough again which waiting helps; `None` if it helps none.
    fn wait(&self, decision: &Decision) -> Option<u64> {
        let times = decision.limits().iter().filter_map(|limit| limit.retry_after);
        times.max().map(|time| time.saturating_sub(self.store.now().as_u64()).div_ceil(1000).max(1))
    }
}

impl<S: ?Sized> Authority<'_, S> {
    pub(super) fn refuse_for(&self, reasons: &[ErrorCode]) -> Stop {
        let denial = Denial::of(reasons, self.asker.kind);
        Stop::refused(denial.error, self.event(self.guard.event).denied(denial.reasons))
    }

    /// A refusal that no clause of the engine knows.
    #[must_use]
    pub fn deny(&self, mut error: ApiError, reason: &'static str) -> Stop {
        error.reasons = vec![reason];
        let mut event = self.event(self.guard.event).denied([]);
        event.reasons = vec![reason];
        Stop::refused(error, event)
    }

    /// Allowed, but not done.
    #[must_use]
    pub fn fail(&self, error: ApiError, reason: &'static str) -> Stop {
        Stop::refused(error, self.event(self.guard.event).failed(reason))
    }

    /// The refusal of a credential of a kind that the route does not take.
    #[must_use]
    pub fn refuse_kind(&self) -> Stop {
        self.refuse_for(&[ErrorCode::ScopeMissing])
    }

    pub(super) fn refuse_revoked(&self) -> Stop {
        let mut error = ApiError::new(ApiCode::Unauthorized, "the credential has been revoked");
        error.reasons = vec![REVOKED];
        let mut event = self.event(EventType::TokenRefused).denied([]);
        event.reasons = vec![REVOKED];
        Stop::refused(error, event)
    }

    /// Nobody can say what is allowed, so nothing is.
    pub(super) fn no_policy(&self, error: PolicyError) -> Stop {
        match error {
            PolicyError::Guest(error) => self.stop_for(&error),
            PolicyError::Store(error) => Stop::Store(error),
        }
    }

    pub(super) fn stop_for(&self, error: &GuestError) -> Stop {
        match error {
            GuestError::Refused { .. } => {
                let told = "the engine refused what the server asked";
                self.fail(ApiError::new(ApiCode::Internal, told), "engine_refused")
            }
            GuestError::Random(_) | GuestError::Trapped(_) => {
                let request_id = self.asker().origin.request_id.as_str();
                tracing::error!(%error, request_id, "the engine failed, and the request is refused");
                let told = "the engine failed on this request, nothing was allowed";
                self.fail(ApiError::new(ApiCode::EngineUnavailable, told), "engine_failed")
            }
        }
    }

    /// What the engine says of a field that the server could not check alone.
    #[must_use]
    pub fn invalid(&self, field: &str, error: &warded_core::Error) -> Stop {
        self.fail(ApiError::from_core(field, error), error.code().name())
    }

    /// What the engine says of a grant made of the request's fields: input too large for it, or its own failure.
    #[must_use]
    pub fn uncompiled(&self, field: &str, error: &GuestError) -> Stop {
        match (error, error.code()) {
            (GuestError::Refused { message, .. }, Some(code)) => {
                self.fail(ApiError::invalid(field, message.clone()), code.name())
            }
            _ => self.stop_for(error),
        }
    }
}

const REVOKED: &str = "revoked";
