//! Policies and their versions.

use warded_core::time::Millis;

use super::StoreError;
use crate::guest::CompiledPolicy;

/// A version without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInfo {
    /// Counted from 1; 0 is the first policy, which is the server's own.
    pub version: u64,
    /// SHA-256 of the compiled bytes.
    pub digest: [u8; 32],
    /// When it was made.
    pub created_at: Millis,
    /// The member who made it.
    pub created_by: String,
}

/// A version that decides, or decides beside it without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyVersion {
    /// The version.
    pub version: u64,
    /// SHA-256 of its compiled bytes.
    pub digest: [u8; 32],
}

/// Which versions decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyState {
    /// How often any of this has changed.
    pub revision: u64,
    /// Whose answer counts; `None` is the first policy.
    pub active: Option<PolicyVersion>,
    /// Whose answer is compared with it.
    pub shadow: Option<PolicyVersion>,
}

impl PolicyState {
    /// The number of the active version; 0 for the first policy.
    #[must_use]
    pub fn active_version(&self) -> u64 {
        self.active.map_or(FIRST, |active| active.version)
    }
}

/// The version of the first policy.
pub const FIRST: u64 = 0;

/// A version ready to decide. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivePolicy {
    /// The version; 0 is the first policy.
    pub version: u64,
    /// What the engine made of it.
    pub policy: CompiledPolicy,
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// Which versions decide, without their bytes: what every request reads.
    fn policy_state(&mut self) -> Result<PolicyState, StoreError>;
    /// The active version with its bytes; `None` is the first policy. [`Policies`](crate::policy::Policies) keeps them between requests.
    fn active_policy(&mut self) -> Result<Option<ActivePolicy>, StoreError> {
        let Some(active) = self.policy_state()?.active else { return Ok(None) };
        let policy = self.compiled_policy(active.version)?;
        let policy = policy.ok_or(StoreError::Damaged("the active policy has no row"))?;
        Ok(Some(ActivePolicy { version: active.version, policy }))
    }
    /// What the engine made of a version.
    fn compiled_policy(&mut self, version: u64) -> Result<Option<CompiledPolicy>, StoreError>;
    /// A version and its document, as it was sent.
    fn policy(&mut self, version: u64) -> Result<Option<(PolicyInfo, String)>, StoreError>;
    /// Versions, newest first: only those below a version, if one is given.
    fn policies(&mut self, below: Option<u64>, limit: u64) -> Result<Vec<PolicyInfo>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds the next version.
    fn add_policy(
        &mut self,
        document: &str,
        policy: &CompiledPolicy,
        created_by: &str,
    ) -> Result<PolicyInfo, StoreError>;
    /// Lets a version decide from now on; 0 is the first policy. The caller has looked that there is such a version.
    fn activate_policy(&mut self, version: u64, by: &str) -> Result<(), StoreError>;
    /// Lets the version decide that did before the active one was activated, and answers which; `None` if there was none.
    fn roll_back_policy(&mut self) -> Result<Option<u64>, StoreError>;
    /// Compares with this version from now on, or with none.
    fn shadow_policy(&mut self, version: Option<u64>) -> Result<(), StoreError>;
}
