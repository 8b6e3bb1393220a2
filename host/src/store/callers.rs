//! Whose credential was presented: its chain, and what has been used of it.

use warded_core::time::Millis;
use warded_core::usage::Usage;

use super::{KeyBounds, Role, StoreError};
use crate::guest::CompiledGrant;

/// Whose credential was presented, found by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallerId {
    /// An agent key; the id is the agent's.
    Agent(String),
    /// An operator's API key; the id is the key's.
    Key(String),
    /// A scoped token; the id is the token's.
    Token(String),
}

/// One link of a chain as stored.
#[derive(Debug, Clone)]
pub struct StoredLink {
    /// The row it belongs to, for [`Writes::store_usage`].
    pub id: CallerId,
    /// The grant, compiled when it was made.
    pub grant: CompiledGrant,
    /// What has been used of it.
    pub usage: Usage,
}

/// The caller as read in this transaction.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The links, outermost first: an agent, or an agent and its token. An operator's is made of `role` and `key`.
    pub chain: Vec<StoredLink>,
    /// The agent's id, or the member's.
    pub principal: String,
    /// The name people know the principal by.
    pub name: String,
    /// The member's role, for an operator.
    pub role: Option<Role>,
    /// The keys of an agent that came with one itself.
    pub agent_keys: Option<AgentKeys>,
    /// The API key, for an operator.
    pub key: Option<OperatorKey>,
    /// Whether approvals may be decided with this credential, if the role may.
    pub may_approve: bool,
    /// Revoked, disabled or deleted, itself or its owner: known, and refused as such.
    pub revoked: bool,
}

/// An agent's keys: a key can be replaced between its look-up and the transaction that decides.
#[derive(Debug, Clone, Copy)]
pub struct AgentKeys {
    /// SHA-256 of the present one.
    pub present: [u8; 32],
    /// SHA-256 of the one before it, and when that one ends or ended.
    pub former: Option<([u8; 32], Millis)>,
}

/// An operator's API key as a part of a chain: with the member's role it comes to a link.
#[derive(Debug, Clone)]
pub struct OperatorKey {
    /// `key_…`
    pub id: String,
    /// Where it may be used from, and for how long.
    pub bounds: KeyBounds,
    /// What has been used of it.
    pub usage: Usage,
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// Whose credential has this hash, revoked or not.
    fn caller_by_hash(&mut self, hash: &[u8; 32]) -> Result<Option<CallerId>, StoreError>;
    /// The caller's chain.
    fn caller(&mut self, id: &CallerId) -> Result<Option<Caller>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Stores what a decision returned for one link; for an agent and an API key also that it was active now.
    fn store_usage(&mut self, id: &CallerId, usage: &Usage) -> Result<(), StoreError>;
}
