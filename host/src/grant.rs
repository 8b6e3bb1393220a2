//! Grant documents as the server writes them, compiled by the engine once, when a credential is made.

use serde::Serialize;
use warded_core::tier::Tier;
use warded_core::time::Millis;

use crate::guest::{CompiledGrant, Guest, GuestError};

/// The parts of a grant that the server sets.
#[derive(Debug, Clone, Copy)]
pub struct GrantParts<'a> {
    /// The credential's id.
    pub id: &'a str,
    /// Scopes in the engine's grammar.
    pub scopes: &'a [String],
    /// Where paths must lie; absent means anywhere, empty means nowhere.
    pub namespaces: Option<&'a [String]>,
    /// Networks; absent means anywhere.
    pub ip_allowlist: Option<&'a [String]>,
    /// Absent means never.
    pub expires_at: Option<Millis>,
    /// Absent means any number of times.
    pub max_uses: Option<u32>,
    /// The highest tier.
    pub tier_ceiling: Tier,
}

#[derive(Serialize)]
struct Document<'a> {
    id: &'a str,
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    namespaces: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_allowlist: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_uses: Option<u32>,
    tier_ceiling: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    limits: &'a [LimitDocument],
}

/// A limit as `docs/documents.md` defines it. The engine is its only reader: the server keeps and echoes what the engine has taken.
pub type LimitDocument = serde_json::Map<String, serde_json::Value>;

impl<'a> GrantParts<'a> {
    /// These scopes at the standard tier, anywhere, for ever and any number of times.
    #[must_use]
    pub const fn of_scopes(id: &'a str, scopes: &'a [String]) -> Self {
        Self {
            id,
            scopes,
            namespaces: None,
            ip_allowlist: None,
            expires_at: None,
            max_uses: None,
            tier_ceiling: Tier::Standard,
        }
    }

    /// Compiles the grant in the engine.
    ///
    /// # Errors
    /// The engine refuses the document, or failed.
    pub fn compile(&self, guest: &Guest) -> Result<CompiledGrant, GuestError> {
        self.compile_limited(guest, &[])
    }

    /// The same with limits.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn compile_limited(
        &self,
        guest: &Guest,
        limits: &[LimitDocument],
    ) -> Result<CompiledGrant, GuestError> {
        // Strings, lists and numbers always serialise.
        guest.compile_grant(&serde_json::to_vec(&self.document(limits)).unwrap_or_default())
    }

    /// The document, for a call of the engine that takes documents.
    #[must_use]
    pub fn to_json(&self, limits: &[LimitDocument]) -> serde_json::Value {
        serde_json::to_value(self.document(limits)).unwrap_or_default()
    }

    const fn document<'d>(&'d self, limits: &'d [LimitDocument]) -> Document<'d> {
        Document {
            id: self.id,
            scopes: self.scopes,
            namespaces: self.namespaces,
            ip_allowlist: self.ip_allowlist,
            expires_at: match self.expires_at {
                Some(time) => Some(time.as_u64()),
                None => None,
            },
            max_uses: self.max_uses,
            tier_ceiling: self.tier_ceiling.word(),
            limits,
        }
    }
}
