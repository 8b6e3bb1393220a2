//! Audit events: what is recorded, and the canonical record that is hashed.

use std::net::IpAddr;

use warded_core::ErrorCode;

pub mod checkpoint;
pub mod csv;
pub mod erasures;
pub mod export;
mod held;
pub mod mask;
pub mod record;
pub mod verify;

macro_rules! events {
    ($($variant:ident = $name:literal;)*) => {
        /// What happened. The word before the dot is the resource type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventType { $(#[doc = $name] $variant,)* }

        impl EventType {
            /// Every event type.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),* } }
        }
    };
}

events! {
    AgentCreated = "agent.created";
    AgentKeyRotated = "agent.key_rotated";
    AgentRevoked = "agent.revoked";
    AgentUpdated = "agent.updated";
    ApprovalConsumed = "approval.consumed";
    ApprovalDenied = "approval.denied";
    ApprovalExpired = "approval.expired";
    ApprovalGranted = "approval.granted";
    ApprovalRequested = "approval.requested";
    AuditErased = "audit.erased";
    AuditExported = "audit.exported";
    MemberInvited = "member.invited";
    MemberKeyCreated = "member.key_created";
    MemberKeyRevoked = "member.key_revoked";
    MemberRemoved = "member.removed";
    MemberRoleChanged = "member.role_changed";
    MemberUpdated = "member.updated";
    PolicyActivated = "policy.activated";
    PolicyChanged = "policy.changed";
    RequestRefused = "request.refused";
    SecretCreated = "secret.created";
    SecretDeleted = "secret.deleted";
    SecretDestroyed = "secret.destroyed";
    SecretImported = "secret.imported";
    SecretListed = "secret.listed";
    SecretRead = "secret.read";
    SecretRestored = "secret.restored";
    SecretRolledBack = "secret.rolled_back";
    SecretRotated = "secret.rotated";
    SecretTierLowered = "secret.tier_lowered";
    SecretTierRaised = "secret.tier_raised";
    SecretUpdated = "secret.updated";
    SystemStarted = "system.started";
    SystemStopped = "system.stopped";
    TokenIssued = "token.issued";
    TokenRefused = "token.refused";
    TokenRevoked = "token.revoked";
    TokenUsed = "token.used";
    WebhookChanged = "webhook.changed";
    WebhookSent = "webhook.sent";
}

impl EventType {
    /// The word before the dot.
    #[must_use]
    pub fn resource_type(self) -> &'static str {
        self.name().split('.').next().unwrap_or_default()
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Allowed and done.
    Allow,
    /// People have to approve it first.
    Ask,
    /// Refused by a clause.
    Deny,
    /// Allowed, but not done: nothing there, or a failure.
    Error,
}

impl Outcome {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
            Self::Error => "error",
        }
    }
}

/// What kind of principal acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorType {
    /// A non-human principal.
    Agent,
    /// A person.
    Operator,
    /// The server itself, or a stranger counted by it.
    System,
}

impl ActorType {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What kind of principal.
    pub kind: ActorType,
    /// Its id; `system` for the server.
    pub id: String,
}

/// A detail of an event. There is no way to put a secret into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// A whole number.
    Integer(u64),
    /// Words.
    List(Vec<String>),
    /// One word: an id, a scope, a key's name.
    Text(String),
}

/// Where a request came from, as every event of it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The server's own id of the request.
    pub request_id: String,
    /// The client's address, if known.
    pub ip: Option<IpAddr>,
}

/// One event, without what the store adds as it appends: seq, time and salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub event_type: EventType,
    /// Who did it.
    pub actor: Actor,
    /// Where the request came from; `None` for the server's own events.
    pub origin: Option<Origin>,
    /// The id of what it happened to.
    pub resource_id: Option<String>,
    /// The path of the secret, if one was named.
    pub path: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, for everything that is not allow.
    pub reasons: Vec<&'static str>,
    /// Anything else worth knowing, sorted by name when recorded.
    pub details: Vec<(&'static str, Detail)>,
}

impl Event {
    /// An event that went well.
    #[must_use]
    pub const fn new(event_type: EventType, actor: Actor, origin: Option<Origin>) -> Self {
        Self {
            event_type,
            actor,
            origin,
            resource_id: None,
            path: None,
            outcome: Outcome::Allow,
            reasons: Vec::new(),
            details: Vec::new(),
        }
    }

    /// The same event, refused for the engine's reasons.
    #[must_use]
    pub fn denied(mut self, reasons: impl IntoIterator<Item = ErrorCode>) -> Self {
        self.outcome = Outcome::Deny;
        self.reasons = reasons.into_iter().map(ErrorCode::name).collect();
        self
    }

    /// The same event, allowed but not done.
    #[must_use]
    pub fn failed(mut self, reason: &'static str) -> Self {
        self.outcome = Outcome::Error;
        self.reasons = vec![reason];
        self
    }
}
