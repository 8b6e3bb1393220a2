//! What is kept, and the one way to change it: a decision taken inside the transaction that carries out its effect.
//!
//! [`Store`] is what a database implements; no SQL stands outside `store/`.
//! A job's closure reads rows, decides, writes, and returns a [`Verdict`]; the store appends the audit events itself.
//! So an effect without its record cannot be written, and a refusal that has already written something cannot be kept:
//! the store rolls back to before the closure, and appends the refusal alone.

use std::fmt;

use warded_core::path::Path;
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::usage::Usage;

use crate::error::{ApiCode, ApiError};

mod job;
mod rows;
pub mod sqlite;

pub use job::{Activity, Job, Ruling, Verdict, transact};
pub use rows::{
    AgentRow, AuditQuery, AuditRow, Caller, CallerId, Counts, KeyRow, MemberRow, Role, SecretRow, SecretType,
    StoredLink, TokenRow, VersionInfo, VersionRow,
};

/// Why the database did not do something. The text is for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The statement or the commit failed: disk full, locked, damaged.
    #[error("database: {0}")]
    Database(String),
    /// Something stored is not what this version writes.
    #[error("stored data is damaged: {0}")]
    Damaged(&'static str),
    /// A defect of the server: the work was undone.
    #[error("defect: {0}")]
    Defect(&'static str),
    /// The write queue is full, or the writer is stopping.
    #[error("the write queue is full")]
    Busy,
}

/// Reads of one consistent state.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Read {
    /// The time of this transaction.
    fn now(&self) -> Millis;
    /// Whose credential has this hash, revoked or not.
    fn caller_by_hash(&mut self, hash: &[u8; 32]) -> Result<Option<CallerId>, StoreError>;
    /// The caller's chain.
    fn caller(&mut self, id: &CallerId) -> Result<Option<Caller>, StoreError>;
    /// An agent by id, or else by name.
    fn agent(&mut self, id_or_name: &str) -> Result<Option<AgentRow>, StoreError>;
    /// All agents, revoked ones included, by name.
    fn agents(&mut self) -> Result<Vec<AgentRow>, StoreError>;
    /// A token by id.
    fn token(&mut self, id: &str) -> Result<Option<TokenRow>, StoreError>;
    /// Tokens, newest first, of one agent or all.
    fn tokens(&mut self, agent_id: Option<&str>, limit: u64) -> Result<Vec<TokenRow>, StoreError>;
    /// How many tokens of an agent are neither expired nor revoked.
    fn live_tokens(&mut self, agent_id: &str) -> Result<u64, StoreError>;
    /// A member by id.
    fn member(&mut self, id: &str) -> Result<Option<MemberRow>, StoreError>;
    /// The live secret at a path.
    fn secret(&mut self, path: Path<'_>) -> Result<Option<SecretRow>, StoreError>;
    /// Live secrets whose path begins with `prefix` and sorts after `after`, in byte order.
    fn secrets(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<SecretRow>, StoreError>;
    /// Live secrets above the standard tier whose path begins with `prefix`, highest tier first.
    fn secrets_above_standard(&mut self, prefix: &str) -> Result<Vec<(String, Tier)>, StoreError>;
    /// The namespaces that hold a live secret themselves, sorted.
    fn namespaces(&mut self) -> Result<Vec<String>, StoreError>;
    /// A secret that makes `path` impossible, deleted ones included: at one of its namespaces, or below it.
    fn path_conflict(&mut self, path: Path<'_>) -> Result<Option<String>, StoreError>;
    /// One version of a secret; `None` is the newest.
    fn version(&mut self, secret_id: &str, version: Option<u64>) -> Result<Option<VersionRow>, StoreError>;
    /// All versions of a secret, newest first.
    fn versions(&mut self, secret_id: &str) -> Result<Vec<VersionInfo>, StoreError>;
    /// Audit records, newest first.
    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError>;
    /// How many records a query matches, counted up to `most`; `offset` and `limit` play no part.
    fn audit_count(&mut self, query: &AuditQuery, most: u64) -> Result<u64, StoreError>;
    /// What there is.
    fn counts(&mut self) -> Result<Counts, StoreError>;
}

/// A transaction that may write.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Tx: Read {
    /// Stores what a decision returned for one link; for an agent also that it was active now.
    fn store_usage(&mut self, id: &CallerId, usage: &Usage) -> Result<(), StoreError>;
    /// Adds an agent; `false` if its name was ever used.
    fn add_agent(&mut self, agent: &AgentRow) -> Result<bool, StoreError>;
    /// Revokes an agent and all its tokens; answers how many tokens were live.
    fn revoke_agent(&mut self, id: &str) -> Result<u64, StoreError>;
    /// Adds a token.
    fn add_token(&mut self, token: &TokenRow) -> Result<(), StoreError>;
    /// Revokes a token.
    fn revoke_token(&mut self, id: &str) -> Result<(), StoreError>;
    /// Adds a member; `false` if the address is taken.
    fn add_member(&mut self, member: &MemberRow) -> Result<bool, StoreError>;
    /// Adds an API key.
    fn add_key(&mut self, key: &KeyRow) -> Result<(), StoreError>;
    /// Adds a new secret without versions.
    fn add_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError>;
    /// Stores type, tier, metadata, version and update time of a secret.
    fn update_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError>;
    /// Adds a version, and destroys those beyond the newest `keep`.
    fn add_version(&mut self, secret_id: &str, version: &VersionRow, keep: u64) -> Result<(), StoreError>;
    /// Marks a secret as deleted.
    fn delete_secret(&mut self, id: &str) -> Result<(), StoreError>;
}

/// What a database implements.
pub trait Store: Send + Sync + fmt::Debug {
    /// Hands a job to the writer, which takes what waits into one transaction, a savepoint each.
    /// A full queue fails the job at once.
    fn submit(&self, job: Box<dyn Job>);
    /// Runs a query on the newest committed state. Blocks its thread.
    ///
    /// # Errors
    /// The database failed.
    fn query(&self, query: &mut dyn FnMut(&mut dyn Read) -> Result<(), StoreError>)
    -> Result<(), StoreError>;
    /// What the writer has done.
    fn activity(&self) -> Activity;
}

/// Runs `query` on the newest committed state and returns what it found. Blocks its thread.
///
/// # Errors
/// The database failed.
pub fn query<T>(
    store: &dyn Store,
    query: impl FnOnce(&mut dyn Read) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut query = Some(query);
    let mut found = None;
    store.query(&mut |read| {
        if let Some(query) = query.take() {
            found = Some(query(read)?);
        }
        Ok(())
    })?;
    found.ok_or(StoreError::Busy)
}

/// What a client is told when the database fails. The cause is logged by the store, once.
#[must_use]
pub fn unavailable(error: &StoreError) -> ApiError {
    match error {
        StoreError::Busy => ApiError::new(ApiCode::Unavailable, "the server has too much to do, try again"),
        StoreError::Damaged(_) => {
            ApiError::new(ApiCode::Internal, "stored data is damaged, see the server's log")
        }
        StoreError::Defect(_) => ApiError::new(ApiCode::Internal, "a defect of the server, see its log"),
        StoreError::Database(_) => ApiError::new(
            ApiCode::AuditUnavailable,
            "the audit record cannot be written, so nothing was done",
        ),
    }
}
