//! The listing of what was deleted: who sees what of it, in which order, and for how long.

use serde_json::{Value, json};

use super::world::{Answer, World};
use crate::store::Role;

const DAY: u64 = 86_400_000;
const DELETED: &str = "/v1/secrets?deleted=true";

fn items(answer: &Answer) -> Vec<Value> {
    answer.assert_ok()["items"].as_array().unwrap().clone()
}

fn paths(answer: &Answer) -> Vec<String> {
    let path =
        |item: &Value| format!("{}/{}", item["namespace"].as_str().unwrap(), item["key"].as_str().unwrap());
    items(answer).iter().map(path).collect()
}

/// Writes a secret and deletes it; answers its id.
async fn deleted(world: &World, path: &str) -> String {
    let id = world
        .put(&world.admin, path, json!({ "value": "never-told", "metadata": { "n": 1 } }))
        .await
        .text("id");
    world.delete(&world.admin, &format!("/v1/secrets/{path}")).await.assert(204, "");
    id
}

#[tokio::test]
async fn what_was_deleted_is_listed_until_it_is_restored_or_destroyed() {
    let world = World::new().await;
    let first = deleted(&world, "b/ONE").await;
    world.advance(DAY);
    let second = deleted(&world, "b/ONE").await;
    deleted(&world, "a/TWO").await;
    world.secret("a/LIVE", "v").await;
    let listed = world.get(&world.admin, DELETED).await;
    assert_eq!(paths(&listed).len(), 3);
    let oldest = &items(&listed)[0];
    assert_eq!(
        (&oldest["id"], &oldest["version"], &oldest["metadata"]),
        (&json!(first), &json!(1), &json!({ "n": 1 }))
    );
    assert_eq!(oldest["deleted_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(oldest["destroyed_at"], "2026-01-31T00:00:00.000Z");
    assert!(!listed.json.to_string().contains("never-told"));
    let event = world.assert_recorded("secret.listed", "allow", &[]).await;
    assert_eq!((&event["details"]["items"], &event["details"]["view"]), (&json!(3), &json!("deleted")));

    assert_eq!(paths(&world.get(&world.admin, &format!("{DELETED}&namespace=a")).await), ["a/TWO"]);
    let event = world.assert_recorded("secret.listed", "allow", &[]).await;
    assert_eq!((&event["path"], &event["details"]["items"]), (&json!("a"), &json!(1)));
    assert_eq!(paths(&world.get(&world.admin, "/v1/secrets?deleted=false").await), ["a/LIVE"]);
    world.act(&world.admin, "b/ONE", "restore", Some(json!({ "id": first }))).await.assert_ok();
    world.act(&world.admin, "a/TWO", "destroy", None).await.assert_ok();
    let left = items(&world.get(&world.admin, DELETED).await);
    assert_eq!(left.iter().map(|item| &item["id"]).collect::<Vec<_>>(), [&json!(second)]);
}

#[tokio::test]
async fn pages_go_on_although_their_ends_are_restored_and_others_deleted() {
    let world = World::new().await;
    for number in 0..5 {
        deleted(&world, &format!("a/{number}")).await;
        if number % 2 == 0 {
            world.advance(1);
        }
    }
    let all = paths(&world.get(&world.admin, DELETED).await);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&world.admin, &format!("{DELETED}&limit=1{cursor}")).await;
        let found = paths(&page);
        assert_eq!(found.len(), 1);
        if seen.len().is_multiple_of(2) {
            world.act(&world.admin, &found[0], "restore", None).await.assert_ok();
        }
        seen.extend(found);
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all);
    let left: Vec<_> = all.into_iter().skip(1).step_by(2).collect();
    assert_eq!(paths(&world.get(&world.admin, DELETED).await), left);
}

#[tokio::test]
async fn operators_see_it_within_the_policy_and_agents_do_not() {
    let world = World::new().await;
    deleted(&world, "a/KEY").await;
    deleted(&world, "hidden/KEY").await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let token = world.token_of(&agent.key, json!({ "scopes": ["secrets:*:*"], "max_uses": 1 })).await;
    let auditor = world.operator(Role::Auditor).await;
    for credential in [&agent.key, &token, &auditor] {
        for path in [DELETED.to_owned(), format!("{DELETED}&namespace=a")] {
            world.get(credential, &path).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
            world.assert_recorded("secret.listed", "deny", &["scope_missing"]).await;
        }
    }
    let standing = world.get(&token, "/v1/tokens/self").await;
    assert_eq!(standing.assert_ok()["uses"], 0, "a refusal spends nothing");
    let viewer = world.operator(Role::Viewer).await;
    assert_eq!(paths(&world.get(&viewer, DELETED).await).len(), 2);
    let policy = json!({ "version": 1, "rules": [
        { "id": "grants", "effect": "allow" },
        { "id": "hides", "effect": "deny", "resources": ["hidden/*"], "actions": ["metadata:read"] },
    ] });
    let version = world.post(&world.admin, "/v1/policies", policy).await.assert_ok()["version"].clone();
    let path = format!("/v1/policies/{version}/activate");
    world.post(&world.admin, &path, json!({ "active": 0 })).await.assert_ok();
    world.get(&viewer, &format!("{DELETED}&namespace=hidden")).await.assert(403, "SCOPE_DENIED");
}

#[tokio::test]
async fn what_is_malformed_is_refused_by_name() {
    let world = World::new().await;
    for (query, field) in [
        ("deleted=", "deleted"),
        ("deleted=yes", "deleted"),
        ("deleted=true&deleted=true", "deleted"),
        ("deleted=true&limit=0", "limit"),
        ("deleted=true&limit=1001", "limit"),
        ("deleted=true&cursor=612f62", "cursor"),
        ("deleted=true&namespace=a//b", "namespace"),
        ("deleted=true&view=metadata", "view"),
    ] {
        world.get(&world.admin, &format!("/v1/secrets?{query}")).await.assert_invalid(field);
    }
    world.read(&world.admin, "a?deleted=true").await.assert_invalid("deleted");
}
