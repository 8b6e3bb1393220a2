//! Secrets and their versions.

use warded_core::path::Path;
use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::StoreError;

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

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
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
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds a new secret without versions.
    fn add_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError>;
    /// Stores type, tier, metadata, version and update time of a secret.
    fn update_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError>;
    /// Adds a version, and destroys those beyond the newest `keep`.
    fn add_version(&mut self, secret_id: &str, version: &VersionRow, keep: u64) -> Result<(), StoreError>;
    /// Marks a secret as deleted.
    fn delete_secret(&mut self, id: &str) -> Result<(), StoreError>;
}
