//! A secret as replies describe it, without its value.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use warded_core::time::Millis;

use crate::openapi::words::{SecretType, Tier, Timestamp};
use crate::store::{DeletedRow, SecretRow};
use crate::timestamp::rfc3339;

/// Stored metadata as an object: clients read it as one, so no metadata is an empty one.
pub(super) fn metadata(stored: &str) -> Map<String, Value> {
    serde_json::from_str(stored).ok().flatten().unwrap_or_default()
}

/// A secret without its value.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SecretOut {
    id: String,
    namespace: String,
    key: String,
    version: u64,
    #[schemars(with = "SecretType")]
    secret_type: &'static str,
    #[schemars(with = "Tier")]
    access_tier: &'static str,
    metadata: Map<String, Value>,
    #[schemars(with = "Timestamp")]
    created_at: String,
    #[schemars(with = "Timestamp")]
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    /// Of a deleted secret: when that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timestamp>")]
    deleted_at: Option<String>,
    /// Of a deleted secret: when the server destroys it, unless it is restored before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timestamp>")]
    destroyed_at: Option<String>,
}

impl SecretOut {
    /// With who wrote it first, as a write answers.
    pub(super) fn written(secret: &SecretRow) -> Self {
        Self { created_by: Some(secret.created_by.clone()), ..Self::listed(secret) }
    }

    /// As a listing shows it.
    pub(super) fn listed(secret: &SecretRow) -> Self {
        let (namespace, key) = secret.namespace_and_key();
        Self {
            id: secret.id.clone(),
            namespace: namespace.to_owned(),
            key: key.to_owned(),
            version: secret.version,
            secret_type: secret.secret_type.word(),
            access_tier: secret.tier.word(),
            metadata: metadata(&secret.metadata),
            created_at: rfc3339(secret.created_at),
            updated_at: rfc3339(secret.updated_at),
            created_by: None,
            deleted_at: None,
            destroyed_at: None,
        }
    }

    /// As a listing shows one that was deleted, which can be restored for so long.
    pub(super) fn deleted(row: &DeletedRow, retention: Millis) -> Self {
        let end = row.deleted_at.as_u64().saturating_add(retention.as_u64());
        Self {
            deleted_at: Some(rfc3339(row.deleted_at)),
            destroyed_at: Some(rfc3339(Millis::new(end).unwrap_or(Millis::MAX))),
            ..Self::listed(&row.secret)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_metadata_is_an_empty_object() {
        assert!(metadata("null").is_empty() && metadata("{}").is_empty());
        assert_eq!(metadata(r#"{"b":1,"a":null}"#).keys().collect::<Vec<_>>(), ["b", "a"]);
    }
}
