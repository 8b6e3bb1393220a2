//! What is stored, row by row.

use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::usage::Usage;

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
    /// The row it belongs to, for [`Tx::store_usage`](super::Tx::store_usage).
    pub id: CallerId,
    /// The grant, compiled when it was made.
    pub grant: CompiledGrant,
    /// What has been used of it.
    pub usage: Usage,
}

/// The caller as read in this transaction.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The links, outermost first: an agent, or an agent and its token, or an operator's key.
    pub chain: Vec<StoredLink>,
    /// The agent's id, or the member's.
    pub principal: String,
    /// The name people know the principal by.
    pub name: String,
    /// The member's role, for an operator.
    pub role: Option<Role>,
    /// Revoked, disabled or deleted, itself or its owner: known, and refused as such.
    pub revoked: bool,
}

/// An operator's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Audit, its export and verification only.
    Auditor,
    /// Secrets, agents, policies and approvals.
    Editor,
    /// Metadata only, never a value.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Auditor, Self::Editor, Self::Viewer];

    /// The word on the wire and in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

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

/// A person.
#[derive(Debug, Clone)]
pub struct MemberRow {
    /// `mem_…`
    pub id: String,
    /// Unique, as given.
    pub email: String,
    /// As given.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When they were added.
    pub created_at: Millis,
}

/// An operator's API key, without its text.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// `key_…`
    pub id: String,
    /// Whose it is.
    pub member_id: String,
    /// As given.
    pub name: String,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
    /// The first 12 characters of the text.
    pub display: String,
    /// What the member's role allows, narrowed by the key's own limits, compiled when it was made.
    pub grant: CompiledGrant,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends.
    pub expires_at: Option<Millis>,
}

/// A live secret, without its values.
#[derive(Debug, Clone)]
pub struct SecretRow {
    /// `sec_…`, never used again.
    pub id: String,
    /// The canonical path.
    pub path: String,
    /// One of [`SecretType`].
    pub secret_type: SecretType,
    /// The stored tier.
    pub tier: Tier,
    /// A JSON object as text, or `null`.
    pub metadata: String,
    /// The newest version.
    pub version: u64,
    /// When the first version was written.
    pub created_at: Millis,
    /// When the newest version was written.
    pub updated_at: Millis,
    /// Who wrote the first version: an agent's or a member's id.
    pub created_by: String,
}

/// What kind of credential a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretType {
    /// A key of somebody's API.
    ApiKey,
    /// A certificate with its key.
    Certificate,
    /// Anything else.
    Custom,
    /// A database password or URL.
    DbCredential,
    /// An OAuth token.
    OauthToken,
    /// An SSH private key.
    SshKey,
}

impl SecretType {
    /// Every type.
    pub const ALL: [Self; 6] =
        [Self::ApiKey, Self::Certificate, Self::Custom, Self::DbCredential, Self::OauthToken, Self::SshKey];

    /// The word on the wire and in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Certificate => "certificate",
            Self::Custom => "custom",
            Self::DbCredential => "db_credential",
            Self::OauthToken => "oauth_token",
            Self::SshKey => "ssh_key",
        }
    }

    /// The type of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One version of a secret, sealed.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Counted from 1.
    pub version: u64,
    /// The version's data key, sealed under a master key.
    pub sealed_key: Vec<u8>,
    /// The value, sealed under the data key.
    pub sealed_value: Vec<u8>,
    /// When it was written.
    pub created_at: Millis,
    /// Who wrote it.
    pub created_by: String,
}

/// Who wrote which version when.
#[derive(Debug, Clone)]
pub struct VersionInfo {
    /// Counted from 1.
    pub version: u64,
    /// When it was written.
    pub created_at: Millis,
    /// Who wrote it.
    pub created_by: String,
}

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

/// Counts for `GET /v1/me` and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Active agents.
    pub agents: u64,
    /// Live secrets.
    pub secrets: u64,
}
