//! What an agent may do, as bodies say it: checked, merged with what it may already, and compiled.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::json;
use warded_core::namespaces::Namespaces;
use warded_core::tier::Tier;
use warded_core::time::Millis;

use super::super::networks::networks;
use super::super::tokens::Lifetime;
use crate::app::App;
use crate::authorize::{Effect, Stop};
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::grant::{GrantParts, LimitDocument};
use crate::guest::{CompiledGrant, GuestError};
use crate::openapi::words::{Lifetime as LifetimeText, Tier as TierWord};
use crate::store::AgentRow;
use crate::vocabulary;

/// How many scopes an agent may have.
pub(super) const MAX_SCOPES: usize = 256;
/// How many networks an agent's policy may name.
pub(super) const MAX_NETWORKS: usize = 10_000;

/// The longest life and the highest tier of an agent's tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewCeiling")]
pub(super) struct CeilingIn {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<LifetimeText>")]
    ttl: Option<Lifetime>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<TierWord>")]
    tier: Option<String>,
}

/// A quota, as `docs/documents.md` defines it.
pub(super) struct LimitSchema;

impl JsonSchema for LimitSchema {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let number = json!({ "type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_991_u64 });
        let object = |name: &str, fields: [(&str, serde_json::Value); 3]| {
            let fields: Vec<_> = fields.into_iter().filter(|(_, schema)| !schema.is_null()).collect();
            let required: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
            let properties: serde_json::Map<_, _> =
                fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
            let inner = json!({
                "type": "object", "additionalProperties": false, "required": required, "properties": properties,
            });
            json!({ "type": "object", "additionalProperties": false, "required": [name], "properties": { name: inner } })
        };
        let flow = json!({ "enum": ["second", "minute", "hour", "day"] });
        let calendar = json!({ "enum": ["second", "minute", "hour", "day", "month"] });
        let bucket =
            object("bucket", [("capacity", number.clone()), ("refill", number.clone()), ("per", flow)]);
        let window = object("window", [("limit", number), ("per", calendar), ("", serde_json::Value::Null)]);
        json_schema!({
            "type": "object",
            "additionalProperties": false,
            "required": ["id", "unit", "algorithm"],
            "properties": {
                "id": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
                "unit": { "enum": ["requests", "tokens", "micros"] },
                "algorithm": { "oneOf": [bucket, window] },
            },
        })
    }
}

/// The fields of a body that say what an agent may do, as sent; absent ones say nothing.
#[derive(Default)]
pub(super) struct PowerIn {
    pub(super) allowed_namespaces: Option<Vec<String>>,
    pub(super) allowed_scopes: Option<Vec<String>>,
    pub(super) ip_policy: Option<Vec<String>>,
    pub(super) limits: Option<Vec<LimitDocument>>,
    pub(super) token_ceiling: Option<CeilingIn>,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(super) struct PowerChange {
    namespaces: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    ip_policy: Option<Vec<String>>,
    limits: Option<Vec<LimitDocument>>,
    ttl: Option<Millis>,
    tier: Option<Tier>,
}

/// What an agent may do. An absent ceiling or policy is none, or the maker's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Power {
    pub(super) namespaces: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) ip_policy: Option<Vec<String>>,
    pub(super) limits: Vec<LimitDocument>,
    pub(super) ttl: Option<Millis>,
    pub(super) tier: Option<Tier>,
}

impl PowerIn {
    /// Checks each field that is there.
    pub(super) fn parse(self, app: &App) -> Result<PowerChange, ApiError> {
        if let Some(namespaces) = &self.allowed_namespaces {
            check_namespaces(namespaces)?;
        }
        if let Some(scopes) = &self.allowed_scopes {
            check_scopes(scopes)?;
        }
        if let Some(limits) = &self.limits {
            check_limits(app, limits)?;
        }
        let ip_policy = self.ip_policy.map(|list| networks("ip_policy", &list, MAX_NETWORKS)).transpose()?;
        let (ttl, tier) = self.token_ceiling.map(|ceiling| (ceiling.ttl, ceiling.tier)).unwrap_or_default();
        let ceiling = app.config.token_ttl_ceiling;
        let parse_tier = |word: String| {
            Tier::parse(&word).map_err(|error| ApiError::from_core("token_ceiling.tier", &error))
        };
        Ok(PowerChange {
            namespaces: self.allowed_namespaces,
            scopes: self.allowed_scopes,
            ip_policy,
            limits: self.limits,
            ttl: ttl.map(|ttl| ttl.parse("token_ceiling.ttl", ceiling)).transpose()?,
            tier: tier.map(parse_tier).transpose()?,
        })
    }
}

fn check_namespaces(namespaces: &[String]) -> Result<(), ApiError> {
    if namespaces.len() > Namespaces::MAX {
        return Err(ApiError::invalid("allowed_namespaces", "at most 256 namespaces"));
    }
    for (index, namespace) in namespaces.iter().enumerate() {
        Namespaces::check(namespace)
            .map_err(|error| ApiError::from_core(&format!("allowed_namespaces[{index}]"), &error))?;
    }
    Ok(())
}

fn check_scopes(scopes: &[String]) -> Result<(), ApiError> {
    if scopes.len() > MAX_SCOPES {
        return Err(ApiError::invalid("allowed_scopes", "at most 256 scopes"));
    }
    for (index, scope) in scopes.iter().enumerate() {
        vocabulary::check(&format!("allowed_scopes[{index}]"), scope)?;
    }
    Ok(())
}

/// The engine reads limits, alone in a grant so that what it says is about them.
fn check_limits(app: &App, limits: &[LimitDocument]) -> Result<(), ApiError> {
    let compiled = GrantParts::of_scopes("limits", &[]).compile_limited(&app.guest, limits);
    compiled.map(drop).map_err(|error| match error {
        GuestError::Refused { message, field, .. } => {
            let field = field.unwrap_or_else(|| "limits".to_owned());
            let told = message.strip_prefix(&format!("{field}: ")).unwrap_or(&message).to_owned();
            ApiError::invalid(field, told)
        }
        GuestError::Random(_) | GuestError::Trapped(_) => {
            tracing::error!(%error, "limits cannot be checked");
            ApiError::new(ApiCode::EngineUnavailable, "the engine failed, nothing was done")
        }
    })
}

impl PowerChange {
    /// What a power becomes by this change.
    pub(super) fn of(&self, old: &Power) -> Power {
        Power {
            namespaces: self.namespaces.clone().unwrap_or_else(|| old.namespaces.clone()),
            scopes: self.scopes.clone().unwrap_or_else(|| old.scopes.clone()),
            ip_policy: self.ip_policy.clone().or_else(|| old.ip_policy.clone()),
            limits: self.limits.clone().unwrap_or_else(|| old.limits.clone()),
            ttl: self.ttl.or(old.ttl),
            tier: self.tier.or(old.tier),
        }
    }
}

impl Power {
    /// What an agent may do now.
    pub(super) fn held_by(agent: &AgentRow) -> Self {
        Self {
            namespaces: agent.allowed_namespaces.clone(),
            scopes: agent.allowed_scopes.clone(),
            ip_policy: agent.ip_policy.clone(),
            limits: agent.limits.clone(),
            ttl: agent.token_ttl_ceiling.and_then(|most| Millis::new(most).ok()),
            tier: Some(agent.token_tier_ceiling),
        }
    }

    /// Its scopes in the engine's grammar.
    pub(super) fn translated(&self) -> Vec<String> {
        vocabulary::translate_all(&self.scopes, &self.namespaces)
    }

    /// Its grant.
    pub(super) fn compile(&self, authority: &Effect<'_>, id: &str) -> Result<CompiledGrant, Stop> {
        let parts = GrantParts {
            id,
            scopes: &self.translated(),
            namespaces: Some(&self.namespaces),
            ip_allowlist: self.ip_policy.as_deref(),
            expires_at: None,
            max_uses: None,
            tier_ceiling: self.tier_ceiling(),
        };
        let compiled = parts.compile_limited(&authority.app.guest, &self.limits);
        compiled.map_err(|error| authority.uncompiled("allowed_scopes", &error))
    }

    /// The highest tier of the agent's tokens.
    pub(super) fn tier_ceiling(&self) -> Tier {
        self.tier.unwrap_or(Tier::Critical)
    }
}
