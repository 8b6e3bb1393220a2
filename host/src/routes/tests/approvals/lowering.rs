//! A lower tier: who has to agree, to exactly what, and for how long.

use serde_json::{Value, json};

use super::super::world::{Answer, World};
use super::uses::waits;
use super::{MINUTE, Scene, events};
use crate::config::SecondOperator;

const PATH: &str = "a/SENSITIVE";

async fn lower(scene: &Scene, key: &str, path: &str, tier: &str) -> Answer {
    scene.world.change(key, path, json!({ "access_tier": tier })).await
}

async fn tier(scene: &Scene, path: &str) -> Value {
    let shown = scene.world.read(&scene.world.admin, &format!("{path}?view=metadata")).await;
    shown.assert_ok()["access_tier"].clone()
}

#[tokio::test]
async fn what_was_approved_is_lowered_once_and_its_approver_is_recorded() {
    let scene = Scene::new().await;
    let Scene { world, one, two, .. } = &scene;
    let id = waits(&lower(&scene, one, PATH, "standard").await);
    assert_eq!(waits(&lower(&scene, one, PATH, "standard").await), id, "a repetition waits for the same");
    scene.approve(one, &id).await.assert_denied(403, "SCOPE_DENIED", &["own_request"]);
    lower(&scene, one, PATH, "standard").await.assert(403, "APPROVAL_REQUIRED");
    assert_eq!(tier(&scene, PATH).await, "sensitive");
    scene.approve(two, &id).await.assert_ok();
    assert_eq!(lower(&scene, one, PATH, "standard").await.assert_ok()["access_tier"], "standard");
    assert_eq!(events(world, 2).await, ["approval.consumed", "secret.tier_lowered"]);
    let lowered = world.recorded(2).await.remove(1);
    let details = &lowered["details"];
    let said = (&details["from"], &details["to"], &details["second_operator"]);
    assert_eq!(said, (&json!("sensitive"), &json!("standard"), &json!(world.me(two).await)));
    world.put(one, PATH, json!({ "value": "v", "access_tier": "sensitive" })).await.assert(200, "");
    assert_ne!(waits(&lower(&scene, one, PATH, "standard").await), id, "an approval passes once");
}

#[tokio::test]
async fn a_denied_or_expired_approval_lowers_nothing() {
    let scene = Scene::new().await;
    let Scene { world, one, two, .. } = &scene;
    let id = waits(&lower(&scene, one, PATH, "standard").await);
    scene.deny(two, &id).await.assert_ok();
    let refused = lower(&scene, one, PATH, "standard").await;
    refused.assert_denied(403, "APPROVAL_DENIED", &["approval_denied"]);
    world.assert_recorded("secret.tier_lowered", "deny", &["approval_denied"]).await;
    scene.approve(two, &id).await.assert(409, "CONFLICT");
    world.advance(10 * MINUTE);

    let id = waits(&lower(&scene, one, PATH, "standard").await);
    world.advance(60 * MINUTE);
    scene.approve(two, &id).await.assert(409, "CONFLICT");
    lower(&scene, one, PATH, "standard").await.assert_denied(403, "APPROVAL_EXPIRED", &["approval_expired"]);

    let id = waits(&lower(&scene, one, PATH, "standard").await);
    scene.approve(two, &id).await.assert_ok();
    world.advance(15 * MINUTE);
    lower(&scene, one, PATH, "standard").await.assert_denied(403, "APPROVAL_EXPIRED", &["approval_expired"]);
    assert_eq!(tier(&scene, PATH).await, "sensitive");
}

#[tokio::test]
async fn the_approval_of_another_request_lowers_nothing() {
    let scene = Scene::new().await;
    let Scene { world, one, two, .. } = &scene;
    world
        .put(&world.admin, "a/OTHER", json!({ "value": "v", "access_tier": "sensitive" }))
        .await
        .assert(201, "");
    let reading = waits(&world.read(one, PATH).await);
    let id = waits(&lower(&scene, one, PATH, "standard").await);
    assert_ne!(reading, id);
    for approval in [&reading, &id] {
        scene.approve(two, approval).await.assert_ok();
    }
    assert_ne!(waits(&lower(&scene, one, "a/OTHER", "standard").await), id, "of another secret");
    assert_ne!(waits(&lower(&scene, &world.admin, PATH, "standard").await), id, "of another operator");
    // Its tier rises before it is lowered: what is left is another tier.
    world.change(one, PATH, json!({ "access_tier": "critical" })).await.assert_ok();
    let critical = waits(&lower(&scene, one, PATH, "standard").await);
    assert_ne!(critical, id);
    assert_eq!(scene.status(&critical).await["required_approvals"], 2);
    let token = world.token_of(&scene.agent.key, json!({ "scopes": ["secrets:*:b/*"] })).await;
    for key in [&scene.agent.key, &token] {
        lower(&scene, key, PATH, "standard").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    }
    assert_eq!(tier(&scene, PATH).await, "critical");
}

/// A policy that asks nobody about the sensitive tier.
fn asks_nobody() -> Value {
    json!({ "version": 1, "approvals": { "sensitive": 0 }, "rules": [{ "id": "grants", "effect": "allow" }] })
}

#[tokio::test]
async fn where_the_policy_asks_nobody_one_operator_alone_is_recorded_or_refused() {
    let scene = Scene::new().await;
    scene.activate(&asks_nobody()).await;
    lower(&scene, &scene.one, PATH, "standard").await.assert_ok();
    let lowered = scene.world.assert_recorded("secret.tier_lowered", "allow", &[]).await;
    assert_eq!(lowered["details"]["second_operator"], "nobody");

    let strict = World::with(|config| config.second_operator = SecondOperator::Required).await;
    let scene = Scene::of(strict).await;
    scene.activate(&asks_nobody()).await;
    let refused = lower(&scene, &scene.one, PATH, "standard").await;
    refused.assert_denied(403, "APPROVAL_REQUIRED", &["second_operator_required"]);
    scene.world.assert_recorded("secret.tier_lowered", "deny", &["second_operator_required"]).await;
    assert_eq!(tier(&scene, PATH).await, "sensitive");
    let id = waits(&lower(&scene, &scene.one, "c/CRITICAL", "sensitive").await);
    scene.approve(&scene.two, &id).await.assert_ok();
    scene.approve(&scene.world.admin, &id).await.assert_ok();
    lower(&scene, &scene.one, "c/CRITICAL", "sensitive").await.assert_ok();
}
