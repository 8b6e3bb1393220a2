//! People and their API keys.

use warded_core::time::Millis;

use super::StoreError;

/// An operator's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Unique, in lower case.
    pub email: String,
    /// As given.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When they were first added.
    pub created_at: Millis,
    /// When they were removed; their keys ended then.
    pub removed_at: Option<Millis>,
}

/// An operator's API key, without its text.
///
/// What it may do is its member's role as it is when the key is used, within the key's own bounds.
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
    /// Whether approvals may be decided with it, if the role may.
    pub approve: bool,
    /// Where it may be used from, and for how long.
    pub bounds: KeyBounds,
    /// When it was made.
    pub created_at: Millis,
    /// When it was revoked, itself or with its member.
    pub revoked_at: Option<Millis>,
    /// When it was last used.
    pub last_used_at: Option<Millis>,
}

/// What narrows an API key beside its member's role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct KeyBounds {
    /// Canonical networks; absent means anywhere.
    pub ip_allowlist: Option<Vec<String>>,
    /// When it ends; absent means never.
    pub expires_at: Option<Millis>,
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// A member by id, removed or not.
    fn member(&mut self, id: &str) -> Result<Option<MemberRow>, StoreError>;
    /// All members, removed ones included, in the order in which they were added.
    fn members(&mut self) -> Result<Vec<MemberRow>, StoreError>;
    /// A member's keys, revoked ones included, in the order in which they were made.
    fn keys_of(&mut self, member_id: &str) -> Result<Vec<KeyRow>, StoreError>;
    /// Whether somebody can still manage members: an active admin with a key that is neither revoked nor expired.
    fn has_working_admin(&mut self) -> Result<bool, StoreError>;
    /// The ids of those who can decide approvals: active admins and editors with a key for it that is neither revoked nor expired.
    fn approvers(&mut self) -> Result<Vec<String>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds a member and answers their id; `None` if the address is an active member's.
    ///
    /// A removed member who comes back keeps the id: one person must not become two approvers.
    fn add_member(&mut self, member: &MemberRow) -> Result<Option<String>, StoreError>;
    /// Sets a member's name and role.
    fn change_member(&mut self, id: &str, name: &str, role: Role) -> Result<(), StoreError>;
    /// Removes a member and revokes their keys; answers how many of these were live.
    fn remove_member(&mut self, id: &str) -> Result<u64, StoreError>;
    /// Adds an API key.
    fn add_key(&mut self, key: &KeyRow) -> Result<(), StoreError>;
    /// Revokes an API key.
    fn revoke_key(&mut self, id: &str) -> Result<(), StoreError>;
}
