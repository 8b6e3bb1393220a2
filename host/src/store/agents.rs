//! Agents.

use warded_core::quota::State;
use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::StoreError;
use crate::grant::LimitDocument;
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
    /// Quotas, in their order in the grant.
    pub limits: Vec<LimitDocument>,
    /// The longest life of a token of this agent, in milliseconds.
    pub token_ttl_ceiling: Option<u64>,
    /// The highest tier of a token of this agent.
    pub token_tier_ceiling: Tier,
    /// SHA-256 of the agent key.
    pub key_hash: [u8; 32],
    /// The first 12 characters of the agent key.
    pub key_display: String,
    /// Who was shown the key: a member's or an agent's id.
    pub key_owner: String,
    /// When the key before the present one ends or ended.
    pub former_key_until: Option<Millis>,
    /// Who was shown that one.
    pub former_key_owner: Option<String>,
    /// The compiled grant of allowed scopes, namespaces, IP policy and limits.
    pub grant: CompiledGrant,
    /// Who made it or last changed its key or what it may do: a member's or an agent's id.
    pub owner: String,
    /// Neither disabled nor revoked.
    pub active: bool,
    /// Ended for ever.
    pub revoked: bool,
    /// When it was made.
    pub created_at: Millis,
    /// When it last used its key or a token.
    pub last_active_at: Option<Millis>,
}

impl AgentRow {
    /// Who answers for what the agent asks: its owner, and whoever was shown a key of it that works.
    pub fn responsible(&self, now: Millis) -> impl Iterator<Item = &str> {
        let works = self.former_key_until.is_some_and(|end| now < end);
        let former = self.former_key_owner.as_deref().filter(|_| works);
        [self.owner.as_str(), &self.key_owner].into_iter().chain(former)
    }
}

/// Which agents.
#[derive(Debug, Clone, Default)]
pub struct AgentQuery {
    /// Only this owner's.
    pub owner: Option<String>,
    /// Only active ones that were not seen since then: never, and made before then, or last before then.
    pub idle_since: Option<Millis>,
    /// Only names after this one.
    pub after: Option<String>,
    /// How many at most.
    pub limit: u64,
}

/// A key that takes the place of an agent's present one.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// SHA-256 of the text.
    pub hash: &'a [u8; 32],
    /// The first 12 characters of the text.
    pub display: &'a str,
    /// When the old key ends.
    pub former_until: Millis,
    /// Who makes it.
    pub owner: &'a str,
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// An agent by id, or else by name.
    fn agent(&mut self, id_or_name: &str) -> Result<Option<AgentRow>, StoreError>;
    /// Agents, disabled and revoked ones included, by name.
    fn agents(&mut self, wanted: &AgentQuery) -> Result<Vec<AgentRow>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds an agent; `false` if its name was ever used.
    fn add_agent(&mut self, agent: &AgentRow) -> Result<bool, StoreError>;
    /// Stores what may change of an agent: description, what it may do, ceilings, owner, and whether it is disabled.
    fn change_agent(&mut self, agent: &AgentRow) -> Result<(), StoreError>;
    /// Stores the states of an agent's limits in their new order.
    fn set_limit_states(&mut self, id: &str, states: &[State]) -> Result<(), StoreError>;
    /// Gives an agent a new key; the old one works until then, and the one before it no more.
    fn rotate_agent_key(&mut self, id: &str, key: &NewKey<'_>) -> Result<(), StoreError>;
    /// Revokes an agent and all its tokens; answers how many tokens were live.
    fn revoke_agent(&mut self, id: &str) -> Result<u64, StoreError>;
}
