//! What the server records of itself, and what it does with the audit by itself: checkpoints and retention.

use std::sync::Arc;
use std::time::Duration;

use warded_core::audit::checkpoint::Checkpoint;
use warded_core::time::Millis;

use crate::app::Shared;
use crate::approval::expire_overdue;
use crate::audit::checkpoint::newest;
use crate::audit::{Detail, Event, EventType, erasures};
use crate::error::ApiError;
use crate::refusals::system;
use crate::store::audit::Erasure;
use crate::store::{self, StoreError, Verdict, transact};

/// One record of refusals a minute, at most.
const MINUTE: Duration = Duration::from_secs(60);
/// After so many records a checkpoint does not wait for its time.
const MOST_UNSIGNED: u64 = 1_000;
/// How often it is looked whether a checkpoint is due, and so how many there are at most.
const LOOK: Duration = Duration::from_secs(1);
/// How often records that have become too old are looked for.
const RETENTION_SWEEP: Duration = Duration::from_secs(600);
/// How many records one transaction erases: more would make requests wait for it.
pub(crate) const ERASED_AT_ONCE: u64 = 1_000;

/// Records that the server has started, before it listens, and signs that.
///
/// # Errors
/// The record cannot be made durable.
pub async fn record_start(app: &Shared) -> Result<(), ApiError> {
    let mut event = Event::new(EventType::SystemStarted, system(), None);
    event.details.push(("version", Detail::Text(env!("CARGO_PKG_VERSION").to_owned())));
    record(app, vec![event]).await?;
    take_checkpoint(app).await
}

/// Records that the server has stopped, with the refusals that were not recorded yet, and signs that.
///
/// # Errors
/// The record cannot be made durable.
pub async fn record_stop(app: &Shared) -> Result<(), ApiError> {
    let stopped = Event::new(EventType::SystemStopped, system(), None);
    record(app, app.refusals.take().into_iter().chain([stopped]).collect()).await?;
    take_checkpoint(app).await
}

/// Records refusals of unknown callers, together, once a minute.
pub async fn flush_refusals(app: Shared) {
    loop {
        tokio::time::sleep(MINUTE).await;
        if let Some(event) = app.refusals.take()
            && record(&app, vec![event]).await.is_err()
        {
            tracing::error!("refusals of unknown callers cannot be recorded");
        }
    }
}

/// Approvals whose time has passed are marked and announced within this time, if nobody meets them before.
const SWEEP: Duration = Duration::from_secs(15);

/// Marks approvals whose time has passed.
pub async fn sweep_approvals(app: Shared) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if expire_overdue(&app).await.is_err() {
            tracing::error!("approvals whose time has passed cannot be marked");
        }
    }
}

async fn record(app: &Shared, events: Vec<Event>) -> Result<(), ApiError> {
    transact(&*app.store, move |_| Ok(Verdict::Done { answer: (), events: events.clone() })).await
}

/// Signs the audit when it is time.
pub async fn keep_checkpoints(app: Shared) {
    let mut seen = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let commits = app.store.activity().commits;
        // Nothing was written, so nothing is new.
        if seen == Some(commits) {
            continue;
        }
        match is_due(&app).await {
            Ok(Due::Now) => {
                // The store has logged why not.
                let _ = take_checkpoint(&app).await;
            }
            Ok(Due::Later) => {}
            Ok(Due::Signed) => seen = Some(commits),
            Err(error) => tracing::error!(%error, "the audit cannot be read for a checkpoint"),
        }
    }
}

enum Due {
    Later,
    Now,
    /// Everything is that asks for it.
    Signed,
}

async fn is_due(app: &Shared) -> Result<Due, StoreError> {
    let reading = Arc::clone(app);
    let look = move || {
        store::query(&*reading.store, |read| {
            let Some((seq, _)) = read.chain_link(u64::MAX)? else { return Ok(Due::Signed) };
            let (signed, since) = newest(read)?.map_or((0, Millis::ZERO), |newest| (newest.seq, newest.time));
            let age = read.now().as_u64().saturating_sub(since.as_u64());
            let is_old = u128::from(age) >= reading.config.checkpoint_interval.as_millis();
            let unsigned = seq.saturating_sub(signed);
            if unsigned >= MOST_UNSIGNED {
                return Ok(Due::Now);
            }
            // A checkpoint is announced to webhooks, which is recorded: that alone must not ask for the next one.
            if unsigned == 0 || !read.has_recorded_since(signed, EventType::WebhookSent)? {
                return Ok(Due::Signed);
            }
            Ok(if is_old { Due::Now } else { Due::Later })
        })
    };
    tokio::task::spawn_blocking(look).await.unwrap_or(Err(StoreError::Busy))
}

/// Signs the newest record, and shows that to the witness.
async fn take_checkpoint(app: &Shared) -> Result<(), ApiError> {
    let signing = Arc::clone(app);
    let taken = transact(&*app.store, move |tx| {
        Ok(Verdict::Done { answer: signing.checkpoints.take(tx)?, events: Vec::new() })
    });
    show(app, taken.await?).await;
    Ok(())
}

/// Shows a checkpoint that was committed to the witness.
pub(crate) async fn show(app: &Shared, checkpoint: Option<Checkpoint>) {
    let Some(checkpoint) = checkpoint else { return };
    let app = Arc::clone(app);
    let write = move || {
        if let Err(error) = app.checkpoints.bear_witness(&checkpoint) {
            tracing::error!(%error, seq = checkpoint.seq, "`checkpoint_file` cannot be written");
        }
    };
    // A task that is lost belongs to a server that has ended.
    let _ = tokio::task::spawn_blocking(write).await;
}

/// Erases records that have become too old.
pub async fn keep_retention(app: Shared) {
    let Some(retention) = app.config.audit_retention else { return };
    loop {
        let before = Millis::new(app.clock.now().as_u64().saturating_sub(retention.as_u64()));
        while let Ok(before) = before {
            match erase_old(&app, before).await {
                Ok(erased) if erased == ERASED_AT_ONCE => {}
                // What is left, or could not be erased, comes with the next sweep.
                Ok(_) | Err(_) => break,
            }
        }
        tokio::time::sleep(RETENTION_SWEEP).await;
    }
}

async fn erase_old(app: &Shared, before: Millis) -> Result<u64, ApiError> {
    transact(&*app.store, move |tx| {
        let erased = tx.erase_audit(&Erasure::Before(before), ERASED_AT_ONCE)?;
        let mut event = Event::new(EventType::AuditErased, system(), None);
        event.details = erasures::details(&erased);
        event.details.push(("reason", Detail::Text("audit_retention".to_owned())));
        let events = if erased.count == 0 { Vec::new() } else { vec![event] };
        Ok(Verdict::Done { answer: erased.count, events })
    })
    .await
}
