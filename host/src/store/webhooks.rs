//! Where approvals are announced, and what is still to be sent.

use serde_json::Value;
use warded_core::time::Millis;

use super::StoreError;

/// A webhook that has not been deleted.
#[derive(Debug, Clone)]
pub struct WebhookRow {
    /// `whk_…`, never used again.
    pub id: String,
    /// Where to.
    pub url: String,
    /// The kinds of announcement that it wants.
    pub kinds: Vec<String>,
    /// The data key of its signing secret, sealed under a master key.
    pub sealed_key: Vec<u8>,
    /// Its signing secret, sealed under the data key.
    pub sealed_secret: Vec<u8>,
    /// When it was made.
    pub created_at: Millis,
    /// The member who made it.
    pub created_by: String,
    /// When its receiver said that it is gone; nothing is sent since.
    pub disabled_at: Option<Millis>,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Announcements that found too many others waiting.
    pub dropped: u64,
}

/// One announcement on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `evt_…`, the same for every attempt, so that a receiver can tell a repetition.
    pub id: String,
    /// Where it goes.
    pub webhook_id: String,
    /// The kind of announcement.
    pub kind: String,
    /// What is sent, to the byte.
    pub body: String,
    /// Attempts so far.
    pub attempts: u64,
}

/// How many deliveries wait for one webhook at most.
pub const MAX_WAITING: u64 = 10_000;

/// What is read.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Reads {
    /// A webhook.
    fn webhook(&mut self, id: &str) -> Result<Option<WebhookRow>, StoreError>;
    /// All webhooks, oldest first.
    fn webhooks(&mut self) -> Result<Vec<WebhookRow>, StoreError>;
    /// The next delivery of each webhook that has one due.
    fn due_deliveries(&mut self) -> Result<Vec<Delivery>, StoreError>;
    /// When the next delivery is due, past or to come.
    fn next_delivery(&mut self) -> Result<Option<Millis>, StoreError>;
}

/// What is written.
#[expect(clippy::missing_errors_doc, reason = "every method fails when the database does, and only then")]
pub trait Writes {
    /// Adds a webhook, with the data key of its secret.
    fn add_webhook(&mut self, webhook: &WebhookRow) -> Result<(), StoreError>;
    /// Deletes a webhook, its secret and what waits for it; `false` if there is none.
    fn delete_webhook(&mut self, id: &str) -> Result<bool, StoreError>;
    /// Sends nothing to a webhook any more, and forgets what waits for it.
    fn disable_webhook(&mut self, id: &str) -> Result<(), StoreError>;
    /// Enqueues an announcement for each webhook that wants its kind. `data` holds no secret.
    fn announce(&mut self, kind: &str, data: &Value) -> Result<(), StoreError>;
    /// Enqueues an announcement for one webhook, whatever it wants; answers the delivery's id, or nothing if too many wait.
    fn enqueue(&mut self, webhook_id: &str, kind: &str, data: &Value) -> Result<Option<String>, StoreError>;
    /// Counts an attempt of a delivery, and puts it off until `again` should nobody hear of its outcome; `false` if it is gone.
    fn begin_delivery(&mut self, id: &str, again: Millis) -> Result<bool, StoreError>;
    /// Forgets a delivery that has arrived, or that nobody tries any more.
    fn end_delivery(&mut self, id: &str) -> Result<(), StoreError>;
}
