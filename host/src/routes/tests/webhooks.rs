use serde_json::{Value, json};
use warded_core::ip::Network;

use super::world::{Answer, World};
use crate::store::Role;

fn body() -> Value {
    json!({ "url": "https://example.com/hook?key=of-the-receiver", "kinds": ["approval.requested", "audit.checkpoint"] })
}

async fn create(world: &World, change: Value) -> Answer {
    let mut body = body();
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    world.post(&world.admin, "/v1/webhooks", body).await
}

#[tokio::test]
async fn a_webhook_is_made_seen_tried_and_deleted() {
    let world = World::new().await;
    let made = create(&world, json!({})).await;
    made.assert(201, "");
    let (id, secret) = (made.text("id"), made.text("secret"));
    assert!(id.starts_with("whk_") && secret.starts_with("whsec_"));
    let event = world.assert_recorded("webhook.changed", "allow", &[]).await;
    assert_eq!((&event["details"]["change"], &event["resource_id"]), (&json!("created"), &json!(id)));
    let listed = world.get(&world.admin, "/v1/webhooks").await;
    let item = &listed.assert_ok()["items"][0];
    assert_eq!((&item["url"], &item["kinds"]), (&body()["url"], &body()["kinds"]));
    assert_eq!((&item["waiting"], &item["disabled_at"]), (&json!(0), &Value::Null));

    let tried = world.post(&world.admin, &format!("/v1/webhooks/{id}/test"), json!({})).await;
    tried.assert(202, "");
    assert!(tried.text("delivery_id").starts_with("evt_"));
    assert_eq!(world.get(&world.admin, "/v1/webhooks").await.json["items"][0]["waiting"], 1);

    let path = format!("/v1/webhooks/{id}");
    world.delete(&world.admin, &path).await.assert(204, "");
    world.delete(&world.admin, &path).await.assert(404, "NOT_FOUND");
    world.post(&world.admin, &format!("{path}/test"), json!({})).await.assert(404, "NOT_FOUND");
    assert_eq!(world.get(&world.admin, "/v1/webhooks").await.json["items"], json!([]));

    let told = format!("{} {}", listed.json, Value::from(world.recorded(50).await));
    for hidden in [secret.as_str(), secret.trim_start_matches("whsec_")] {
        assert!(!told.contains(hidden), "the secret is shown once");
    }
    assert!(!Value::from(world.recorded(50).await).to_string().contains("of-the-receiver"));
}

#[tokio::test]
async fn what_is_malformed_or_not_public_is_refused_by_name() {
    let world = World::new().await;
    for (change, field) in [
        (json!({ "url": "http://example.com/" }), "url"),
        (json!({ "url": "https://127.0.0.1/" }), "url"),
        (json!({ "url": "https://[::ffff:10.0.0.1]/" }), "url"),
        (json!({ "url": "https://169.254.169.254/" }), "url"),
        (json!({ "url": "https://2130706433/" }), "url"),
        (json!({ "url": "file:///etc/passwd" }), "url"),
        (json!({ "kinds": [] }), "kinds"),
        (json!({ "kinds": ["secret.read"] }), "kinds[0]"),
        (json!({ "kinds": ["webhook.test"] }), "kinds[0]"),
        (json!({ "kinds": ["approval.denied", "approval.denied"] }), "kinds[1]"),
        (json!({ "secret": "whsec_mine" }), "secret"),
    ] {
        create(&world, change).await.assert_invalid(field);
    }
    assert_eq!(world.get(&world.admin, "/v1/webhooks").await.json["items"], json!([]));
}

#[tokio::test]
async fn what_is_listed_may_be_private_and_without_tls() {
    let listed = vec![Network::parse("127.0.0.0/8").unwrap()];
    let world = World::with(|config| config.webhook_allow = listed).await;
    create(&world, json!({ "url": "http://127.0.0.1:9/" })).await.assert(201, "");
    create(&world, json!({ "url": "http://10.0.0.1:9/" })).await.assert_invalid("url");
}

#[tokio::test]
async fn there_are_no_more_than_can_be_served() {
    let world = World::new().await;
    for _ in 0..16 {
        create(&world, json!({})).await.assert(201, "");
    }
    create(&world, json!({})).await.assert(409, "CONFLICT");
    world.assert_recorded("webhook.changed", "error", &["too_many_webhooks"]).await;
}

#[tokio::test]
async fn webhooks_are_for_admins() {
    let world = World::new().await;
    let id = create(&world, json!({})).await.text("id");
    for role in [Role::Editor, Role::Viewer, Role::Auditor] {
        let key = world.operator(role).await;
        world.get(&key, "/v1/webhooks").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        world.post(&key, "/v1/webhooks", body()).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        let path = format!("/v1/webhooks/{id}");
        world.delete(&key, &path).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        let tried = world.post(&key, &format!("{path}/test"), json!({})).await;
        tried.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        world.assert_recorded("webhook.changed", "deny", &["scope_missing"]).await;
    }
    assert_eq!(world.get(&world.admin, "/v1/webhooks").await.json["items"].as_array().unwrap().len(), 1);
}
