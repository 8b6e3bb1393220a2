//! Webhooks: what happened, told to other servers, signed as Standard Webhooks says, from a queue that outlives this process.
//!
//! Nothing here runs in a request: an announcement is written in the transaction of what it announces, and sent by threads of its own.

use warded_core::crypto::seal::Context;
use warded_core::secret::Secret;

use crate::guest::{Guest, GuestError, SealedValue};
use crate::store::webhooks::WebhookRow;

mod address;
mod attempt;
mod client;
mod deliveries;
pub mod signature;
mod target;

pub use deliveries::Deliveries;
pub use target::check_url;

/// Everything that can be announced.
pub const KINDS: [&str; 5] =
    ["approval.denied", "approval.expired", "approval.granted", "approval.requested", "audit.checkpoint"];
/// What `POST /v1/webhooks/{id}/test` sends, whatever kinds the webhook wants.
pub const TEST: &str = "webhook.test";
/// How many webhooks there may be: each has a thread while something is sent to it.
pub const MAX_WEBHOOKS: usize = 16;

/// The contexts of the data key of a webhook's secret, and of the secret.
const fn contexts(tenant: [u8; 16], id: &str) -> (Context<'_>, Context<'_>) {
    let (tenant, version) = (Some(tenant), Some(1));
    let key = Context { purpose: "data-key", tenant, object: id, path: "", version };
    (key, Context { purpose: "webhook", ..key })
}

/// Seals the signing secret of a new webhook.
///
/// # Errors
/// The engine failed.
pub fn seal(
    guest: &Guest,
    tenant: [u8; 16],
    id: &str,
    secret: &Secret<String>,
) -> Result<SealedValue, GuestError> {
    let (key, value) = contexts(tenant, id);
    guest.seal_value(&key, &value, secret.expose().as_bytes())
}

/// Opens the signing secret of a webhook.
fn open(guest: &Guest, tenant: [u8; 16], webhook: &WebhookRow) -> Result<Secret<Vec<u8>>, GuestError> {
    let (key, value) = contexts(tenant, &webhook.id);
    guest.open_value(&key, &value, &webhook.sealed_key, &webhook.sealed_secret)
}
