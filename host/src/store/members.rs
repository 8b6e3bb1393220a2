//! People and their API keys.

use warded_core::time::Millis;

use super::StoreError;
use crate::guest::CompiledGrant;

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

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// A member by id.
    fn member(&mut self, id: &str) -> Result<Option<MemberRow>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds a member; `false` if the address is taken.
    fn add_member(&mut self, member: &MemberRow) -> Result<bool, StoreError>;
    /// Adds an API key.
    fn add_key(&mut self, key: &KeyRow) -> Result<(), StoreError>;
}
