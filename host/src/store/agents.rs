//! Agents.

use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::StoreError;
use crate::guest::CompiledGrant;

/// An agent as stored, without its key.
#[derive(Debug, Clone)]
pub struct AgentRow {
    /// `agt_…`
    pub id: String,
    /// Unique for ever.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// As sent, so that a client can compare.
    pub allowed_namespaces: Vec<String>,
    /// As sent, so that a client can compare.
    pub allowed_scopes: Vec<String>,
    /// Canonical networks; absent means anywhere.
    pub ip_policy: Option<Vec<String>>,
    /// The longest life of a token of this agent, in milliseconds.
    pub token_ttl_ceiling: Option<u64>,
    /// The highest tier of a token of this agent.
    pub token_tier_ceiling: Tier,
    /// SHA-256 of the agent key.
    pub key_hash: [u8; 32],
    /// The first 12 characters of the agent key.
    pub key_display: String,
    /// The compiled grant of allowed scopes, namespaces and IP policy.
    pub grant: CompiledGrant,
    /// Who made it or last changed its scopes: a member's or an agent's id.
    pub owner: String,
    /// Not revoked.
    pub active: bool,
    /// When it was made.
    pub created_at: Millis,
    /// When it last used its key or a token.
    pub last_active_at: Option<Millis>,
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// An agent by id, or else by name.
    fn agent(&mut self, id_or_name: &str) -> Result<Option<AgentRow>, StoreError>;
    /// All agents, revoked ones included, by name.
    fn agents(&mut self) -> Result<Vec<AgentRow>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds an agent; `false` if its name was ever used.
    fn add_agent(&mut self, agent: &AgentRow) -> Result<bool, StoreError>;
    /// Revokes an agent and all its tokens; answers how many tokens were live.
    fn revoke_agent(&mut self, id: &str) -> Result<u64, StoreError>;
}
