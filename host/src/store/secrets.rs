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
    /// When the newest version's value was first written: earlier, if it was rolled back to.
    pub value_at: Millis,
    /// Who wrote the first version: an agent's or a member's id.
    pub created_by: String,
}

impl SecretRow {
    /// The path before its last segment, and that segment.
    #[must_use]
    pub fn namespace_and_key(&self) -> (&str, &str) {
        self.path.rsplit_once('/').unwrap_or(("", &self.path))
    }
}

/// A deleted secret that can be restored.
#[derive(Debug, Clone)]
pub struct DeletedRow {
    /// As it was.
    pub secret: SecretRow,
    /// When it was deleted.
    pub deleted_at: Millis,
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
    /// When its value was first written.
    pub value_at: Millis,
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
    /// Paths of live secrets of a tier above standard that begin with `prefix` and sort after `after`, in byte order.
    fn raised_paths(
        &mut self,
        tier: Tier,
        prefix: &str,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<String>, StoreError>;
    /// The namespaces that hold a live secret themselves, sorted.
    fn namespaces(&mut self) -> Result<Vec<String>, StoreError>;
    /// Live secrets whose value was first written up to `until` and sorts after `after`, the oldest value first, then by path.
    fn secrets_by_age(
        &mut self,
        until: Millis,
        after: Option<(Millis, &str)>,
        limit: u64,
    ) -> Result<Vec<SecretRow>, StoreError>;
    /// The deleted secrets of a path, the one deleted last first.
    fn deleted_secrets(&mut self, path: Path<'_>) -> Result<Vec<DeletedRow>, StoreError>;
    /// Deleted secrets whose path begins with `prefix` and that come after a time and an id, those deleted first coming first.
    fn deleted_below(
        &mut self,
        prefix: &str,
        after: Option<(Millis, &str)>,
        limit: u64,
    ) -> Result<Vec<DeletedRow>, StoreError>;
    /// Secrets that were deleted at `until` or before, the oldest first.
    fn deleted_until(&mut self, until: Millis, limit: u64) -> Result<Vec<DeletedRow>, StoreError>;
    /// The tier of the secret that stood at a path last, whatever became of it.
    fn last_tier(&mut self, path: Path<'_>) -> Result<Option<Tier>, StoreError>;
    /// A secret that makes `path` impossible, deleted ones included and destroyed ones not: at one of its namespaces, or below it.
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
    /// Stores type, tier, metadata, version and the times of a secret.
    fn update_secret(&mut self, secret: &SecretRow) -> Result<(), StoreError>;
    /// Adds a version, and destroys those beyond the newest `keep`.
    fn add_version(&mut self, secret_id: &str, version: &VersionRow, keep: u64) -> Result<(), StoreError>;
    /// Marks a secret as deleted.
    fn delete_secret(&mut self, id: &str) -> Result<(), StoreError>;
    /// Makes a deleted secret live again. Its path must be free.
    fn restore_secret(&mut self, id: &str) -> Result<(), StoreError>;
    /// Removes versions, data keys and metadata of a deleted secret for good; answers how many versions there were.
    fn destroy_secret(&mut self, id: &str) -> Result<u64, StoreError>;
}
