//! The audit chain.

use warded_core::audit::checkpoint::Checkpoint;
use warded_core::audit::export::Content;
use warded_core::time::Millis;

use super::StoreError;
use crate::audit::EventType;
use crate::guest::SealedValue;

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

/// One place of the chain, whether or not its record is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRow {
    /// Counted from 1, without gaps.
    pub seq: u64,
    /// Salt and canonical bytes; absent where they were erased, or the query leaves them out.
    pub content: Option<Content>,
    /// The leaf.
    pub leaf: [u8; 32],
    /// The chain's link.
    pub link: [u8; 32],
}

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasure {
    /// Every record up to the first one of this time or later.
    Before(Millis),
    /// The records of a subject: each condition that is given must hold. Records of erasures stay.
    Subject {
        /// Who acted.
        actor_id: Option<String>,
        /// The secret's path, exactly.
        path: Option<String>,
        /// Before.
        before: Option<Millis>,
    },
}

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many records.
    pub count: u64,
    /// From where to where in the chain there is no record any more, earlier erasures in between included.
    pub ranges: Vec<(u64, u64)>,
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// Audit records, newest first.
    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError>;
    /// How many records a query matches, counted up to `most`; `offset` and `limit` play no part.
    fn audit_count(&mut self, query: &AuditQuery, most: u64) -> Result<u64, StoreError>;
    /// The first and the last seq between which everything lies that a query's times allow; nothing if nothing does.
    fn chain_span(&mut self, query: &AuditQuery) -> Result<Option<(u64, u64)>, StoreError>;
    /// So many places of the chain after one and up to another, oldest first; what the query does not match has no content.
    fn chain(
        &mut self,
        query: &AuditQuery,
        after: u64,
        through: u64,
        most: u64,
    ) -> Result<Vec<ChainRow>, StoreError>;
    /// Seq and link of the newest place of the chain that is not after `seq`.
    fn chain_link(&mut self, seq: u64) -> Result<Option<(u64, [u8; 32])>, StoreError>;
    /// Whether anything else than `except` has been recorded after a seq.
    fn has_recorded_since(&mut self, seq: u64, except: EventType) -> Result<bool, StoreError>;
    /// So many checkpoints after a seq and up to another, oldest first.
    fn checkpoints(&mut self, after: u64, through: u64, most: u64) -> Result<Vec<Checkpoint>, StoreError>;
    /// So many checkpoints below a seq, newest first.
    fn newest_checkpoints(&mut self, below: u64, most: u64) -> Result<Vec<Checkpoint>, StoreError>;
    /// The key that signs checkpoints, sealed.
    fn checkpoint_key(&mut self) -> Result<Option<SealedValue>, StoreError>;
}

/// What is written, beside the records themselves: those are appended by the store.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Keeps a checkpoint.
    fn add_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError>;
    /// Keeps the key that signs checkpoints, sealed under the contexts of this object id and version.
    fn add_checkpoint_key(&mut self, key: &SealedValue) -> Result<(), StoreError>;
    /// Erases at most so many records, and answers which.
    fn erase_audit(&mut self, erasure: &Erasure, most: u64) -> Result<Erased, StoreError>;
}

/// The object id and the version of the key that signs checkpoints, among everything that is sealed.
pub const CHECKPOINT_KEY: (&str, u64) = ("audit_checkpoint_key", 1);
