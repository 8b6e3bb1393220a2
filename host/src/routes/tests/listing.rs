use serde_json::{Value, json};

use super::world::{Answer, World};
use crate::store::Role;

fn paths(answer: &Answer) -> Vec<String> {
    answer.assert_ok()["items"].as_array().unwrap().iter().map(path).collect()
}

fn path(item: &Value) -> String {
    format!("{}/{}", item["namespace"].as_str().unwrap(), item["key"].as_str().unwrap())
}

async fn filled() -> World {
    let world = World::new().await;
    for path in ["a/Z", "a/b/1", "a/b/2", "a/b-x/1", "ab/1"] {
        world.secret(path, "v").await;
    }
    world
}

#[tokio::test]
async fn a_namespace_lists_all_below_it_in_byte_order() {
    let world = filled().await;
    let listed = world.read(&world.admin, "a").await;
    assert_eq!(paths(&listed), ["a/Z", "a/b-x/1", "a/b/1", "a/b/2"]);
    assert_eq!(listed.json["namespace"], "a");
    assert!(listed.json.get("next_cursor").is_none());
    let fields = [
        "id",
        "namespace",
        "key",
        "version",
        "secret_type",
        "access_tier",
        "metadata",
        "created_at",
        "updated_at",
    ];
    assert_eq!(listed.json["items"][0].as_object().unwrap().keys().collect::<Vec<_>>(), fields);
    assert_eq!(paths(&world.read(&world.admin, "a%2Fb").await), ["a/b/1", "a/b/2"]);
    assert_eq!(paths(&world.get(&world.admin, "/v1/secrets?namespace=a%2Fb").await), ["a/b/1", "a/b/2"]);
    assert_eq!(paths(&world.get(&world.admin, "/v1/secrets").await).len(), 5);
    assert_eq!(paths(&world.read(&world.admin, "unknown").await), [""; 0]);
    assert_eq!(paths(&world.read(&world.admin, "import").await), [""; 0]);
    let event = world.assert_recorded("secret.listed", "allow", &[]).await;
    assert_eq!((&event["path"], &event["details"]["items"]), (&json!("import"), &json!(0)));
}

#[tokio::test]
async fn pages_follow_one_another() {
    let world = filled().await;
    let pages = world.pages(&world.admin, "/v1/secrets/a?limit=1").await;
    assert!(pages.iter().all(|page| page.len() == 1));
    assert_eq!(pages.iter().flatten().map(path).collect::<Vec<_>>(), ["a/Z", "a/b-x/1", "a/b/1", "a/b/2"]);
    for (query, field) in
        [("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=zz", "cursor"), ("cursor=62", "cursor")]
    {
        world.read(&world.admin, &format!("a?{query}")).await.assert_invalid(field);
    }
}

#[tokio::test]
async fn items_are_decided_one_by_one() {
    let world = filled().await;
    world
        .put(&world.admin, "a/b/HIGH", json!({ "value": "v", "access_tier": "sensitive" }))
        .await
        .assert(201, "");
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    assert_eq!(paths(&world.read(&agent.key, "a/b?limit=9").await), ["a/b/1", "a/b/2"]);
    let viewer = world.operator(Role::Viewer).await;
    assert_eq!(paths(&world.read(&viewer, "a%2Fb").await), ["a/b/1", "a/b/2", "a/b/HIGH"]);
}

#[tokio::test]
async fn a_listing_must_be_covered_whole() {
    let world = filled().await;
    let token = world.token(json!({ "scopes": ["secrets:read:a/b/*"] })).await;
    assert_eq!(paths(&world.read(&token, "a/b").await), ["a/b/1", "a/b/2"]);
    assert_eq!(paths(&world.read(&token, "a%2Fb").await), ["a/b/1", "a/b/2"]);
    for path in ["a", "b", "a/b-x", "a/Z"] {
        world.read(&token, path).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    }
    world.get(&token, "/v1/secrets").await.assert(403, "SCOPE_DENIED");
    world.assert_recorded("secret.listed", "deny", &["scope_missing"]).await;
}

#[tokio::test]
async fn a_path_means_what_the_scopes_and_the_store_make_of_it() {
    let world = filled().await;
    let only_path = world.token(json!({ "scopes": ["secrets:read:a/b"] })).await;
    world.read(&only_path, "a/b").await.assert(404, "SECRET_NOT_FOUND");
    let only_below = world.token(json!({ "scopes": ["secrets:read:a/Z/*"] })).await;
    assert_eq!(paths(&world.read(&only_below, "a/Z").await), [""; 0]);
    let both = world.token(json!({ "scopes": ["secrets:read:a/*"] })).await;
    assert_eq!(world.read(&both, "a/Z").await.assert_ok()["value"], "v");
    assert_eq!(paths(&world.read(&both, "a/b").await), ["a/b/1", "a/b/2"]);
    world.read(&both, "a/absent").await.assert(404, "SECRET_NOT_FOUND");
    assert_eq!(world.get(&both, "/v1/tokens/self").await.assert_ok()["uses"], 2);
}

#[tokio::test]
async fn namespaces_are_those_within_reach() {
    let world = filled().await;
    let names = |answer: &Answer| answer.assert_ok()["items"].clone();
    assert_eq!(names(&world.get(&world.admin, "/v1/namespaces").await), json!(["a", "a/b", "a/b-x", "ab"]));

    let agent = world.agent(&["a/b", "ab"], &["secrets:read:a/*", "namespaces:read"]).await;
    assert_eq!(names(&world.get(&agent.key, "/v1/namespaces").await), json!(["a/b"]));
    let listing = world.token_of(&agent.key, json!({ "scopes": ["namespaces:read"] })).await;
    assert_eq!(names(&world.get(&listing, "/v1/namespaces").await), json!(["a/b"]));
    let reading = world.token(json!({ "scopes": ["secrets:read:a/b/*", "secrets:write:ab/*"] })).await;
    assert_eq!(names(&world.get(&reading, "/v1/namespaces").await), json!(["a/b"]));
    let writing = world.token(json!({ "scopes": ["secrets:write:ab/*"] })).await;
    world.get(&writing, "/v1/namespaces").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    world.assert_recorded("request.refused", "deny", &["scope_missing"]).await;
    assert_eq!(world.get(&reading, "/v1/tokens/self").await.assert_ok()["uses"], 1);
    let auditor = world.operator(Role::Auditor).await;
    world.get(&auditor, "/v1/namespaces").await.assert(403, "SCOPE_DENIED");
}
