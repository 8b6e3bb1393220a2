//! The audit chain.

use warded_core::time::Millis;

use super::StoreError;

/// Which audit records to read, newest first. Absent means any.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// The event's type.
    pub event_type: Option<String>,
    /// The word before the dot.
    pub resource_type: Option<String>,
    /// The actor's id.
    pub actor_id: Option<String>,
    /// The secret's path, exactly.
    pub path: Option<String>,
    /// The outcome's word.
    pub outcome: Option<String>,
    /// The canonical address.
    pub ip: Option<String>,
    /// Not before.
    pub start: Option<Millis>,
    /// Before.
    pub end: Option<Millis>,
    /// Only records with a lower seq, for stable paging under concurrent writes.
    pub below: Option<u64>,
    /// Records to leave out first.
    pub offset: u64,
    /// Records at most.
    pub limit: u64,
}

/// One record of the audit chain as stored.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Counted from 1, without gaps.
    pub seq: u64,
    /// The canonical JSON that is hashed.
    pub record: Vec<u8>,
    /// The leaf's salt.
    pub salt: [u8; 16],
    /// The leaf.
    pub leaf: [u8; 32],
    /// The chain's link.
    pub link: [u8; 32],
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// Audit records, newest first.
    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError>;
    /// How many records a query matches, counted up to `most`; `offset` and `limit` play no part.
    fn audit_count(&mut self, query: &AuditQuery, most: u64) -> Result<u64, StoreError>;
}
