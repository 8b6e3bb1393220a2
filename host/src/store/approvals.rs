//! What people have to approve, and what they said.

use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::StoreError;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word on the wire and in the database.
            #[must_use]
            pub const fn word(self) -> &'static str { match self { $(Self::$variant => $word),* } }

            /// What a word means.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// Where an approval stands.
    ApprovalStatus {
        /// Enough people have approved; the asker may use it.
        Approved = "approved",
        /// It was used, once.
        Consumed = "consumed",
        /// Somebody has denied it.
        Denied = "denied",
        /// Nobody answered in time, or nobody used it in time.
        Expired = "expired",
        /// It waits for people.
        Pending = "pending",
    }
}

words! {
    /// What is asked for.
    ApprovalKind {
        /// A token.
        Issue = "issue",
        /// One use of a credential.
        Use = "use",
    }
}

words! {
    /// Who asks.
    AskerKind {
        /// An agent.
        Agent = "agent",
        /// A member.
        Operator = "operator",
    }
}

/// What is asked, as people are shown it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is asked for.
    pub kind: ApprovalKind,
    /// The engine's digest of exactly this.
    pub digest: [u8; 32],
    /// How many people the policy asks for.
    pub needed: u8,
    /// The tier that it reaches.
    pub tier: Tier,
    /// The ids of the policy's rules that ask.
    pub rules: Vec<String>,
    /// As asked for.
    pub requested_scopes: Vec<String>,
    /// The same as canonical scopes: what a denial keeps from being asked for again.
    pub reach: Vec<String>,
    /// How long the token would live, in milliseconds.
    pub ttl: Option<u64>,
    /// How often the token could be used.
    pub max_uses: Option<u32>,
    /// From where the token could be used.
    pub ip_allowlist: Option<Vec<String>>,
    /// What the asker says it is for; shown, not bound.
    pub reason: Option<String>,
}

/// What people have to approve.
#[derive(Debug, Clone)]
pub struct ApprovalRow {
    /// `apr_…`
    pub id: String,
    /// Who asks.
    pub asker_kind: AskerKind,
    /// The agent's id, or the member's.
    pub asker_id: String,
    /// What is asked. It never changes, but for how many people today's policy asks for.
    pub asked: Asked,
    /// How many people it takes, as many as there are.
    pub required: u8,
    /// As stored: one whose time has passed may not be marked yet.
    pub status: ApprovalStatus,
    /// When it was asked.
    pub created_at: Millis,
    /// The end that is now running.
    pub expires_at: Millis,
    /// When enough people had approved.
    pub approved_at: Option<Millis>,
    /// When it was denied.
    pub denied_at: Option<Millis>,
    /// When it was used.
    pub consumed_at: Option<Millis>,
    /// The token that came of it.
    pub token_id: Option<String>,
    /// Whether the asker was told that it has expired.
    pub told: bool,
}

impl ApprovalRow {
    /// Where it stands at a time.
    #[must_use]
    pub fn status_at(&self, now: Millis) -> ApprovalStatus {
        if self.is_open() && self.expires_at <= now { ApprovalStatus::Expired } else { self.status }
    }

    /// Whether it is stored as one that people or the asker may still act on.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, ApprovalStatus::Approved | ApprovalStatus::Pending)
    }
}

/// What one person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Who.
    pub member_id: String,
    /// Approved, or denied.
    pub approves: bool,
    /// Why, for a denial.
    pub reason: Option<String>,
    /// When.
    pub created_at: Millis,
}

/// Which approvals to read, newest first. Absent means any.
#[derive(Debug, Clone, Default)]
pub struct ApprovalQuery {
    /// Where they stand now.
    pub status: Option<ApprovalStatus>,
    /// Who asked.
    pub asker_id: Option<String>,
    /// Only those that were asked before this one.
    pub before: Option<String>,
    /// At most.
    pub limit: u64,
}

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// An approval.
    fn approval(&mut self, id: &str) -> Result<Option<ApprovalRow>, StoreError>;
    /// Approvals, newest first.
    fn approvals(&mut self, query: &ApprovalQuery) -> Result<Vec<ApprovalRow>, StoreError>;
    /// The newest approval of an asker for exactly this; the only one that can be open.
    fn newest_approval(
        &mut self,
        asker_id: &str,
        digest: &[u8; 32],
    ) -> Result<Option<ApprovalRow>, StoreError>;
    /// What people said, in the order in which they did.
    fn voices(&mut self, approval_id: &str) -> Result<Vec<Voice>, StoreError>;
    /// How many approvals of an asker are open.
    fn open_approvals(&mut self, asker_id: &str) -> Result<u64, StoreError>;
    /// When approvals of an asker were denied after a time, and what they would have reached.
    fn denied_after(
        &mut self,
        asker_id: &str,
        kind: ApprovalKind,
        after: Millis,
    ) -> Result<Vec<(Millis, Vec<String>)>, StoreError>;
    /// Open approvals whose time has passed.
    fn overdue_approvals(&mut self, limit: u64) -> Result<Vec<ApprovalRow>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds an approval.
    fn add_approval(&mut self, approval: &ApprovalRow) -> Result<(), StoreError>;
    /// Stores where an approval stands; what was asked never changes.
    fn update_approval(&mut self, approval: &ApprovalRow) -> Result<(), StoreError>;
    /// Stores what somebody said; the last word of each counts.
    fn add_voice(&mut self, approval_id: &str, voice: &Voice) -> Result<(), StoreError>;
}
