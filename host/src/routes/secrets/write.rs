//! One write of one secret: shared by PUT and import, and in parts by roll back and rotation.

use warded_core::path::Path;
use warded_core::secret::Secret;
use warded_core::tier::Tier;
use warded_core::time::Millis;
use zeroize::Zeroize;

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
    expect_version(authority, stored.as_ref(), expected)?;
    let is_new = stored.is_none();
    let raised_from = stored.as_ref().map(|secret| secret.tier).filter(|tier| *tier < wanted.tier);
    let secret = match stored {
        Some(secret) => updated(authority, secret, wanted)?,
        None => created(authority, path, wanted)?,
    };
    add_version(authority, &secret, value)?;
    record(authority, &secret, is_new, raised_from);
    Ok(Written { secret, is_new })
}

/// Refuses to change another version than the one that the caller has seen.
pub(super) fn expect_version(
    authority: &Effect<'_>,
    stored: Option<&SecretRow>,
    expected: Option<u64>,
) -> Result<(), Stop> {
    if expected.is_none() || expected == stored.map(|secret| secret.version) {
        return Ok(());
    }
    let told = "the secret's newest version is not the one in `If-Match`";
    Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "version_conflict"))
}

/// Seals a value as the newest version of a secret, whose row says so already.
pub(super) fn add_version<T: AsRef<[u8]> + Zeroize>(
    authority: &mut Effect<'_>,
    secret: &SecretRow,
    value: &Secret<T>,
) -> Result<(), Stop> {
    let sealed = sealing::seal(authority, secret, value)?;
    let version = VersionRow {
        version: secret.version,
        sealed_key: sealed.key,
        sealed_value: sealed.value,
        created_at: authority.now(),
        value_at: secret.value_at,
        created_by: authority.caller().principal.clone(),
    };
    Ok(authority.store.add_version(&secret.id, &version, MAX_VERSIONS)?)
}

fn created(authority: &mut Effect<'_>, path: Path<'_>, wanted: &Wanted) -> Result<SecretRow, Stop> {
    refuse_taken_path(authority, path)?;
    let id = authority.ask_guest(|_| Ok(new_id(Prefix::Secret)?))?;
    let now = authority.now();
    // Deleting and writing again is no way to a lower tier: what stood here last says what is written here at least.
    let last = authority.store.last_tier(path)?.unwrap_or(Tier::Standard);
    let secret = SecretRow {
        id,
        path: path.as_str().to_owned(),
        secret_type: wanted.secret_type.unwrap_or(SecretType::Custom),
        tier: wanted.tier.max(last),
        metadata: wanted.metadata.clone().unwrap_or_else(|| "null".to_owned()),
        version: 1,
        created_at: now,
        updated_at: now,
        value_at: now,
        created_by: authority.caller().principal.clone(),
    };
    authority.store.add_secret(&secret)?;
    Ok(secret)
}

/// Refuses a path that is a namespace, or lies below a secret.
pub(super) fn refuse_taken_path(authority: &mut Effect<'_>, path: Path<'_>) -> Result<(), Stop> {
    if authority.store.path_conflict(path)?.is_none() {
        return Ok(());
    }
    let told = "a path is never both a secret and a namespace, and this one or a part of it is the other";
    Err(authority.fail(ApiError::new(ApiCode::PathTaken, told), "path_taken"))
}

fn updated(authority: &mut Effect<'_>, stored: SecretRow, wanted: &Wanted) -> Result<SecretRow, Stop> {
    let secret = SecretRow {
        secret_type: wanted.secret_type.unwrap_or(stored.secret_type),
        tier: stored.tier.max(wanted.tier),
        metadata: wanted.metadata.clone().unwrap_or_else(|| stored.metadata.clone()),
        ..next(stored, authority.now())
    };
    authority.store.update_secret(&secret)?;
    Ok(secret)
}

/// The secret with a newer version, of a value that is written now.
pub(super) fn next(stored: SecretRow, now: Millis) -> SecretRow {
    let version = stored.version.saturating_add(1);
    SecretRow { version, updated_at: now, value_at: now, ..stored }
}

fn record(authority: &mut Effect<'_>, secret: &SecretRow, is_new: bool, raised_from: Option<Tier>) {
    let written = if is_new { EventType::SecretCreated } else { EventType::SecretUpdated };
    let mut event = about(authority, written, secret);
    event.details.push(("version", Detail::Integer(secret.version)));
    event.details.push(("tier", Detail::Text(secret.tier.word().to_owned())));
    authority.record(event);
    if let Some(from) = raised_from {
        record_tier(authority, secret, from);
    }
}

/// Records that a secret's tier is another one than before.
pub(super) fn record_tier(authority: &mut Effect<'_>, secret: &SecretRow, from: Tier) {
    let event = tier_event(authority, secret, from);
    authority.record(event);
}

/// The event of it.
pub(super) fn tier_event(authority: &Effect<'_>, secret: &SecretRow, from: Tier) -> Event {
    let raised = secret.tier > from;
    let changed = if raised { EventType::SecretTierRaised } else { EventType::SecretTierLowered };
    let mut event = about(authority, changed, secret);
    event.details.push(("from", Detail::Text(from.word().to_owned())));
    event.details.push(("to", Detail::Text(secret.tier.word().to_owned())));
    event
}

/// An event of one secret, which a request may be about several of.
pub(super) fn about(authority: &Effect<'_>, event_type: EventType, secret: &SecretRow) -> Event {
    let mut event = authority.event(event_type);
    event.path = Some(secret.path.clone());
    event.resource_id = Some(secret.id.clone());
    event
}
