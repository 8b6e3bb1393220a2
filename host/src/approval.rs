//! Approvals between being asked for and being used: who may give them, how long they wait, what is told of them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use warded_core::time::Millis;

use crate::app::Shared;
use crate::audit::mask::mask_tokens;
use crate::audit::{Detail, Event, EventType};
use crate::error::ApiError;
use crate::openapi::words::{Tier, Timestamp};
use crate::refusals::system;
use crate::store::approvals::{ApprovalRow, ApprovalStatus, AskerKind, Voice};
use crate::store::{Read, StoreError, Tx, Verdict, query, transact, unavailable};
use crate::timestamp::rfc3339;

mod electorate;

pub use electorate::Electorate;

/// How long an approval waits for people: an hour.
pub const WAITS: u64 = 3_600_000;
/// How long it then waits to be used: a quarter of an hour.
pub const KEEPS: u64 = 900_000;
/// How long after a denial the same is not asked again: ten minutes.
pub const DENIES: u64 = 600_000;
/// How long after an issue its reply can have been lost: two minutes.
pub const REPLACES: u64 = 120_000;
/// How many approvals of one asker may be open.
pub const MOST_OPEN: u64 = 10;

/// The time so many milliseconds later.
#[must_use]
pub fn later(now: Millis, millis: u64) -> Millis {
    Millis::new(millis).ok().and_then(|span| now.checked_add(span)).unwrap_or(Millis::MAX)
}

/// An approval as people and webhooks are shown it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Approval")]
pub struct ApprovalOut {
    id: String,
    /// Who asks: an agent, or a member.
    agent_id: String,
    asker_type: &'static str,
    status: &'static str,
    /// A token, or one use of a credential.
    kind: &'static str,
    #[schemars(with = "Tier")]
    access_tier: &'static str,
    requested_scopes: Vec<String>,
    /// Seconds that the token would live.
    ttl: Option<u64>,
    max_uses: Option<u32>,
    ip_allowlist: Option<Vec<String>>,
    reason: Option<String>,
    rules: Vec<String>,
    required_approvals: u8,
    quorum_reduced: bool,
    approvals: Vec<VoiceOut>,
    #[schemars(with = "Timestamp")]
    created_at: String,
    #[schemars(with = "Timestamp")]
    expires_at: String,
    #[schemars(with = "Option<Timestamp>")]
    approved_at: Option<String>,
    #[schemars(with = "Option<Timestamp>")]
    denied_at: Option<String>,
    #[schemars(with = "Option<Timestamp>")]
    consumed_at: Option<String>,
    token_id: Option<String>,
}

/// What one person said.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Voice")]
struct VoiceOut {
    member_id: String,
    decision: &'static str,
    reason: Option<String>,
    #[schemars(with = "Timestamp")]
    created_at: String,
}

impl ApprovalOut {
    /// An approval as it stands now, and what people said.
    #[must_use]
    pub fn new(row: ApprovalRow, voices: Vec<Voice>, now: Millis) -> Self {
        let status = row.status_at(now);
        let asked = row.asked;
        Self {
            id: row.id,
            agent_id: row.asker_id,
            asker_type: row.asker_kind.word(),
            status: status.word(),
            kind: asked.kind.word(),
            access_tier: asked.tier.word(),
            // A scope is bound as it was sent, but could be a credential in the wrong place.
            requested_scopes: asked.requested_scopes.iter().map(|scope| mask_tokens(scope).into()).collect(),
            ttl: asked.ttl.map(|millis| millis.div_euclid(1000)),
            max_uses: asked.max_uses,
            ip_allowlist: asked.ip_allowlist,
            reason: asked.reason,
            rules: asked.rules,
            required_approvals: row.required,
            quorum_reduced: row.required < asked.needed,
            approvals: voices.into_iter().map(VoiceOut::from).collect(),
            created_at: rfc3339(row.created_at),
            expires_at: rfc3339(row.expires_at),
            approved_at: row.approved_at.map(rfc3339),
            denied_at: row.denied_at.map(rfc3339),
            consumed_at: row.consumed_at.map(rfc3339),
            token_id: row.token_id,
        }
    }
}

impl From<Voice> for VoiceOut {
    fn from(voice: Voice) -> Self {
        Self {
            member_id: voice.member_id,
            decision: if voice.approves { "approve" } else { "deny" },
            reason: voice.reason,
            created_at: rfc3339(voice.created_at),
        }
    }
}

/// Tells the webhooks what became of an approval.
///
/// # Errors
/// The database failed.
pub fn announce(store: &mut dyn Tx, kind: &str, row: &ApprovalRow) -> Result<(), StoreError> {
    let (voices, now) = (store.voices(&row.id)?, store.now());
    // Words, numbers and lists always have a JSON form.
    let body = serde_json::to_value(ApprovalOut::new(row.clone(), voices, now)).unwrap_or_default();
    store.announce(kind, &body)
}

/// Marks an approval whose time has passed, and answers with the record of it.
///
/// # Errors
/// The database failed.
pub fn expire(store: &mut dyn Tx, row: &mut ApprovalRow) -> Result<Event, StoreError> {
    row.status = ApprovalStatus::Expired;
    store.update_approval(row)?;
    announce(store, "approval.expired", row)?;
    let mut event = Event::new(EventType::ApprovalExpired, system(), None);
    event.resource_id = Some(row.id.clone());
    event.details.push(("asker_id", Detail::Text(row.asker_id.clone())));
    Ok(event)
}

/// How many are marked in one transaction.
const BATCH: u64 = 100;

/// Marks every approval whose time has passed.
///
/// # Errors
/// The records cannot be made durable.
pub async fn expire_overdue(app: &Shared) -> Result<(), ApiError> {
    while is_overdue(app).await? {
        let marked = transact(&*app.store, |tx| {
            let overdue = tx.overdue_approvals(BATCH)?;
            let events: Result<_, _> = overdue.into_iter().map(|mut row| expire(tx, &mut row)).collect();
            Ok(Verdict::Done { answer: (), events: events? })
        });
        marked.await?;
    }
    Ok(())
}

/// Looks beside the writer, since there is seldom anything to mark, on a thread that may block.
async fn is_overdue(app: &Shared) -> Result<bool, ApiError> {
    let store = Arc::clone(&app.store);
    let look = move || query(&*store, |read| Ok(!read.overdue_approvals(1)?.is_empty()));
    let found = tokio::task::spawn_blocking(look).await.unwrap_or(Err(StoreError::Busy));
    found.map_err(|error| unavailable(&error))
}

/// Those who answer for an asker: a member for itself; for an agent itself, its owner and whoever was shown a key of it that works,
/// through all the agents between them.
///
/// # Errors
/// The database failed.
pub fn responsible<R: Read + ?Sized>(
    store: &mut R,
    kind: AskerKind,
    asker_id: &str,
) -> Result<Vec<String>, StoreError> {
    let mut found = vec![asker_id.to_owned()];
    let mut looked_at = 0;
    while let Some(id) = found.get(looked_at).filter(|_| kind == AskerKind::Agent) {
        if let Some(agent) = store.agent(id)? {
            for owner in agent.responsible(store.now()) {
                if !found.iter().any(|known| known == owner) {
                    found.push(owner.to_owned());
                }
            }
        }
        looked_at = looked_at.saturating_add(1);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_after_all_times_is_the_last() {
        assert_eq!(later(Millis::new(5).unwrap(), 10).as_u64(), 15);
        assert_eq!(later(Millis::MAX, 10), Millis::MAX);
        assert_eq!(later(Millis::ZERO, u64::MAX), Millis::MAX);
    }
}
