use axum::body::Body;
use axum::http::{Method, header};
use serde_json::{Value, json};

use super::world::World;

async fn filled() -> World {
    let world = World::new().await;
    let put = |body| world.put(&world.admin, "a/KEY", body);
    put(json!({ "value": "one", "secret_type": "api_key", "metadata": { "n": 1 } })).await.assert(201, "");
    world.advance(1_000);
    put(json!({ "value": "two" })).await.assert(200, "");
    world.advance(1_000);
    world
}

fn to(version: u64) -> Option<Value> {
    Some(json!({ "version": version }))
}

#[tokio::test]
async fn an_old_value_becomes_the_newest_version() {
    let world = filled().await;
    let token = world.token(json!({ "scopes": ["secrets:write:a/*"] })).await;
    let back = world.act(&token, "a/KEY", "rollback", to(1)).await;
    let answer = back.assert_ok();
    assert_eq!((&answer["version"], &answer["secret_type"]), (&json!(3), &json!("api_key")));
    assert_eq!(
        (&answer["metadata"], &answer["updated_at"]),
        (&json!({ "n": 1 }), &json!("2026-01-01T00:00:02.000Z"))
    );
    assert!(answer.get("value").is_none(), "who may write need not see");
    let event = world.assert_recorded("secret.rolled_back", "allow", &[]).await;
    assert_eq!(event["details"]["from"], 1);
    assert_eq!((&event["details"]["version"], &event["path"]), (&json!(3), &json!("a/KEY")));
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["value"], "one");
    for (version, value) in [(1, "one"), (2, "two"), (3, "one")] {
        let read = world.read(&world.admin, &format!("a/KEY?version={version}")).await;
        assert_eq!(read.assert_ok()["value"], value);
    }
    assert_eq!(world.get(&token, "/v1/tokens/self").await.assert_ok()["uses"], 1);
}

#[tokio::test]
async fn what_was_not_written_cannot_be_rolled_back_to() {
    let world = filled().await;
    world.act(&world.admin, "a/KEY", "rollback", to(3)).await.assert(404, "SECRET_NOT_FOUND");
    world.assert_recorded("secret.rolled_back", "error", &["version_not_found"]).await;
    world.act(&world.admin, "a/NONE", "rollback", to(1)).await.assert(404, "SECRET_NOT_FOUND");
    world.assert_recorded("secret.rolled_back", "error", &["secret_not_found"]).await;
    world.act(&world.admin, "a/KEY", "rollback", to(0)).await.assert_invalid("version");
    world.act(&world.admin, "a/KEY", "rollback", Some(json!({}))).await.assert_invalid("version");
    world
        .act(&world.admin, "a/KEY", "rollback", Some(json!({ "version": "1" })))
        .await
        .assert_invalid("version");
    world.act(&world.admin, "a/KEY", "rollback", None).await.assert_invalid("body");
    world.act(&world.admin, "KEY", "rollback", to(1)).await.assert_invalid("path");
    let reader = world.token(json!({ "scopes": ["secrets:read:a/*", "secrets:rotate:a/*"] })).await;
    let refused = world.act(&reader, "a/KEY", "rollback", to(1)).await;
    refused.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["version"], 2);
}

#[tokio::test]
async fn rolling_back_keeps_to_a_hundred_versions() {
    let world = World::new().await;
    for number in 1..=100 {
        world.secret("a/KEY", &format!("v{number}")).await;
    }
    assert_eq!(world.act(&world.admin, "a/KEY", "rollback", to(1)).await.assert_ok()["version"], 101);
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["value"], "v1");
    world.read(&world.admin, "a/KEY?version=1").await.assert(404, "SECRET_NOT_FOUND");
}

#[tokio::test]
async fn every_change_compares_and_sets() {
    let world = filled().await;
    let send = |method: Method, path: &'static str, body: Value, version: &'static str| {
        let mut request = world.build(Some(&world.admin), method, path, Body::from(body.to_string()));
        request.headers_mut().insert(header::IF_MATCH, version.parse().unwrap());
        world.request(request)
    };
    let changes = [
        (Method::POST, "/v1/secrets/a/KEY/rollback", json!({ "version": 1 })),
        (Method::POST, "/v1/secrets/a/KEY/rotate", json!({ "new_value": "three" })),
        (Method::PATCH, "/v1/secrets/a/KEY", json!({ "metadata": {} })),
        (Method::DELETE, "/v1/secrets/a/KEY", json!({})),
    ];
    for (method, path, body) in &changes {
        send(method.clone(), path, body.clone(), "1").await.assert(409, "CONFLICT");
        assert_eq!(world.recorded(1).await[0]["reasons"], json!(["version_conflict"]), "{path}");
        send(method.clone(), path, body.clone(), "x").await.assert_invalid("If-Match");
    }
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["version"], 2);
    for ((method, path, body), version) in changes.iter().zip(["2", "3", "4", "4"]) {
        send(method.clone(), path, body.clone(), version).await.assert_ok();
    }
}

#[tokio::test]
async fn a_key_may_be_called_like_what_is_done_with_one() {
    let world = World::new().await;
    for act in ["rotate", "rollback", "restore", "destroy", "import"] {
        let path = format!("a/{act}");
        world.secret(&path, act).await;
        assert_eq!(world.read(&world.admin, &path).await.assert_ok()["value"], act);
        world.change(&world.admin, &path, json!({ "metadata": { "n": 1 } })).await.assert_ok();
        world.act(&world.admin, &path, "rotate", Some(json!({ "new_value": "w" }))).await.assert_ok();
        assert_eq!(world.read(&world.admin, &path).await.assert_ok()["value"], "w");
        world.delete(&world.admin, &format!("/v1/secrets/{path}")).await.assert_ok();
        world.act(&world.admin, &path, "restore", None).await.assert_ok();
    }
    for path in
        ["/v1/secrets/a/KEY", "/v1/secrets/a/KEY/import", "/v1/secrets/a/%72otate", "/v1/secrets/a%2Frotate"]
    {
        let answer = world.send(Some(&world.admin), Method::POST, path, Body::empty()).await;
        answer.assert(405, "METHOD_NOT_ALLOWED");
        assert_eq!(answer.response.headers[header::ALLOW], "GET, PUT, PATCH, DELETE", "{path}");
    }
    let answer = world.send(None, Method::PUT, "/v1/secrets/rotate", Body::empty()).await;
    answer.assert_denied(401, "UNAUTHORIZED", &[]);
    let answer = world.send(None, Method::OPTIONS, "/v1/secrets/a/rotate", Body::empty()).await;
    assert_eq!(answer.response.headers[header::ALLOW], "POST, GET, PUT, PATCH, DELETE");
}
