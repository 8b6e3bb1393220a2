//! The end of what was deleted: destroyed when nobody has restored it in time.

use std::time::Duration;

use warded_core::time::Millis;

use crate::app::{App, Shared};
use crate::audit::{Detail, Event, EventType};
use crate::error::ApiError;
use crate::refusals::system;
use crate::store::{StoreError, Tx, Verdict, transact};

/// How many secrets are destroyed in one transaction: each has up to 100 versions, and others wait for the writer.
const BATCH: u64 = 16;
/// How late it may be noticed that a secret's time has come.
const LATEST: Duration = Duration::from_secs(600);

/// Destroys what was deleted longer ago than `deleted_retention`, for as long as the server runs.
pub async fn destroy_deleted(app: Shared) {
    let retention = Duration::from_millis(app.config.deleted_retention.as_u64());
    let pause = retention.clamp(Duration::from_secs(1), LATEST);
    loop {
        if let Err(error) = sweep(&app).await {
            tracing::error!(error = error.message, "deleted secrets cannot be destroyed, trying again later");
        }
        tokio::time::sleep(pause).await;
    }
}

/// Destroys all that is due now; answers how many secrets there were.
///
/// # Errors
/// The database failed, or its audit cannot be written.
pub async fn sweep(app: &App) -> Result<u64, ApiError> {
    let retention = app.config.deleted_retention.as_u64();
    let mut destroyed = 0_u64;
    loop {
        let some = transact(&*app.store, move |tx| destroy_some(tx, retention)).await?;
        destroyed = destroyed.saturating_add(some);
        if some < BATCH {
            return Ok(destroyed);
        }
    }
}

fn destroy_some(tx: &mut dyn Tx, retention: u64) -> Result<Verdict<u64>, StoreError> {
    let mut events = Vec::new();
    // A retention that is longer than time has gone on keeps everything.
    let until = tx.now().as_u64().checked_sub(retention).and_then(|millis| Millis::new(millis).ok());
    let due = until.map(|until| tx.deleted_until(until, BATCH)).transpose()?.unwrap_or_default();
    for row in &due {
        let versions = tx.destroy_secret(&row.secret.id)?;
        let mut event = Event::new(EventType::SecretDestroyed, system(), None);
        event.path = Some(row.secret.path.clone());
        event.resource_id = Some(row.secret.id.clone());
        event.details.push(("versions", Detail::Integer(versions)));
        events.push(event);
    }
    Ok(Verdict::Done { answer: u64::try_from(due.len()).unwrap_or(u64::MAX), events })
}
