//! Policies that decide: the first one, and what is kept of others between requests.

use std::sync::{OnceLock, PoisonError, RwLock};

use crate::guest::{CompiledPolicy, Guest, GuestError};
use crate::store::StoreError;
use crate::store::policies::{ActivePolicy, PolicyVersion, Reads};

use shadow::Pair;

mod approvals;
pub mod judge;
pub mod shadow;

pub use approvals::Approvals;

/// The first policy, version 0: it allows what the grants allow, and asks for the usual approvals.
pub const FIRST_DOCUMENT: &str = r#"{"version":1,"rules":[{"id":"grants","effect":"allow"}]}"#;

/// How many policies are kept: the active one, its shadow, and those that they were lately.
const KEPT: usize = 4;

/// Why there is no policy to decide by. Nothing is allowed then.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The engine does not compile the first policy.
    #[error(transparent)]
    Guest(#[from] GuestError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What decides in one transaction.
#[derive(Debug, Clone)]
pub struct Deciding {
    /// The policy whose answer counts.
    pub active: CompiledPolicy,
    /// The one whose answer is compared with it.
    pub shadow: Option<Compared>,
}

/// A policy that is compared with the active one, and changes nothing.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Which two.
    pub pair: Pair,
    /// The one that changes nothing.
    pub policy: CompiledPolicy,
}

/// Compiled policies, kept between requests.
///
/// Which version decides is read in each transaction; only its bytes are kept, under their whole digest, so that nothing kept is ever stale.
#[derive(Debug, Default)]
pub struct Policies {
    first: OnceLock<CompiledPolicy>,
    kept: RwLock<Vec<CompiledPolicy>>,
}

impl Policies {
    /// What decides in this transaction.
    ///
    /// # Errors
    /// There is no policy: nothing may be allowed.
    pub fn deciding<R: Reads + ?Sized>(&self, guest: &Guest, read: &mut R) -> Result<Deciding, PolicyError> {
        let state = read.policy_state()?;
        let active = match state.active {
            Some(version) => self.ready(version, read)?.policy,
            None => self.first(guest)?,
        };
        let compared = |(shadow, policy)| Compared { pair: (state.active, shadow), policy };
        let shadow = match state.shadow {
            Some(shadow) => Some((shadow, self.ready(shadow, read)?.policy)),
            None => None,
        };
        Ok(Deciding { active, shadow: shadow.map(compared) })
    }

    /// A version with its bytes.
    ///
    /// # Errors
    /// The database failed, or has no such version.
    pub fn ready<R: Reads + ?Sized>(
        &self,
        wanted: PolicyVersion,
        read: &mut R,
    ) -> Result<ActivePolicy, StoreError> {
        let PolicyVersion { version, digest } = wanted;
        if let Some(policy) = self.find(&digest) {
            return Ok(ActivePolicy { version, policy });
        }
        let policy = read.compiled_policy(version)?.filter(|policy| policy.digest == digest);
        let policy = policy.ok_or(StoreError::Damaged("a policy that decides has no row"))?;
        self.keep(policy.clone());
        Ok(ActivePolicy { version, policy })
    }

    /// The first policy, compiled when it is first asked for.
    ///
    /// # Errors
    /// The engine failed.
    pub fn first(&self, guest: &Guest) -> Result<CompiledPolicy, GuestError> {
        if let Some(first) = self.first.get() {
            return Ok(first.clone());
        }
        let compiled = guest.compile_policy(FIRST_DOCUMENT)?;
        Ok(self.first.get_or_init(|| compiled).clone())
    }

    fn find(&self, digest: &[u8; 32]) -> Option<CompiledPolicy> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|policy| policy.digest == *digest).cloned()
    }

    fn keep(&self, policy: CompiledPolicy) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|known| known.digest == policy.digest) {
            return;
        }
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(policy);
    }
}
