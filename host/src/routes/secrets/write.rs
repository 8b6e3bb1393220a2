//! One write of one secret: shared by PUT and import.

use warded_core::path::Path;
use warded_core::secret::Secret;
use warded_core::tier::Tier;

use super::fields::Wanted;
use super::{MAX_VERSIONS, sealing};
use crate::audit::{Detail, Event, EventType};
use crate::authorize::{Ask, Effect, Stop};
use crate::error::{ApiCode, ApiError};
use crate::id::{Prefix, new_id};
use crate::store::{SecretRow, SecretType, VersionRow};

/// A secret as written.
pub(super) struct Written {
    pub(super) secret: SecretRow,
    pub(super) is_new: bool,
}

/// Decides on the path and its stored tier, seals the value and adds it as the newest version.
///
/// `expected` is the version that must be the newest one.
pub(super) fn write(
    authority: &mut Effect<'_>,
    path: Path<'_>,
    wanted: &Wanted,
    value: &Secret<String>,
    expected: Option<u64>,
) -> Result<Written, Stop> {
    let stored = authority.require_secret(Ask::path("secrets", "write", path), path)?;
    let version = stored.as_ref().map(|secret| secret.version);
    if expected.is_some() && version != expected {
        let error =
            ApiError::new(ApiCode::Conflict, "the secret's newest version is not the one in `If-Match`");
        return Err(authority.fail(error, "version_conflict"));
    }
    let is_new = stored.is_none();
    let raised_from = stored.as_ref().map(|secret| secret.tier).filter(|tier| *tier < wanted.tier);
    let secret = match stored {
        Some(secret) => updated(authority, secret, wanted)?,
        None => created(authority, path, wanted)?,
    };
    let sealed = sealing::seal(authority, &secret, value)?;
    let version = VersionRow {
        version: secret.version,
        sealed_key: sealed.key,
        sealed_value: sealed.value,
        created_at: authority.now(),
        created_by: authority.caller().principal.clone(),
    };
    authority.store.add_version(&secret.id, &version, MAX_VERSIONS)?;
    record(authority, &secret, is_new, raised_from);
    Ok(Written { secret, is_new })
}

fn created(authority: &mut Effect<'_>, path: Path<'_>, wanted: &Wanted) -> Result<SecretRow, Stop> {
    if authority.store.path_conflict(path)?.is_some() {
        let told = "a path is never both a secret and a namespace, and this one or a part of it is the other";
        return Err(authority.fail(ApiError::new(ApiCode::PathTaken, told), "path_taken"));
    }
    let id = authority.ask_guest(|_| Ok(new_id(Prefix::Secret)?))?;
    let now = authority.now();
    let secret = SecretRow {
        id,
        path: path.as_str().to_owned(),
        secret_type: wanted.secret_type.unwrap_or(SecretType::Custom),
        tier: wanted.tier,
        metadata: wanted.metadata.clone().unwrap_or_else(|| "null".to_owned()),
        version: 1,
        created_at: now,
        updated_at: now,
        created_by: authority.caller().principal.clone(),
    };
    authority.store.add_secret(&secret)?;
    Ok(secret)
}

fn updated(authority: &mut Effect<'_>, stored: SecretRow, wanted: &Wanted) -> Result<SecretRow, Stop> {
    let secret = SecretRow {
        secret_type: wanted.secret_type.unwrap_or(stored.secret_type),
        tier: stored.tier.max(wanted.tier),
        metadata: wanted.metadata.clone().unwrap_or(stored.metadata),
        version: stored.version.saturating_add(1),
        updated_at: authority.now(),
        ..stored
    };
    authority.store.update_secret(&secret)?;
    Ok(secret)
}

fn record(authority: &mut Effect<'_>, secret: &SecretRow, is_new: bool, raised_from: Option<Tier>) {
    let written = if is_new { EventType::SecretCreated } else { EventType::SecretUpdated };
    let mut event = about(authority, written, secret);
    event.details.push(("version", Detail::Integer(secret.version)));
    event.details.push(("tier", Detail::Text(secret.tier.word().to_owned())));
    authority.record(event);
    if let Some(from) = raised_from {
        let mut event = about(authority, EventType::SecretTierRaised, secret);
        event.details.push(("from", Detail::Text(from.word().to_owned())));
        event.details.push(("to", Detail::Text(secret.tier.word().to_owned())));
        authority.record(event);
    }
}

fn about(authority: &Effect<'_>, event_type: EventType, secret: &SecretRow) -> Event {
    let mut event = authority.event(event_type);
    event.path = Some(secret.path.clone());
    event.resource_id = Some(secret.id.clone());
    event
}
