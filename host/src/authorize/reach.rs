//! How far a grant reaches without its state, and what a caller's decisions rest on.

use warded_core::ErrorCode;
use warded_core::cost::Cost;
use warded_core::path::Path;
use warded_core::request::{Request, Target};
use warded_core::tier::Tier;
use warded_core::trust::Trust;
use warded_core::usage::Usage;

use super::{Authority, Stop};
use crate::guest::{CompiledGrant, LinkRef};
use crate::store::Read;

/// What decisions about the same request depend on, beside time and counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis(Vec<[u8; 32]>);

impl<S: ?Sized> Authority<'_, S> {
    /// The grants and the policy that decide.
    #[must_use]
    pub fn basis(&self) -> Basis {
        let grants = self.caller.chain.iter().map(|link| link.grant.digest);
        Basis(grants.chain(self.policies.as_ref().map(|policies| policies.active.digest)).collect())
    }
}

impl<S: Read + ?Sized> Authority<'_, S> {
    /// Whether one of a grant's scopes covers an action on a path; its other clauses play no part.
    ///
    /// # Errors
    /// The engine failed.
    pub fn is_covered_by(
        &self,
        grant: &CompiledGrant,
        resource: &'static str,
        action: &'static str,
        path: Path<'_>,
    ) -> Result<bool, Stop> {
        let request = Request {
            subject: None,
            resource: self.word(resource)?,
            action: self.word(action)?,
            target: Target::Path(path),
            tier: Tier::Standard,
            ip: None,
            now: self.store.now(),
            trust: Trust::Anonymous,
            cost: Cost::ONE_REQUEST,
            attributes: Vec::new(),
            approval: None,
        };
        let unused = Usage::default();
        let decision =
            self.ask_guest(|guest| guest.decide(&[LinkRef { grant, usage: &unused }], None, &request))?;
        Ok(!decision.reasons().iter().any(|reason| reason.code == ErrorCode::ScopeMissing))
    }
}
