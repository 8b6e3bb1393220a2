//! The rows of one transaction: what [`Read`] and [`Tx`] promise, over one connection.

use rusqlite::Connection;
use warded_core::path::Path;
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::usage::Usage;

use crate::store::{
    AgentRow, AuditQuery, AuditRow, Caller, CallerId, Counts, KeyRow, MemberRow, Read, SecretRow, StoreError,
    TokenRow, Tx, VersionInfo, VersionRow,
};

mod agents;
mod audit;
mod callers;
mod members;
mod secrets;
mod tokens;
mod versions;

/// A connection inside a transaction that has begun at a time.
#[derive(Debug)]
pub(super) struct Rows<'c> {
    pub(super) connection: &'c Connection,
    pub(super) now: Millis,
}

impl Read for Rows<'_> {
    fn now(&self) -> Millis {
        self.now
    }

    fn caller_by_hash(&mut self, hash: &[u8; 32]) -> Result<Option<CallerId>, StoreError> {
        callers::by_hash(self.connection, hash)
    }

    fn caller(&mut self, id: &CallerId) -> Result<Option<Caller>, StoreError> {
        callers::load(self.connection, id)
    }

    fn agent(&mut self, id_or_name: &str) -> Result<Option<AgentRow>, StoreError> {
        agents::find(self.connection, id_or_name)
    }

    fn agents(&mut self) -> Result<Vec<AgentRow>, StoreError> {
        agents::all(self.connection)
    }

    fn token(&mut self, id: &str) -> Result<Option<TokenRow>, StoreError> {
        tokens::find(self.connection, id)
    }

    fn tokens(&mut self, agent_id: Option<&str>, limit: u64) -> Result<Vec<TokenRow>, StoreError> {
        tokens::newest(self.connection, agent_id, limit)
    }

    fn live_tokens(&mut self, agent_id: &str) -> Result<u64, StoreError> {
        tokens::count_live(self.connection, agent_id, self.now)
    }

    fn member(&mut self, id: &str) -> Result<Option<MemberRow>, StoreError> {
        members::find(self.connection, id)
    }

    fn secret(&mut self, path: Path<'_>) -> Result<Option<SecretRow>, StoreError> {
        secrets::find(self.connection, path)
    }

    fn secrets(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<SecretRow>, StoreError> {
        secrets::below(self.connection, prefix, after, limit)
    }

    fn secrets_above_standard(&mut self, prefix: &str) -> Result<Vec<(String, Tier)>, StoreError> {
        secrets::above_standard(self.connection, prefix)
    }

    fn namespaces(&mut self) -> Result<Vec<String>, StoreError> {
        secrets::namespaces(self.connection)
    }

    fn path_conflict(&mut self, path: Path<'_>) -> Result<Option<String>, StoreError> {
        secrets::conflict(self.connection, path)
    }

    fn version(&mut self, secret_id: &str, version: Option<u64>) -> Result<Option<VersionRow>, StoreError> {
        versions::find(self.connection, secret_id, version)
    }

    fn versions(&mut self, secret_id: &str) -> Result<Vec<VersionInfo>, StoreError> {
        versions::newest(self.connection, secret_id)
    }

    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        audit::newest(self.connection, query)
    }

    fn audit_count(&mut self, query: &AuditQuery, most: u64) -> Result<u64, StoreError> {
        audit::count(self.connection, query, most)
    }

    fn counts(&mut self) -> Result<Counts, StoreError> {
        Ok(Counts {
            agents: agents::count_active(self.connection)?,
            secrets: secrets::count_live(self.connection)?,
        })
    }
}

impl Tx for Rows<'_> {
    fn store_usage(&mut self, id: &CallerId, usage: &Usage) -> Result<(), StoreError> {
        callers::store_usage(self.connection, id, usage, self.now)
    }

    fn add_agent(&mut self, agent: &AgentRow) -> Result<bool, StoreError> {
        agents::add(self.connection, agent)
    }

    fn revoke_agent(&mut self, id: &str) -> Result<u64, StoreError> {
        agents::revoke(self.connection, id, self.now)
    }

    fn add_token(&mut self, token: &TokenRow) -> Result<(), StoreError> {
        tokens::add(self.connection, token)
    }

    fn revoke_token(&mut self, id: &str) -> Result<(), StoreError> {
        tokens::revoke(self.connection, id, self.now)
    }

    fn add_member(&mut self, member: &MemberRow) -> Result<bool, StoreError> {
        members::add(self.connection, member)
    }

    fn add_key(&mut self, key: &KeyRow) -> Result<(), StoreError> {
        members::add_key(self.connection, key)
    }

    fn add_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError> {
        secrets::add(self.connection, secret)
    }

    fn update_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError> {
        secrets::update(self.connection, secret)
    }

    fn add_version(&mut self, secret_id: &str, version: &VersionRow, keep: u64) -> Result<(), StoreError> {
        versions::add(self.connection, secret_id, version, keep)
    }

    fn delete_secret(&mut self, id: &str) -> Result<(), StoreError> {
        secrets::delete(self.connection, id, self.now)
    }
}
