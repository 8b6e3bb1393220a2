use axum::body::Body;
use serde_json::{Value, json};

use super::world::World;
use crate::serve::sweep;
use crate::store::{Role, query};

fn ids(answer: &Value) -> Vec<&str> {
    answer["destroyed"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

/// A secret with two versions, deleted; answers its id.
async fn deleted(world: &World, path: &str) -> String {
    let body = json!({ "value": "one", "secret_type": "ssh_key", "access_tier": "standard", "metadata": { "n": 1 } });
    let id = world.put(&world.admin, path, body).await.text("id");
    world.secret(path, "two").await;
    world.delete(&world.admin, &format!("/v1/secrets/{path}")).await.assert_ok();
    id
}

/// Rows that still hold something sealed of a secret.
fn sealed(world: &World, id: &str) -> (usize, bool) {
    query(&*world.app.store, |read| Ok((read.versions(id)?.len(), read.version(id, None)?.is_some())))
        .unwrap()
}

#[tokio::test]
async fn a_restored_secret_is_as_it_was() {
    let world = World::new().await;
    let id = deleted(&world, "a/KEY").await;
    world.read(&world.admin, "a/KEY").await.assert(404, "SECRET_NOT_FOUND");
    let editor = world.operator(Role::Editor).await;
    let restored = world.act(&editor, "a/KEY", "restore", None).await;
    let answer = restored.assert_ok();
    assert_eq!((answer["id"].as_str(), &answer["version"]), (Some(id.as_str()), &json!(2)));
    assert_eq!((&answer["secret_type"], &answer["metadata"]), (&json!("ssh_key"), &json!({ "n": 1 })));
    let event = world.assert_recorded("secret.restored", "allow", &[]).await;
    assert_eq!((&event["resource_id"], &event["path"]), (&json!(id), &json!("a/KEY")));
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["value"], "two");
    assert_eq!(world.read(&world.admin, "a/KEY?version=1").await.assert_ok()["value"], "one");
    world.act(&editor, "a/KEY", "restore", None).await.assert(409, "CONFLICT");
    world.assert_recorded("secret.restored", "error", &["secret_exists"]).await;
}

#[tokio::test]
async fn nothing_is_restored_over_a_new_secret() {
    let world = World::new().await;
    let first = deleted(&world, "a/KEY").await;
    world.secret("a/KEY", "new").await;
    world.act(&world.admin, "a/KEY", "restore", None).await.assert(409, "CONFLICT");
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["value"], "new");
    world.delete(&world.admin, "/v1/secrets/a/KEY").await.assert_ok();
    let named = world.act(&world.admin, "a/KEY", "restore", Some(json!({ "id": first }))).await;
    assert_eq!(named.assert_ok()["id"], json!(first));
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["value"], "two");
}

#[tokio::test]
async fn what_is_destroyed_is_gone_for_good() {
    let world = World::new().await;
    let first = deleted(&world, "a/KEY").await;
    let second = deleted(&world, "a/KEY").await;
    assert_eq!(sealed(&world, &first), (2, true));
    let one = world.act(&world.admin, "a/KEY", "destroy", Some(json!({ "id": first }))).await;
    assert_eq!((ids(one.assert_ok()), &one.json["versions"]), (vec![first.as_str()], &json!(2)));
    assert_eq!(sealed(&world, &first), (0, false));
    assert_eq!(sealed(&world, &second), (2, true));
    let event = world.assert_recorded("secret.destroyed", "allow", &[]).await;
    assert_eq!((&event["resource_id"], &event["details"]["versions"]), (&json!(first), &json!(2)));
    let named = Some(json!({ "id": first }));
    world.act(&world.admin, "a/KEY", "restore", named.clone()).await.assert(404, "SECRET_NOT_FOUND");
    world.act(&world.admin, "a/KEY", "destroy", named).await.assert(404, "SECRET_NOT_FOUND");
    let rest = world.act(&world.admin, "a/KEY", "destroy", None).await;
    assert_eq!(ids(rest.assert_ok()), [second.as_str()]);
    world.act(&world.admin, "a/KEY", "destroy", None).await.assert(404, "SECRET_NOT_FOUND");
    world.assert_recorded("secret.destroyed", "error", &["secret_not_found"]).await;
    world.put(&world.admin, "a/KEY/below", json!({ "value": "v" })).await.assert(201, "");
}

#[tokio::test]
async fn only_what_is_deleted_is_destroyed() {
    let world = World::new().await;
    deleted(&world, "a/KEY").await;
    world.secret("a/KEY", "live").await;
    world.act(&world.admin, "a/KEY", "destroy", None).await.assert_ok();
    world.act(&world.admin, "a/KEY", "destroy", None).await.assert(409, "CONFLICT");
    world.assert_recorded("secret.destroyed", "error", &["secret_exists"]).await;
    let live = world.read(&world.admin, "a/KEY?view=metadata").await.text("id");
    let named = Some(json!({ "id": live }));
    world.act(&world.admin, "a/KEY", "destroy", named).await.assert(409, "CONFLICT");
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["value"], "live");
}

#[tokio::test]
async fn agents_and_viewers_neither_restore_nor_destroy() {
    let world = World::new().await;
    deleted(&world, "a/KEY").await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let token = world.token_of(&agent.key, json!({ "scopes": ["secrets:*:*"] })).await;
    let viewer = world.operator(Role::Viewer).await;
    let auditor = world.operator(Role::Auditor).await;
    for (act, event) in [("restore", "secret.restored"), ("destroy", "secret.destroyed")] {
        for credential in [&agent.key, &token, &viewer, &auditor] {
            let refused = world.act(credential, "a/KEY", act, None).await;
            refused.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
            world.assert_recorded(event, "deny", &["scope_missing"]).await;
        }
        world.act(&world.admin, "a/KEY", act, Some(json!({ "id": 7 }))).await.assert_invalid("id");
        world.act(&world.admin, "a/KEY", act, Some(json!({ "id": null }))).await.assert_invalid("id");
        world.act(&world.admin, "a/KEY", act, Some(json!({ "all": true }))).await.assert_invalid("all");
        world.act(&world.admin, "KEY", act, None).await.assert_invalid("path");
    }
    let text = Body::from("{}");
    let mut request =
        world.build(Some(&world.admin), axum::http::Method::POST, "/v1/secrets/a/KEY/destroy", text);
    request.headers_mut().insert(axum::http::header::CONTENT_TYPE, "text/plain".parse().unwrap());
    world.request(request).await.assert(415, "UNSUPPORTED_MEDIA_TYPE");
    world.act(&world.admin, "a/KEY", "restore", None).await.assert_ok();
}

#[tokio::test]
async fn what_nobody_restores_in_time_is_destroyed_by_the_server() {
    const DAY: u64 = 86_400_000;
    let world = World::new().await;
    let mut old = Vec::new();
    for number in 0..20 {
        old.push(deleted(&world, &format!("a/{number}")).await);
    }
    world.advance(10 * DAY);
    let young = deleted(&world, "a/YOUNG").await;
    world.secret("a/LIVE", "v").await;
    world.advance(20 * DAY - 1_000);
    assert_eq!(sweep(&world.app).await, Ok(0));
    world.advance(1_000);
    assert_eq!(sweep(&world.app).await, Ok(20));
    assert_eq!(sweep(&world.app).await, Ok(0));
    for id in &old {
        assert_eq!(sealed(&world, id), (0, false));
    }
    let events = world.recorded(20).await;
    for event in &events {
        assert_eq!(
            (&event["event_type"], &event["actor"]["type"]),
            (&json!("secret.destroyed"), &json!("system"))
        );
        assert_eq!(event["details"]["versions"], 2);
    }
    assert_eq!(events.iter().filter(|event| event["path"] == "a/7").count(), 1);
    assert_eq!(sealed(&world, &young), (2, true));
    world.act(&world.admin, "a/7", "restore", None).await.assert(404, "SECRET_NOT_FOUND");
    world.act(&world.admin, "a/YOUNG", "restore", None).await.assert_ok();
    world.advance(90 * DAY);
    assert_eq!(sweep(&world.app).await, Ok(0), "what is live is not swept");
}
