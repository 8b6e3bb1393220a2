use serde_json::json;

use super::world::World;
use crate::store::Role;

#[tokio::test]
async fn a_secret_is_changed_beside_its_value() {
    let world = World::new().await;
    let body = json!({ "value": "v", "secret_type": "ssh_key", "metadata": { "n": 1 } });
    let id = world.put(&world.admin, "a/KEY", body).await.text("id");
    let editor = world.operator(Role::Editor).await;
    let changed =
        world.change(&editor, "a/KEY", json!({ "secret_type": "custom", "metadata": { "m": [2] } })).await;
    let answer = changed.assert_ok();
    assert_eq!((answer["id"].as_str(), &answer["version"]), (Some(id.as_str()), &json!(1)));
    assert_eq!((&answer["secret_type"], &answer["metadata"]), (&json!("custom"), &json!({ "m": [2] })));
    let event = world.assert_recorded("secret.updated", "allow", &[]).await;
    assert_eq!(event["details"]["changed"], json!(["metadata", "secret_type"]));
    assert_eq!(
        world.change(&editor, "a/KEY", json!({ "metadata": null })).await.assert_ok()["metadata"],
        json!({})
    );
    let raised = world.change(&editor, "a/KEY", json!({ "access_tier": "sensitive" })).await;
    assert_eq!(raised.assert_ok()["access_tier"], "sensitive");
    let event = world.assert_recorded("secret.tier_raised", "allow", &[]).await;
    assert_eq!(
        (&event["details"]["from"], &event["details"]["to"]),
        (&json!("standard"), &json!("sensitive"))
    );
    let same = world.change(&editor, "a/KEY", json!({ "access_tier": "sensitive" })).await;
    assert_eq!(same.assert_ok()["access_tier"], "sensitive");
    world.assert_recorded("secret.updated", "allow", &[]).await;
    assert_eq!(
        world.read(&world.admin, "a/KEY?view=versions").await.assert_ok()["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn what_is_malformed_or_unknown_is_refused_by_name() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    let patch = |body| world.change(&world.admin, "a/KEY", body);
    patch(json!({})).await.assert_invalid("body");
    patch(json!({ "value": "w" })).await.assert_invalid("value");
    patch(json!({ "secret_type": "password" })).await.assert_invalid("secret_type");
    patch(json!({ "secret_type": null })).await.assert_invalid("secret_type");
    patch(json!({ "access_tier": "top" })).await.assert_invalid("access_tier");
    patch(json!({ "access_tier": null })).await.assert_invalid("access_tier");
    patch(json!({ "metadata": [1] })).await.assert_invalid("metadata");
    patch(json!({ "metadata": { "m": "x".repeat(8_192) } })).await.assert_invalid("metadata");
    let metadata = json!({ "metadata": {} });
    world.change(&world.admin, "a/NONE", metadata.clone()).await.assert(404, "SECRET_NOT_FOUND");
    world.assert_recorded("secret.updated", "error", &["secret_not_found"]).await;
    world.change(&world.admin, "KEY", metadata.clone()).await.assert_invalid("path");
    world.change(&world.admin, "a%2FKEY", metadata.clone()).await.assert_invalid("path");
    let viewer = world.operator(Role::Viewer).await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    for credential in [&viewer, &agent.key] {
        let refused = world.change(credential, "a/KEY", metadata.clone()).await;
        refused.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        world.assert_recorded("secret.updated", "deny", &["scope_missing"]).await;
    }
}
