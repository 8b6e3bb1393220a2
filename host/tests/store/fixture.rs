//! A store in a folder of its own, and rows to put into it.

use std::path::PathBuf;

use tempfile::TempDir;
use warded::audit::{Actor, ActorType, Event, EventType, Origin};
use warded::clock::Clock;
use warded::error::{ApiCode, ApiError};
use warded::guest::CompiledGrant;
use warded::store::sqlite::SqliteStore;
use warded::store::{
    AgentRow, AuditQuery, AuditRow, CallerId, SecretRow, SecretType, StoreError, TokenRow, Tx, Verdict,
    VersionRow, query, transact,
};
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::usage::Usage;

/// A folder and the store in it, until it is closed or reopened.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) store: SqliteStore,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), Clock::system(), false).unwrap();
        Self { folder, store }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("warded.db")
    }

    /// Closes the store and leaves the folder.
    pub(crate) fn close(self) -> TempDir {
        self.store.close();
        self.folder
    }

    /// Runs one job and waits for its answer.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        decide: impl FnMut(&mut dyn Tx) -> Result<Verdict<T>, StoreError> + Send + 'static,
    ) -> Result<T, ApiError> {
        block_on(transact(&self.store, decide))
    }

    /// Writes without recording anything.
    pub(crate) fn write(&self, write: impl FnMut(&mut dyn Tx) -> Result<(), StoreError> + Send + 'static) {
        let mut write = write;
        self.run(move |tx| write(tx).map(|()| done((), []))).unwrap();
    }

    pub(crate) fn audit(&self, of: &AuditQuery) -> Vec<AuditRow> {
        let all = AuditQuery { limit: 1_000, ..of.clone() };
        query(&self.store, |read| read.audit(&all)).unwrap()
    }

    pub(crate) fn usage(&self, id: &CallerId) -> Usage {
        let caller = query(&self.store, |read| read.caller(id)).unwrap().unwrap();
        caller.chain.last().unwrap().usage.clone()
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(crate) fn done<T>(answer: T, events: impl Into<Vec<Event>>) -> Verdict<T> {
    Verdict::Done { answer, events: events.into() }
}

pub(crate) fn refused<T>(event: impl Into<Option<Event>>) -> Verdict<T> {
    Verdict::Refused { error: refusal(), event: event.into() }
}

pub(crate) fn refusal() -> ApiError {
    ApiError::new(ApiCode::ScopeDenied, "no scope covers the request")
}

pub(crate) fn event(event_type: EventType) -> Event {
    let actor = Actor { kind: ActorType::Agent, id: "agt_1".to_owned() };
    let origin = Origin { request_id: "req_1".to_owned(), ip: Some("10.0.0.1".parse().unwrap()) };
    Event::new(event_type, actor, Some(origin))
}

pub(crate) fn at(millis: u64) -> Millis {
    Millis::new(millis).unwrap()
}

fn digest(text: &str) -> [u8; 32] {
    warded_core::crypto::hash::sha256(text.as_bytes())
}

fn grant(text: &str) -> CompiledGrant {
    CompiledGrant { bytes: text.as_bytes().to_vec(), digest: digest(text) }
}

pub(crate) fn agent(name: &str) -> AgentRow {
    AgentRow {
        id: format!("agt_{name}"),
        name: name.to_owned(),
        description: None,
        allowed_namespaces: vec!["*".to_owned()],
        allowed_scopes: vec!["secrets:read:*".to_owned()],
        ip_policy: None,
        limits: Vec::new(),
        token_ttl_ceiling: Some(3_600_000),
        token_tier_ceiling: Tier::Critical,
        key_hash: digest(&format!("key of {name}")),
        key_display: "wda_00000000".to_owned(),
        key_owner: "mem_2".to_owned(),
        former_key_until: None,
        former_key_owner: None,
        grant: grant(name),
        owner: "mem_1".to_owned(),
        active: true,
        revoked: false,
        created_at: at(1_000),
        last_active_at: None,
    }
}

pub(crate) fn token(name: &str, agent_id: &str) -> TokenRow {
    TokenRow {
        id: format!("tok_{name}"),
        agent_id: agent_id.to_owned(),
        hash: digest(&format!("token {name}")),
        display: "wds_00000000".to_owned(),
        scopes: vec!["secrets:read:a/*".to_owned(), "namespaces:read".to_owned()],
        ip_allowlist: Some(vec!["10.0.0.0/8".to_owned()]),
        max_uses: Some(3),
        reason: Some("test".to_owned()),
        tier_ceiling: Tier::Standard,
        grant: grant(name),
        usage: Usage::default(),
        created_at: at(2_000),
        expires_at: Millis::MAX,
        revoked_at: None,
    }
}

pub(crate) fn secret(path: &str) -> SecretRow {
    SecretRow {
        id: format!("sec_{path}"),
        path: path.to_owned(),
        secret_type: SecretType::Custom,
        tier: Tier::Standard,
        metadata: "null".to_owned(),
        version: 1,
        created_at: at(1_000),
        updated_at: at(1_000),
        value_at: at(1_000),
        created_by: "agt_1".to_owned(),
    }
}

/// A version whose data key has the form of a sealed value.
pub(crate) fn version(number: u64) -> VersionRow {
    let mut sealed_key = vec![7; 122];
    sealed_key.splice(..2, [1, 1]);
    VersionRow {
        version: number,
        sealed_key,
        sealed_value: number.to_be_bytes().to_vec(),
        created_at: at(1_000),
        value_at: at(1_000),
        created_by: "agt_1".to_owned(),
    }
}
