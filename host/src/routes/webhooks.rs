//! `/v1/webhooks`: where approvals and checkpoints are announced.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use warded_core::secret::Secret;

use super::call::Call;
use super::work::{carry_out, look_up};
use crate::audit::{Detail, EventType};
use crate::authorize::{Authority, Effect, Stop, Subject};
use crate::error::{ApiCode, ApiError};
use crate::id::{Prefix, new_id};
use crate::openapi::Operation;
use crate::openapi::words::Timestamp;
use crate::permission::{ManageWebhooks, ReadWebhooks};
use crate::reply::{empty, json as answer};
use crate::store::Read;
use crate::store::webhooks::WebhookRow;
use crate::timestamp::rfc3339;
use crate::webhook::{self, KINDS, MAX_WEBHOOKS, TEST, check_url, signature};

/// A webhook without its secret.
#[derive(Debug, Serialize, JsonSchema)]
struct WebhookOut {
    id: String,
    url: String,
    kinds: Vec<String>,
    #[schemars(with = "Timestamp")]
    created_at: String,
    created_by: String,
    /// When its receiver answered 410; nothing is sent to it since.
    #[schemars(with = "Option<Timestamp>")]
    disabled_at: Option<String>,
    /// Deliveries that wait.
    waiting: u64,
    /// Announcements that found too many others waiting.
    dropped: u64,
}

impl From<WebhookRow> for WebhookOut {
    fn from(webhook: WebhookRow) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            kinds: webhook.kinds,
            created_at: rfc3339(webhook.created_at),
            created_by: webhook.created_by,
            disabled_at: webhook.disabled_at.map(rfc3339),
            waiting: webhook.waiting,
            dropped: webhook.dropped,
        }
    }
}

/// All webhooks, the oldest first.
#[derive(Serialize, JsonSchema)]
struct WebhooksOut {
    items: Vec<WebhookOut>,
}

pub(super) const LIST: Operation =
    Operation::new("list_webhooks", "All webhooks, without their secrets").answer::<WebhooksOut>(200);

pub(super) async fn list(call: Call<ReadWebhooks>) -> Result<Response, ApiError> {
    let items = look_up(call.case(Subject::default()), |authority| {
        authority.require_permission()?;
        Ok(authority.store.webhooks()?.into_iter().map(WebhookOut::from).collect())
    })
    .await?;
    Ok(answer(StatusCode::OK, &WebhooksOut { items }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewWebhook")]
struct CreateIn {
    /// `https://…`, or `http://…` to what the setting `webhook_allow` lists.
    #[schemars(length(min = 1, max = 2048))]
    url: String,
    /// What it wants to hear of.
    #[schemars(length(min = 1, max = 5))]
    kinds: Vec<String>,
}

/// A webhook with its signing secret, which is shown once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedWebhook")]
struct CreatedOut<'a> {
    secret: &'a str,
    #[serde(flatten)]
    webhook: WebhookOut,
}

pub(super) const CREATE: Operation =
    Operation::new("create_webhook", "Make a webhook; its secret is shown once")
        .body::<CreateIn>()
        .answer::<CreatedOut<'_>>(201)
        .codes(&[ApiCode::Conflict]);

pub(super) async fn create(mut call: Call<ManageWebhooks>) -> Result<Response, ApiError> {
    let wanted: CreateIn = call.body().await?;
    check_url(&wanted.url, &call.app().config.webhook_allow)?;
    check_kinds(&wanted.kinds)?;
    let (webhook, secret) =
        carry_out(call.case(Subject::default()), move |authority| make(authority, &wanted)).await?;
    let out = CreatedOut { secret: secret.expose(), webhook: WebhookOut::from(webhook) };
    Ok(answer(StatusCode::CREATED, &out))
}

fn check_kinds(kinds: &[String]) -> Result<(), ApiError> {
    if kinds.is_empty() {
        return Err(ApiError::invalid("kinds", "name at least one kind"));
    }
    for (index, kind) in kinds.iter().enumerate() {
        let refused = |rule: String| Err(ApiError::invalid(format!("kinds[{index}]"), rule));
        if !KINDS.contains(&kind.as_str()) {
            return refused(format!("unknown kind, expected one of: {}", KINDS.join(", ")));
        }
        if kinds.iter().take(index).any(|known| known == kind) {
            return refused("is given twice".to_owned());
        }
    }
    Ok(())
}

fn make(authority: &mut Effect<'_>, wanted: &CreateIn) -> Result<(WebhookRow, Secret<String>), Stop> {
    authority.require_permission()?;
    if authority.store.webhooks()?.len() >= MAX_WEBHOOKS {
        let told = format!("there are {MAX_WEBHOOKS} webhooks, delete one first");
        return Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "too_many_webhooks"));
    }
    let (id, secret) = authority.ask_guest(|_| Ok((new_id(Prefix::Webhook)?, signature::new_secret()?)))?;
    let tenant = authority.app.tenant;
    let sealed = authority.ask_guest(|guest| webhook::seal(guest, tenant, &id, &secret))?;
    let row = WebhookRow {
        id,
        url: wanted.url.clone(),
        kinds: wanted.kinds.clone(),
        sealed_key: sealed.key,
        sealed_secret: sealed.value,
        created_at: authority.now(),
        created_by: authority.caller().principal.clone(),
        disabled_at: None,
        waiting: 0,
        dropped: 0,
    };
    authority.store.add_webhook(&row)?;
    record(authority, &row, "created");
    Ok((row, secret))
}

pub(super) const DELETE: Operation =
    Operation::new("delete_webhook", "Delete a webhook and what waits for it")
        .empty()
        .codes(&[ApiCode::NotFound]);

pub(super) async fn delete(call: Call<ManageWebhooks>) -> Result<Response, ApiError> {
    let id = call.id()?;
    carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let row = find(authority, &id)?;
        authority.store.delete_webhook(&row.id)?;
        record(authority, &row, "deleted");
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// A delivery that waits to be sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookTest")]
struct TestOut {
    /// The `webhook-id` that it comes with.
    delivery_id: String,
}

pub(super) const TRY: Operation =
    Operation::new("test_webhook", "Send a webhook something to see whether it arrives")
        .answer::<TestOut>(202)
        .codes(&[ApiCode::NotFound, ApiCode::Conflict]);

/// What is sent goes the way of everything else: the audit says whether it arrived.
pub(super) async fn test(mut call: Call<ManageWebhooks>) -> Result<Response, ApiError> {
    let id = call.id()?;
    call.no_body().await?;
    let delivery_id = carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let row = find(authority, &id)?;
        let refused = |told: &str| ApiError::new(ApiCode::Conflict, told);
        if row.disabled_at.is_some() {
            let told = refused("its receiver said that it is gone, delete it and make another");
            return Err(authority.fail(told, "webhook_disabled"));
        }
        let data: Value = json!({ "webhook_id": row.id });
        let Some(delivery) = authority.store.enqueue(&row.id, TEST, &data)? else {
            return Err(authority.fail(refused("too many deliveries wait for it"), "too_many_deliveries"));
        };
        record(authority, &row, "tested");
        Ok(delivery)
    })
    .await?;
    Ok(answer(StatusCode::ACCEPTED, &TestOut { delivery_id }))
}

fn find<S: Read + ?Sized>(authority: &mut Authority<'_, S>, id: &str) -> Result<WebhookRow, Stop> {
    let found = authority.store.webhook(id)?;
    let unknown = || ApiError::new(ApiCode::NotFound, "there is no such webhook");
    found.ok_or_else(|| authority.fail(unknown(), "webhook_not_found"))
}

/// The address is not recorded: many receivers take a secret there.
fn record(authority: &mut Effect<'_>, webhook: &WebhookRow, change: &'static str) {
    authority.about(&webhook.id);
    let mut event = authority.event(EventType::WebhookChanged);
    event.details.push(("change", Detail::Text(change.to_owned())));
    event.details.push(("kinds", Detail::List(webhook.kinds.clone())));
    authority.record(event);
}
