//! `PATCH /v1/secrets/{namespace}/{key}`: what a secret is beside its value, and the only way to a lower tier.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use warded_core::path::Path;
use warded_core::tier::Tier;

use super::super::call::Call;
use super::super::work::carry_out;
use super::delete::unknown_secret;
use super::description::SecretOut;
use super::fields::{metadata_text, object_or_null, parse_tier, parse_type};
use super::write::{expect_version, tier_event};
use super::{Address, IF_MATCH, if_match};
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Effect, Stop, Subject};
use crate::body::not_null;
use crate::config::SecondOperator;
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::{Metadata, SecretType as TypeWord, Tier as TierWord};
use crate::permission::UpdateSecret;
use crate::reply::json;
use crate::store::{SecretRow, SecretType};

/// What is to change, at least one of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SecretChange")]
struct UpdateIn {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<TypeWord>")]
    secret_type: Option<String>,
    /// A lower tier needs what the present one asks of its readers.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<TierWord>")]
    access_tier: Option<String>,
    /// At most 8 KiB of JSON; `null` clears it.
    #[serde(default, deserialize_with = "given_object_or_null")]
    #[schemars(with = "Metadata")]
    metadata: Option<Option<Map<String, Value>>>,
}

pub(in super::super) const UPDATE: Operation =
    Operation::new("update_secret", "Change a secret's type, tier or metadata")
        .at("/v1/secrets/{namespace}/{key}")
        .headers(&[IF_MATCH])
        .body::<UpdateIn>()
        .answer::<SecretOut>(200)
        .codes(&[ApiCode::ApprovalRequired, ApiCode::Conflict, ApiCode::SecretNotFound]);

fn given_object_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Map<String, Value>>>, D::Error> {
    object_or_null(deserializer).map(Some)
}

/// What is to hold from now on. Unlike in a write, `custom` and `standard` are meant, and no metadata clears it.
struct Change {
    secret_type: Option<SecretType>,
    tier: Option<Tier>,
    metadata: Option<String>,
}

impl Change {
    fn parse(body: &UpdateIn) -> Result<Self, ApiError> {
        let UpdateIn { secret_type, access_tier, metadata } = body;
        if secret_type.is_none() && access_tier.is_none() && metadata.is_none() {
            return Err(ApiError::invalid("body", "one of: access_tier, metadata, secret_type"));
        }
        let metadata = metadata
            .as_ref()
            .map(|metadata| metadata.as_ref().map_or_else(|| Ok("null".to_owned()), metadata_text));
        Ok(Self {
            secret_type: secret_type.as_deref().map(parse_type).transpose()?,
            tier: access_tier.as_deref().map(parse_tier).transpose()?,
            metadata: metadata.transpose()?,
        })
    }
}

pub(in super::super) async fn update(mut call: Call<UpdateSecret>) -> Result<Response, ApiError> {
    let path = Address::of_secret(&call)?;
    let expected = if_match(&call)?;
    let change = Change::parse(&call.body().await?)?;
    let case = call.case(Subject::at(path.as_str()));
    let secret =
        carry_out(case, move |authority| apply(authority, path.as_path(), &change, expected)).await?;
    Ok(json(StatusCode::OK, &SecretOut::written(&secret)))
}

fn apply(
    authority: &mut Effect<'_>,
    path: Path<'_>,
    change: &Change,
    expected: Option<u64>,
) -> Result<SecretRow, Stop> {
    let ask = Ask::path("secrets", "update", path);
    authority.require(ask)?;
    let Some(stored) = authority.store.secret(path)? else {
        return Err(authority.fail(unknown_secret(), "secret_not_found"));
    };
    authority.about(&stored.id);
    expect_version(authority, Some(&stored), expected)?;
    let from = stored.tier;
    let lowered = match change.tier.filter(|to| *to < from) {
        Some(to) => Some(let_go(authority, path, from, to)?),
        None => None,
    };
    let secret = SecretRow {
        secret_type: change.secret_type.unwrap_or(stored.secret_type),
        tier: change.tier.unwrap_or(from),
        metadata: change.metadata.clone().unwrap_or_else(|| stored.metadata.clone()),
        ..stored
    };
    authority.store.update_secret(&secret)?;
    record(authority, &secret, change, from, lowered);
    Ok(secret)
}

/// What leaves a tier is let go by those who let others in, and they are told where it goes. Answers who agreed first, or `nobody`:
/// a policy can ask nobody about a tier, and then one operator alone is enough or not, as the setting says.
fn let_go(authority: &mut Effect<'_>, path: Path<'_>, from: Tier, to: Tier) -> Result<String, Stop> {
    authority.refuse_as(EventType::SecretTierLowered);
    let approval = authority.require_tier_approval(lowering(to), path, from)?;
    let voices = approval.map(|id| authority.store.voices(&id)).transpose()?.unwrap_or_default();
    let second = voices.into_iter().find(|voice| voice.approves).map(|voice| voice.member_id);
    if second.is_none() && authority.app.config.second_operator == SecondOperator::Required {
        let told = "it lowers a tier about which the policy asks nobody, and one operator alone may not";
        return Err(
            authority.deny(ApiError::new(ApiCode::ApprovalRequired, told), "second_operator_required")
        );
    }
    Ok(second.unwrap_or_else(|| "nobody".to_owned()))
}

/// The act that people approve.
const fn lowering(to: Tier) -> &'static str {
    match to {
        Tier::Standard => "lower-to-standard",
        Tier::Sensitive => "lower-to-sensitive",
        Tier::Critical => "lower-to-critical",
    }
}

fn record(
    authority: &mut Effect<'_>,
    secret: &SecretRow,
    change: &Change,
    from: Tier,
    lowered: Option<String>,
) {
    let changed = [("metadata", change.metadata.is_some()), ("secret_type", change.secret_type.is_some())];
    let changed: Vec<_> =
        changed.iter().filter(|(_, given)| *given).map(|(name, _)| (*name).to_owned()).collect();
    if !changed.is_empty() || secret.tier == from {
        let mut event = authority.event(EventType::SecretUpdated);
        event.details.push(("changed", Detail::List(changed)));
        event.details.push(("version", Detail::Integer(secret.version)));
        authority.record(event);
    }
    if secret.tier != from {
        let mut event = tier_event(authority, secret, from);
        event.details.extend(lowered.map(|second| ("second_operator", Detail::Text(second))));
        authority.record(event);
    }
}
