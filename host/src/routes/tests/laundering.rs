//! No way leads from a tier to a lower one but the one that an operator takes on purpose.

use serde_json::{Value, json};
use warded_core::tier::Tier;

use super::world::World;
use crate::store::Role;

const ALL: &str = "secrets:*:a/*";

/// A secret of the critical tier with a version from when it was standard, and a token that reaches it.
async fn critical() -> (World, String) {
    let world = World::new().await;
    world.secret("a/KEY", "old").await;
    world.put(&world.admin, "a/KEY", json!({ "value": "new", "access_tier": "critical" })).await.assert_ok();
    let token = world.raised_token(ALL, Tier::Critical).await;
    (world, token)
}

async fn tier(world: &World) -> Value {
    world.read(&world.admin, "a/KEY?view=metadata").await.assert_ok()["access_tier"].clone()
}

async fn assert_out_of_reach(world: &World) {
    assert_eq!(tier(world).await, "critical");
    let low = world.raised_token(ALL, Tier::Sensitive).await;
    for path in ["a/KEY", "a/KEY?version=1"] {
        world.read(&low, path).await.assert_denied(403, "APPROVAL_REQUIRED", &["tier_exceeds_grant"]);
    }
}

#[tokio::test]
async fn by_deleting_and_writing_again() {
    let (world, token) = critical().await;
    world.delete(&token, "/v1/secrets/a/KEY").await.assert_ok();
    let low = world.raised_token(ALL, Tier::Standard).await;
    let again = world.put(&low, "a/KEY", json!({ "value": "mine", "access_tier": "standard" })).await;
    again.assert(201, "");
    assert_eq!(again.json["access_tier"], "critical", "the reply shows what holds");
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_deleting_and_importing_again() {
    let (world, token) = critical().await;
    world.delete(&token, "/v1/secrets/a/KEY").await.assert_ok();
    let low = world.raised_token(ALL, Tier::Standard).await;
    let body = json!({ "namespace": "a", "content": "KEY=mine", "access_tier": "standard" });
    world.post(&low, "/v1/secrets/import", body).await.assert_ok();
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_destroying_and_writing_again() {
    let (world, token) = critical().await;
    world.delete(&token, "/v1/secrets/a/KEY").await.assert_ok();
    world.act(&world.admin, "a/KEY", "destroy", None).await.assert_ok();
    world.put(&world.admin, "a/KEY", json!({ "value": "mine" })).await.assert(201, "");
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_restoring_an_older_secret() {
    let world = World::new().await;
    let first = world.put(&world.admin, "a/KEY", json!({ "value": "old" })).await.text("id");
    world.delete(&world.admin, "/v1/secrets/a/KEY").await.assert_ok();
    world.put(&world.admin, "a/KEY", json!({ "value": "new", "access_tier": "critical" })).await.assert_ok();
    let token = world.raised_token(ALL, Tier::Critical).await;
    world.delete(&token, "/v1/secrets/a/KEY").await.assert_ok();
    let restored = world.act(&world.admin, "a/KEY", "restore", Some(json!({ "id": first }))).await;
    assert_eq!(restored.assert_ok()["access_tier"], "critical");
    world.assert_recorded("secret.tier_raised", "allow", &[]).await;
    assert_out_of_reach(&world).await;
    // The older one was deleted last this time, and is what the path remembers.
    world.delete(&token, "/v1/secrets/a/KEY").await.assert_ok();
    world.put(&world.admin, "a/KEY", json!({ "value": "mine" })).await.assert(201, "");
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_restoring_the_secret_itself() {
    let (world, token) = critical().await;
    world.delete(&token, "/v1/secrets/a/KEY").await.assert_ok();
    assert_eq!(
        world.act(&world.admin, "a/KEY", "restore", None).await.assert_ok()["access_tier"],
        "critical"
    );
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_an_old_version_or_a_roll_back_to_it() {
    let (world, token) = critical().await;
    assert_out_of_reach(&world).await;
    let low = world.raised_token(ALL, Tier::Sensitive).await;
    let to = Some(json!({ "version": 1 }));
    let refused = world.act(&low, "a/KEY", "rollback", to.clone()).await;
    refused.assert_denied(403, "APPROVAL_REQUIRED", &["tier_exceeds_grant"]);
    let back = world.act(&token, "a/KEY", "rollback", to).await;
    assert_eq!(back.assert_ok()["access_tier"], "critical");
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_rotating() {
    let (world, token) = critical().await;
    let low = world.raised_token(ALL, Tier::Sensitive).await;
    let refused = world.act(&low, "a/KEY", "rotate", None).await;
    refused.assert_denied(403, "APPROVAL_REQUIRED", &["tier_exceeds_grant"]);
    world.act(&token, "a/KEY", "rotate", None).await.assert_ok();
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_writing_or_importing_over_it() {
    let (world, token) = critical().await;
    let low = world.raised_token(ALL, Tier::Sensitive).await;
    let body = json!({ "value": "mine", "access_tier": "standard" });
    world.put(&low, "a/KEY", body.clone()).await.assert(403, "APPROVAL_REQUIRED");
    let import = json!({ "namespace": "a", "content": "KEY=mine", "access_tier": "standard" });
    world.post(&low, "/v1/secrets/import", import.clone()).await.assert(403, "APPROVAL_REQUIRED");
    world.delete(&low, "/v1/secrets/a/KEY").await.assert(403, "APPROVAL_REQUIRED");
    assert_eq!(world.put(&token, "a/KEY", body).await.assert_ok()["access_tier"], "critical");
    world.post(&token, "/v1/secrets/import", import).await.assert_ok();
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_an_editor_alone() {
    let (world, _) = critical().await;
    let editor = world.operator(Role::Editor).await;
    for credential in [&editor, &world.admin] {
        let lowered = world.change(credential, "a/KEY", json!({ "access_tier": "standard" })).await;
        lowered.assert_denied(403, "APPROVAL_REQUIRED", &["approval_required"]);
        world.assert_recorded("approval.requested", "ask", &["approval_required"]).await;
        world.put(credential, "a/KEY", json!({ "value": "mine" })).await.assert(403, "APPROVAL_REQUIRED");
        world.act(credential, "a/KEY", "rotate", None).await.assert(403, "APPROVAL_REQUIRED");
        let to = Some(json!({ "version": 1 }));
        world.act(credential, "a/KEY", "rollback", to).await.assert(403, "APPROVAL_REQUIRED");
        world.delete(credential, "/v1/secrets/a/KEY").await.assert(403, "APPROVAL_REQUIRED");
        world.act(credential, "a/KEY", "destroy", None).await.assert(409, "CONFLICT");
    }
    assert_out_of_reach(&world).await;
}

#[tokio::test]
async fn by_a_token_from_before_the_tier_rose() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    let token = world.token(json!({ "scopes": ["secrets:*:a/KEY"] })).await;
    world.read(&token, "a/KEY").await.assert_ok();
    world.change(&world.admin, "a/KEY", json!({ "access_tier": "sensitive" })).await.assert_ok();
    for path in ["a/KEY", "a/KEY?version=1"] {
        world.read(&token, path).await.assert_denied(403, "APPROVAL_REQUIRED", &["tier_exceeds_grant"]);
    }
    world.put(&token, "a/KEY", json!({ "value": "w" })).await.assert(403, "APPROVAL_REQUIRED");
    world.act(&token, "a/KEY", "rotate", None).await.assert(403, "APPROVAL_REQUIRED");
    world.delete(&token, "/v1/secrets/a/KEY").await.assert(403, "APPROVAL_REQUIRED");
}
