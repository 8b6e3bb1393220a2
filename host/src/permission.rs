//! What a route needs, as a type in its handler's signature.
//!
//! A route cannot be registered without one, and what it says is enforced before the handler runs: which kinds of credential the route
//! takes, what each of them needs, and under which event a refusal is recorded.

use warded_core::crypto::token::TokenKind;

use crate::audit::EventType;

/// What a credential of one kind needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A scope that covers this resource and action, and the target that the handler names.
    Scope(&'static str, &'static str),
    /// No scope; every other clause of the credential must hold.
    Standing,
}

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Of an agent key.
    pub agent: Option<Need>,
    /// Of a scoped token.
    pub scoped: Option<Need>,
    /// Of an operator's API key.
    pub operator: Option<Need>,
    /// What a refusal is recorded as.
    pub event: EventType,
    /// Whether an agent key stands for a token with the agent's own scopes and the standard tier.
    pub implicit_grant: bool,
}

impl Guard {
    /// What a credential of this kind needs; `None` if the route does not take it.
    #[must_use]
    pub const fn need(&self, kind: TokenKind) -> Option<Need> {
        match kind {
            TokenKind::Agent => self.agent,
            TokenKind::ApiKey => self.operator,
            TokenKind::Scoped => self.scoped,
            _ => None,
        }
    }
}

/// A permission that a handler names in its signature.
pub trait Permission: Send + Sync + 'static {
    /// What it means.
    const GUARD: Guard;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $value:expr),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permission for $name {
            const GUARD: Guard = Guard { $($field: $value,)* ..NOBODY };
        }
    )*};
}

const NOBODY: Guard = Guard {
    agent: None,
    scoped: None,
    operator: None,
    event: EventType::RequestRefused,
    implicit_grant: false,
};

const MANAGE_AGENTS: Option<Need> = Some(Need::Scope("agents", "manage"));
const MANAGE_MEMBERS: Option<Need> = Some(Need::Scope("members", "manage"));
/// For one's own; [`MANAGE_MEMBERS`] for what is another's.
const OWN_KEYS: Option<Need> = Some(Need::Scope("me", "read"));
const MANAGE_POLICIES: Option<Need> = Some(Need::Scope("policies", "manage"));
const MANAGE_TOKENS: Option<Need> = Some(Need::Scope("tokens", "manage"));
const MANAGE_WEBHOOKS: Option<Need> = Some(Need::Scope("webhooks", "manage"));
const DECIDE_APPROVALS: Option<Need> = Some(Need::Scope("approvals", "decide"));
const STANDING: Option<Need> = Some(Need::Standing);

const fn everybody(resource: &'static str, action: &'static str, event: EventType) -> Guard {
    let need = Some(Need::Scope(resource, action));
    Guard { agent: need, scoped: need, operator: need, event, implicit_grant: true }
}

permissions! {
    /// Make an agent: an operator, or an agent that may manage agents and passes on only what it holds.
    CreateAgent { agent: MANAGE_AGENTS, operator: MANAGE_AGENTS, event: EventType::AgentCreated }
    /// See agents: an operator, or an agent those that it made.
    ReadAgents { agent: MANAGE_AGENTS, operator: Some(Need::Scope("agents", "read")) }
    /// Change an agent: an operator, or an agent one that it made and still covers.
    ChangeAgent { agent: MANAGE_AGENTS, operator: MANAGE_AGENTS, event: EventType::AgentUpdated }
    /// Give an agent a new key: an operator, or an agent one that it made and still covers.
    RotateAgentKey { agent: MANAGE_AGENTS, operator: MANAGE_AGENTS, event: EventType::AgentKeyRotated }
    /// Revoke an agent: an operator, or an agent one that it made.
    RevokeAgent { agent: MANAGE_AGENTS, operator: MANAGE_AGENTS, event: EventType::AgentRevoked }
    /// Get a scoped token for an agent's own key.
    IssueToken { agent: STANDING, event: EventType::TokenRefused }
    /// See tokens: an operator all, an agent its own.
    ReadTokens { agent: STANDING, operator: MANAGE_TOKENS }
    /// Revoke a token: an operator any, an agent its own.
    RevokeToken { agent: STANDING, operator: MANAGE_TOKENS, event: EventType::TokenRevoked }
    /// Let a token see itself.
    InspectToken { scoped: STANDING }
    /// See members.
    ReadMembers { operator: MANAGE_MEMBERS }
    /// Add a member.
    InviteMember { operator: MANAGE_MEMBERS, event: EventType::MemberInvited }
    /// Change a member's name or role.
    ChangeMember { operator: MANAGE_MEMBERS, event: EventType::MemberRoleChanged }
    /// Remove a member.
    RemoveMember { operator: MANAGE_MEMBERS, event: EventType::MemberRemoved }
    /// See API keys: one's own, or all.
    ReadKeys { operator: OWN_KEYS }
    /// Make an API key: for oneself, or for anybody.
    CreateKey { operator: OWN_KEYS, event: EventType::MemberKeyCreated }
    /// Revoke an API key: one's own, or any.
    RevokeKey { operator: OWN_KEYS, event: EventType::MemberKeyRevoked }
    /// See who one is.
    ReadMe { operator: Some(Need::Scope("me", "read")) }
    /// See approvals: an operator all, an agent its own.
    ReadApprovals { agent: STANDING, operator: Some(Need::Scope("approvals", "read")) }
    /// See policies, and try them without effect.
    ReadPolicies { operator: Some(Need::Scope("policies", "read")) }
    /// Make a version of the policy, or compare with one.
    ManagePolicies { operator: MANAGE_POLICIES, event: EventType::PolicyChanged }
    /// Let a version of the policy decide.
    ActivatePolicy { operator: MANAGE_POLICIES, event: EventType::PolicyActivated }
    /// See webhooks.
    ReadWebhooks { operator: MANAGE_WEBHOOKS }
    /// Make, delete or try a webhook.
    ManageWebhooks { operator: MANAGE_WEBHOOKS, event: EventType::WebhookChanged }
    /// Look at one's own approval.
    ReadOwnApproval { agent: STANDING }
    /// Approve: an operator, with a key that is made for it.
    Approve { operator: DECIDE_APPROVALS, event: EventType::ApprovalGranted }
    /// Deny: an operator, with a key that is made for it.
    Deny { operator: DECIDE_APPROVALS, event: EventType::ApprovalDenied }
    /// Erase records of the audit.
    EraseAudit { operator: Some(Need::Scope("audit", "erase")), event: EventType::AuditErased }
    /// Take the audit away.
    ExportAudit { operator: Some(Need::Scope("audit", "read")), event: EventType::AuditExported }
    /// Read the audit.
    ReadAudit { operator: Some(Need::Scope("audit", "read")) }
    /// Bring a deleted secret back; no agent's scope reaches this.
    RestoreSecret { operator: Some(Need::Scope("secrets", "restore")), event: EventType::SecretRestored }
    /// Destroy a deleted secret for good; no agent's scope reaches this.
    DestroySecret { operator: Some(Need::Scope("secrets", "destroy")), event: EventType::SecretDestroyed }
    /// Change what a secret is beside its value, its tier among it; no agent's scope reaches this.
    UpdateSecret { operator: Some(Need::Scope("secrets", "update")), event: EventType::SecretUpdated }
    /// See which secrets are due.
    ReadRotations { operator: Some(Need::Scope("metadata", "read")), event: EventType::SecretListed }
}

macro_rules! open_to_everybody {
    ($($(#[$doc:meta])* $name:ident = $resource:literal, $action:literal, $event:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permission for $name {
            const GUARD: Guard = everybody($resource, $action, EventType::$event);
        }
    )*};
}

open_to_everybody! {
    /// Delete a secret.
    DeleteSecret = "secrets", "delete", SecretDeleted;
    /// Write many secrets at once.
    ImportSecrets = "secrets", "write", SecretImported;
    /// See namespaces.
    ReadNamespaces = "namespaces", "read", RequestRefused;
    /// Read a secret, or list what lies below a namespace.
    ReadSecret = "secrets", "read", SecretRead;
    /// Write a value that a secret had before.
    RollBackSecret = "secrets", "write", SecretRolledBack;
    /// Replace the value of a secret, and end the tokens that reach it.
    RotateSecret = "secrets", "rotate", SecretRotated;
    /// Write a secret.
    WriteSecret = "secrets", "write", SecretUpdated;
}
