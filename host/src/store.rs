//! What is kept, and the one way to change it: a decision taken inside the transaction that carries out its effect.
//!
//! [`Store`] is what a database implements; no SQL stands outside `store/`.
//! A job's closure reads rows, decides, writes, and returns a [`Verdict`]; the store appends the audit events itself.
//! So an effect without its record cannot be written, and a refusal that has already written something cannot be kept:
//! the store rolls back to before the closure, and appends the refusal alone.

use std::fmt;

use tokio::sync::oneshot;
use warded_core::path::Path;
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::usage::Usage;

use crate::audit::Event;
use crate::error::{ApiCode, ApiError};
use crate::guest::CompiledGrant;

pub mod sqlite;

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
    /// The row it belongs to, for [`Tx::store_usage`].
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

/// What a job's closure came to.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one match, and a box for each refusal would cost more"
)]
pub enum Verdict<T> {
    /// Allowed: what was written stands, the events are appended, and the answer goes out once the commit is durable.
    Done {
        /// For the caller.
        answer: T,
        /// What happened, in order.
        events: Vec<Event>,
    },
    /// Refused: what was written is undone, the event is appended, and the error goes out at once.
    Refused {
        /// For the caller.
        error: ApiError,
        /// What was refused; `None` where the caller is not known.
        event: Option<Event>,
    },
}

/// A job without the type of its answer.
#[derive(Debug)]
pub enum Ruling {
    /// See [`Verdict::Done`].
    Done(Vec<Event>),
    /// See [`Verdict::Refused`]; the job has answered already.
    Refused(Option<Event>),
}

/// A unit of work for the writer. Exactly one of `committed` and `failed` is called, unless `run` ruled a refusal.
pub trait Job: Send {
    /// Reads, decides and writes. May be run again if the database asks for it, so it keeps no state between runs.
    ///
    /// # Errors
    /// The database failed; the job is rolled back and [`failed`](Self::failed) is called.
    fn run(&mut self, tx: &mut dyn Tx) -> Result<Ruling, StoreError>;
    /// The commit is durable: answer.
    fn committed(self: Box<Self>);
    /// Nothing happened: answer so.
    fn failed(self: Box<Self>, error: &StoreError);
}

/// What the writer has done since the start, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Durable commits.
    pub commits: u64,
    /// Jobs in them.
    pub jobs: u64,
    /// Jobs that wait now.
    pub waiting: u64,
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

/// Decides and acts in one transaction, and waits for the durable commit of what was allowed.
///
/// The caller's rows are read in the same transaction, so that a revocation, once answered, is in force.
///
/// # Errors
/// The refusal, or 503 if the database or its audit cannot be written.
pub async fn transact<T: Send + 'static>(
    store: &dyn Store,
    decide: impl FnMut(&mut dyn Tx) -> Result<Verdict<T>, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    let (answer, answered) = oneshot::channel();
    store.submit(Box::new(Pending { decide, answer: Some(answer), done: None }));
    answered.await.unwrap_or_else(|_| Err(unavailable(&StoreError::Busy)))
}

struct Pending<T, D> {
    decide: D,
    answer: Option<oneshot::Sender<Result<T, ApiError>>>,
    done: Option<T>,
}

impl<T, D> Pending<T, D> {
    fn answer(&mut self, answer: Result<T, ApiError>) {
        if let Some(sender) = self.answer.take() {
            // A client that has gone away needs no answer.
            let _ = sender.send(answer);
        }
    }
}

impl<T: Send, D: FnMut(&mut dyn Tx) -> Result<Verdict<T>, StoreError> + Send> Job for Pending<T, D> {
    fn run(&mut self, tx: &mut dyn Tx) -> Result<Ruling, StoreError> {
        Ok(match (self.decide)(tx)? {
            Verdict::Done { answer, events } => {
                self.done = Some(answer);
                Ruling::Done(events)
            }
            Verdict::Refused { error, event } => {
                self.answer(Err(error));
                Ruling::Refused(event)
            }
        })
    }

    fn committed(mut self: Box<Self>) {
        if let Some(done) = self.done.take() {
            self.answer(Ok(done));
        }
    }

    fn failed(mut self: Box<Self>, error: &StoreError) {
        self.answer(Err(unavailable(error)));
    }
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
