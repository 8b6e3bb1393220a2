//! One attempt of a delivery: recorded as allowed, made, and recorded as what it came to.

use tokio::runtime::Handle;
use warded_core::time::Millis;

use super::client::{Client, Message, Sent};
use super::{open, signature};
use crate::app::App;
use crate::audit::{Detail, Event, EventType};
use crate::error::ApiError;
use crate::refusals::system;
use crate::rng;
use crate::store::webhooks::{Delivery, WebhookRow};
use crate::store::{Verdict, transact};

/// Makes one attempt. If its record cannot be written, nothing is sent, and the delivery stays where it is.
///
/// # Errors
/// The database failed.
pub(super) fn attempt(
    app: &App,
    runtime: &Handle,
    client: &Client,
    delivery: &Delivery,
) -> Result<(), ApiError> {
    let Some(webhook) = runtime.block_on(begin(app, delivery))? else { return Ok(()) };
    let sent = send(app, client, &webhook, delivery);
    runtime.block_on(end(app, delivery, sent))
}

/// Counts the attempt before it is made, so that one that a crash cuts off comes again, and not too often.
async fn begin(app: &App, delivery: &Delivery) -> Result<Option<WebhookRow>, ApiError> {
    let retries = &app.config.webhook_retries;
    let wait = usize::try_from(delivery.attempts).ok().and_then(|attempts| retries.get(attempts));
    // The last attempt has no other after it; should its outcome be lost, it is repeated once the longest wait is over.
    let wait = jittered(wait.or_else(|| retries.last()).copied().unwrap_or(LONGEST));
    let (wanted, event) = (delivery.clone(), event(delivery));
    transact(&*app.store, move |tx| {
        let again = Millis::new(tx.now().as_u64().saturating_add(wait)).unwrap_or(Millis::MAX);
        let webhook = tx.webhook(&wanted.webhook_id)?.filter(|webhook| webhook.disabled_at.is_none());
        if webhook.is_none() || !tx.begin_delivery(&wanted.id, again)? {
            return Ok(Verdict::Done { answer: None, events: Vec::new() });
        }
        Ok(Verdict::Done { answer: webhook, events: vec![event.clone()] })
    })
    .await
}

const LONGEST: Millis = warded_core::time::DAY;

/// A fifth more or less, so that a receiver that comes back is not met by everything at once.
fn jittered(wait: Millis) -> u64 {
    let fifth = wait.as_u64() / 5;
    let random = rng::bytes().map(u64::from_be_bytes).unwrap_or_default();
    let spread = random.checked_rem(fifth.saturating_mul(2).saturating_add(1)).unwrap_or_default();
    wait.as_u64().saturating_sub(fifth).saturating_add(spread)
}

fn send(app: &App, client: &Client, webhook: &WebhookRow, delivery: &Delivery) -> Sent {
    let seconds = app.clock.now().as_u64() / 1_000;
    let signature = match open(&app.guest, app.tenant, webhook) {
        Ok(secret) => signature::sign(secret.expose(), &delivery.id, seconds, &delivery.body),
        Err(error) => {
            tracing::error!(%error, webhook = webhook.id, "the secret of a webhook does not open");
            None
        }
    };
    let Some(signature) = signature else { return Sent::Failed("secret_unusable", None) };
    client.send(&Message {
        url: &webhook.url,
        id: &delivery.id,
        seconds,
        signature: &signature,
        body: &delivery.body,
    })
}

async fn end(app: &App, delivery: &Delivery, sent: Sent) -> Result<(), ApiError> {
    let retries = u64::try_from(app.config.webhook_retries.len()).unwrap_or(u64::MAX);
    let given_up = matches!(sent, Sent::Failed(..)) && delivery.attempts >= retries;
    let mut event = event(delivery);
    match sent {
        Sent::Arrived(status) => event.details.push(("status", Detail::Integer(status.into()))),
        Sent::Gone => event = event.failed("gone"),
        Sent::Failed(reason, status) => {
            event = event.failed(reason);
            if let Some(status) = status {
                event.details.push(("status", Detail::Integer(status.into())));
            }
        }
    }
    let next = match (sent, given_up) {
        (Sent::Arrived(_), _) => "arrived",
        (Sent::Gone, _) => "disabled",
        (Sent::Failed(..), true) => "given_up",
        (Sent::Failed(..), false) => "comes_again",
    };
    event.details.push(("then", Detail::Text(next.to_owned())));
    let delivery = delivery.clone();
    transact(&*app.store, move |tx| {
        match sent {
            Sent::Arrived(_) => tx.end_delivery(&delivery.id)?,
            Sent::Gone => tx.disable_webhook(&delivery.webhook_id)?,
            Sent::Failed(..) if given_up => tx.end_delivery(&delivery.id)?,
            Sent::Failed(..) => {}
        }
        Ok(Verdict::Done { answer: (), events: vec![event.clone()] })
    })
    .await
}

/// The event of an attempt. The address is not in it: many receivers take a secret there.
fn event(delivery: &Delivery) -> Event {
    let mut event = Event::new(EventType::WebhookSent, system(), None);
    event.resource_id = Some(delivery.webhook_id.clone());
    event.details.push(("attempt", Detail::Integer(delivery.attempts.saturating_add(1))));
    event.details.push(("delivery", Detail::Text(delivery.id.clone())));
    event.details.push(("kind", Detail::Text(delivery.kind.clone())));
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_differ_by_a_fifth_at_most() {
        let wait = Millis::new(5_000).unwrap();
        let waits: Vec<_> = (0..100).map(|_| jittered(wait)).collect();
        assert!(waits.iter().all(|wait| (4_000..=6_000).contains(wait)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]));
        assert_eq!(jittered(Millis::new(1).unwrap()), 1);
    }
}
