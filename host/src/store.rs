//! What is kept, and the one way to change it: a decision taken inside the transaction that carries out its effect.
//!
//! [`Store`] is what a database implements; no SQL stands outside `store/`.
//! A job's closure reads rows, decides, writes, and returns a [`Verdict`]; the store appends the audit events itself.
//! So an effect without its record cannot be written, and a refusal that has already written something cannot be kept:
//! the store rolls back to before the closure, and appends the refusal alone.

use std::fmt;

use warded_core::time::Millis;

use crate::error::{ApiCode, ApiError};

pub mod agents;
pub mod approvals;
pub mod audit;
pub mod callers;
mod job;
pub mod members;
pub mod policies;
pub mod secrets;
pub mod sqlite;
pub mod tokens;
pub mod webhooks;

pub use agents::{AgentQuery, AgentRow, NewKey};
pub use audit::{AuditQuery, AuditRow, ChainRow};
pub use callers::{AgentKeys, Caller, CallerId, OperatorKey, StoredLink};
pub use job::{Activity, Job, Ruling, Verdict, transact};
pub use members::{KeyBounds, KeyRow, MemberRow, Role};
pub use secrets::{DeletedRow, SecretRow, SecretType, VersionInfo, VersionRow};
pub use tokens::{LiveToken, TokenRow};

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
pub trait Read:
    agents::Reads
    + approvals::Reads
    + audit::Reads
    + callers::Reads
    + members::Reads
    + policies::Reads
    + secrets::Reads
    + tokens::Reads
    + webhooks::Reads
{
    /// The time of this transaction.
    fn now(&self) -> Millis;
    /// What there is.
    fn counts(&mut self) -> Result<Counts, StoreError>;
}

/// A transaction that may write.
pub trait Tx:
    Read
    + agents::Writes
    + approvals::Writes
    + audit::Writes
    + callers::Writes
    + members::Writes
    + policies::Writes
    + secrets::Writes
    + tokens::Writes
    + webhooks::Writes
{
}

/// Counts for `GET /v1/me` and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Active agents.
    pub agents: u64,
    /// Live secrets.
    pub secrets: u64,
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
