//! Scoped tokens.

use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::usage::Usage;

use super::StoreError;
use crate::guest::CompiledGrant;

/// A scoped token as stored, without its text.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// `tok_…`
    pub id: String,
    /// The agent it was issued to.
    pub agent_id: String,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
    /// The first 12 characters of the text.
    pub display: String,
    /// Exactly as asked for.
    pub scopes: Vec<String>,
    /// Canonical networks; absent means anywhere.
    pub ip_allowlist: Option<Vec<String>>,
    /// Absent means no limit.
    pub max_uses: Option<u32>,
    /// What the asker said it is for.
    pub reason: Option<String>,
    /// The highest tier it reaches, fixed at issue.
    pub tier_ceiling: Tier,
    /// The compiled grant.
    pub grant: CompiledGrant,
    /// What has been used.
    pub usage: Usage,
    /// When it was issued.
    pub created_at: Millis,
    /// When it ends.
    pub expires_at: Millis,
    /// When it was revoked.
    pub revoked_at: Option<Millis>,
}

/// A token that is neither expired nor revoked, as far as its reach goes.
#[derive(Debug, Clone)]
pub struct LiveToken {
    /// The order of issue.
    pub number: u64,
    /// `tok_…`
    pub id: String,
    /// When it ends.
    pub expires_at: Millis,
    /// Exactly as asked for.
    pub scopes: Vec<String>,
    /// The compiled grant.
    pub grant: CompiledGrant,
}

/// A token and what it may do, as asked for.
#[derive(Debug, Clone)]
pub struct TokenScopes {
    /// `tok_…`
    pub id: String,
    /// The agent it was issued to.
    pub agent_id: String,
    /// Exactly as asked for.
    pub scopes: Vec<String>,
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// A token by id.
    fn token(&mut self, id: &str) -> Result<Option<TokenRow>, StoreError>;
    /// Tokens, newest first, of one agent or all: those that were issued before one, if it is given.
    fn tokens(
        &mut self,
        agent_id: Option<&str>,
        before: Option<&str>,
        limit: u64,
    ) -> Result<Vec<TokenRow>, StoreError>;
    /// The scopes of all tokens, of one agent or all, that are neither expired nor revoked.
    fn live_scopes(&mut self, agent_id: Option<&str>) -> Result<Vec<TokenScopes>, StoreError>;
    /// Whether fewer tokens of an agent than `most` can still be used: neither expired, nor revoked, nor used up.
    fn has_room_for_token(&mut self, agent_id: &str, most: u64) -> Result<bool, StoreError>;
    /// The number of the token issued last; 0 if there is none.
    fn newest_token(&mut self) -> Result<u64, StoreError>;
    /// Live tokens of all agents that come after an end and a number, those that end first coming first.
    fn live_tokens_by_end(
        &mut self,
        after: Option<(Millis, u64)>,
        limit: u64,
    ) -> Result<Vec<LiveToken>, StoreError>;
    /// Live tokens of all agents that were issued after a number, in that order.
    fn live_tokens_since(&mut self, number: u64, limit: u64) -> Result<Vec<LiveToken>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds a token.
    fn add_token(&mut self, token: &TokenRow) -> Result<(), StoreError>;
    /// Revokes a token.
    fn revoke_token(&mut self, id: &str) -> Result<(), StoreError>;
    /// Revokes a token if it is alive; answers whether it was.
    fn revoke_live_token(&mut self, id: &str) -> Result<bool, StoreError>;
}
