//! What the server records of itself.

use std::time::Duration;

use crate::app::Shared;
use crate::approval::expire_overdue;
use crate::audit::{Detail, Event, EventType};
use crate::error::ApiError;
use crate::refusals::system;
use crate::store::{Verdict, transact};

/// One record of refusals a minute, at most.
const MINUTE: Duration = Duration::from_secs(60);

/// Records that the server has started, before it listens.
///
/// # Errors
/// The record cannot be made durable.
pub async fn record_start(app: &Shared) -> Result<(), ApiError> {
    let mut event = Event::new(EventType::SystemStarted, system(), None);
    event.details.push(("version", Detail::Text(env!("CARGO_PKG_VERSION").to_owned())));
    record(app, vec![event]).await
}

/// Records that the server has stopped, with the refusals that were not recorded yet.
///
/// # Errors
/// The record cannot be made durable.
pub async fn record_stop(app: &Shared) -> Result<(), ApiError> {
    let stopped = Event::new(EventType::SystemStopped, system(), None);
    record(app, app.refusals.take().into_iter().chain([stopped]).collect()).await
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
