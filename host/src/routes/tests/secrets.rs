use axum::body::Body;
use axum::http::{Method, header};
use serde_json::json;

use super::world::World;
use crate::store::Role;

#[tokio::test]
async fn a_secret_is_written_read_and_deleted() {
    let world = World::new().await;
    let token = world.token(json!({ "scopes": ["secrets:*:prod/*"] })).await;
    let body = json!({ "value": "v1", "secret_type": "api_key", "metadata": { "b": 1, "a": [null, -1.5] } });
    let written = world.put(&token, "prod/db/KEY", body).await;
    written.assert(201, "");
    assert_eq!(written.json["namespace"], "prod/db");
    assert_eq!(written.json["key"], "KEY");
    assert_eq!(written.json["created_at"], "2026-01-01T00:00:00.000Z");
    assert!(written.text("created_by").starts_with("agt_"));
    let keys: Vec<_> = written.json.as_object().unwrap().keys().map(String::as_str).collect();
    let fields =
        ["id", "namespace", "key", "version", "secret_type", "access_tier", "metadata", "created_at"];
    assert_eq!(keys, [&fields[..], &["updated_at", "created_by"]].concat());
    let event = world.assert_recorded("secret.created", "allow", &[]).await;
    assert_eq!((&event["path"], &event["resource_id"]), (&json!("prod/db/KEY"), &written.json["id"]));

    world.advance(1_000);
    let read = world.read(&token, "prod/db/KEY").await;
    let expected = json!({
        "value": "v1", "secret_type": "api_key", "access_tier": "standard",
        "metadata": { "b": 1, "a": [null, -1.5] }, "version": 1, "updated_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(read.assert_ok(), &expected);
    world.assert_recorded("secret.read", "allow", &[]).await;

    let deleted = world.delete(&token, "/v1/secrets/prod/db/KEY").await;
    assert_eq!((deleted.status, &deleted.json), (204, &json!(null)));
    assert!(!deleted.response.headers.contains_key(header::CONTENT_TYPE));
    world.assert_recorded("secret.deleted", "allow", &[]).await;
    world.read(&token, "prod/db/KEY").await.assert(404, "SECRET_NOT_FOUND");
    world.assert_recorded("secret.read", "error", &["secret_not_found"]).await;
    world.delete(&token, "/v1/secrets/prod/db/KEY").await.assert(404, "SECRET_NOT_FOUND");
}

#[tokio::test]
async fn both_spellings_of_a_path_mean_the_same() {
    let world = World::new().await;
    world.put(&world.admin, "a%2Fb/KEY", json!({ "value": "v" })).await.assert(201, "");
    for spelling in ["a/b/KEY", "a%2Fb/KEY", "a%2fb/KEY", "a/b%2FKEY", "%61/b/K%45Y"] {
        assert_eq!(world.read(&world.admin, spelling).await.assert_ok()["value"], "v", "{spelling}");
    }
    let front = world.get(&world.admin, "//v1/secrets/a/b/KEY").await;
    assert_eq!(front.assert_ok()["value"], "v");
}

#[tokio::test]
async fn a_write_raises_or_keeps_what_is_stored() {
    let world = World::new().await;
    let put = |body| world.put(&world.admin, "a/KEY", body);
    put(json!({ "value": "1", "secret_type": "ssh_key", "metadata": { "k": 1 } })).await.assert(201, "");
    let defaults =
        json!({ "value": "2", "secret_type": "custom", "access_tier": "standard", "metadata": null });
    let kept = put(defaults).await;
    kept.assert(200, "");
    assert_eq!(kept.json["version"], 2);
    assert_eq!(kept.json["secret_type"], "ssh_key");
    assert_eq!(kept.json["metadata"], json!({ "k": 1 }));
    let cleared = put(json!({ "value": "2", "metadata": {} })).await;
    assert_eq!((&cleared.json["metadata"], &cleared.json["version"]), (&json!({}), &json!(3)));
    let raised = put(json!({ "value": "3", "access_tier": "sensitive" })).await;
    assert_eq!(raised.json["access_tier"], "sensitive");
    let event = world.assert_recorded("secret.tier_raised", "allow", &[]).await;
    assert_eq!(event["details"]["from"], "standard");
    assert_eq!(world.recorded(2).await[1]["event_type"], "secret.updated");
    put(json!({ "value": "4" })).await.assert_denied(403, "APPROVAL_REQUIRED", &["approval_required"]);
    world.assert_recorded("approval.requested", "ask", &["approval_required"]).await;
}

#[tokio::test]
async fn no_metadata_reads_as_an_empty_object() {
    let world = World::new().await;
    let written = world.put(&world.admin, "a/KEY", json!({ "value": "", "metadata": null })).await;
    assert_eq!(written.json["metadata"], json!({}));
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["metadata"], json!({}));
}

#[tokio::test]
async fn if_match_compares_and_sets() {
    let world = World::new().await;
    let put = |version: &'static str, value: &'static str| {
        let body = Body::from(json!({ "value": value }).to_string());
        let mut request = world.build(Some(&world.admin), Method::PUT, "/v1/secrets/a/KEY", body);
        request.headers_mut().insert(header::IF_MATCH, version.parse().unwrap());
        world.request(request)
    };
    put("1", "none").await.assert(409, "CONFLICT");
    world.secret("a/KEY", "one").await;
    put("2", "wrong").await.assert(409, "CONFLICT");
    world.assert_recorded("secret.updated", "error", &["version_conflict"]).await;
    put("1", "two").await.assert(200, "");
    put("1", "late").await.assert(409, "CONFLICT");
    assert_eq!(world.read(&world.admin, "a/KEY").await.assert_ok()["value"], "two");
    for wrong in ["0", "\"1\"", "*", "-1", "1.0", "abc", ""] {
        put(wrong, "x").await.assert_invalid("If-Match");
    }
}

#[tokio::test]
async fn a_path_is_never_both_secret_and_namespace() {
    let world = World::new().await;
    world.secret("a/b/KEY", "v").await;
    world.put(&world.admin, "a/b", json!({ "value": "v" })).await.assert(409, "PATH_TAKEN");
    world.put(&world.admin, "a/b/KEY/x", json!({ "value": "v" })).await.assert(409, "PATH_TAKEN");
    world.assert_recorded("secret.updated", "error", &["path_taken"]).await;
    world.delete(&world.admin, "/v1/secrets/a/b/KEY").await.assert_ok();
    world.put(&world.admin, "a/b", json!({ "value": "v" })).await.assert(409, "PATH_TAKEN");
    world.put(&world.admin, "a/b/KEY", json!({ "value": "v" })).await.assert(201, "");
}

#[tokio::test]
async fn a_deleted_path_written_again_is_a_new_secret() {
    let world = World::new().await;
    let first = world.put(&world.admin, "a/KEY", json!({ "value": "1", "access_tier": "standard" })).await;
    world.put(&world.admin, "a/KEY", json!({ "value": "2" })).await.assert(200, "");
    world.delete(&world.admin, "/v1/secrets/a/KEY").await.assert_ok();
    let second = world.put(&world.admin, "a/KEY", json!({ "value": "3" })).await;
    second.assert(201, "");
    assert_eq!(second.json["version"], 1);
    assert_ne!(first.json["id"], second.json["id"]);
}

#[tokio::test]
async fn versions_are_read_by_number_and_listed_without_values() {
    let world = World::new().await;
    for value in ["one", "two", "three"] {
        world.secret("a/KEY", value).await;
    }
    assert_eq!(world.read(&world.admin, "a/KEY?version=2").await.assert_ok()["value"], "two");
    world.read(&world.admin, "a/KEY?version=4").await.assert(404, "SECRET_NOT_FOUND");
    let versions = world.read(&world.admin, "a/KEY?view=versions").await;
    let numbers: Vec<_> =
        versions.assert_ok()["items"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let metadata = world.read(&world.admin, "a/KEY?view=metadata").await;
    assert_eq!(metadata.assert_ok()["version"], 3);
    assert!(metadata.json.get("value").is_none());
    world.assert_recorded("secret.listed", "allow", &[]).await;
    for (query, field) in [
        ("version=0", "version"),
        ("version=1&view=metadata", "version"),
        ("view=value", "view"),
        ("view=metadata&limit=1", "limit"),
        ("nope=1", "nope"),
        ("version=1&version=2", "version"),
    ] {
        world.read(&world.admin, &format!("a/KEY?{query}")).await.assert_invalid(field);
    }
}

#[tokio::test]
async fn a_hundred_versions_are_kept() {
    let world = World::new().await;
    for number in 1..=101 {
        world.secret("a/KEY", &format!("v{number}")).await;
    }
    world.read(&world.admin, "a/KEY?version=1").await.assert(404, "SECRET_NOT_FOUND");
    assert_eq!(world.read(&world.admin, "a/KEY?version=2").await.assert_ok()["value"], "v2");
}

#[tokio::test]
async fn what_is_too_long_is_refused_by_name() {
    let world = World::new().await;
    let put = |body| world.put(&world.admin, "a/KEY", body);
    put(json!({ "value": "x".repeat(65_536) })).await.assert(201, "");
    put(json!({ "value": "é".repeat(32_769) })).await.assert_invalid("value");
    put(json!({ "value": "v", "metadata": { "m": "x".repeat(8_192) } })).await.assert_invalid("metadata");
    put(json!({ "value": "v", "metadata": [1] })).await.assert_invalid("metadata");
    put(json!({ "value": "v", "secret_type": "password" })).await.assert_invalid("secret_type");
    put(json!({ "value": "v", "secret_type": null })).await.assert_invalid("secret_type");
    put(json!({ "value": "v", "access_tier": "top" })).await.assert_invalid("access_tier");
    put(json!({ "value": 1 })).await.assert_invalid("value");
    put(json!({ "metadata": null })).await.assert_invalid("value");
}

#[tokio::test]
async fn a_path_that_is_not_canonical_is_refused_for_every_method() {
    let world = World::new().await;
    let paths = [
        "a/%zz",
        "a/%2",
        "a/../K",
        "a/%2e%2E/K",
        "a%2F..%2FK/L",
        "a//K",
        "a%2F%2FK/L",
        "%2Fa/K",
        "a/K/",
        "a/%00",
        "a/%ff",
        "a/%20K",
        "a/+/K",
        "a/K*",
        "a/%252e",
        "a/x:y",
    ];
    for path in paths {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let body = Body::from(r#"{"value":"v"}"#);
            let answer = world.send(Some(&world.admin), method, &format!("/v1/secrets/{path}"), body).await;
            answer.assert_invalid("path");
        }
    }
    world.put(&world.admin, "KEY", json!({ "value": "v" })).await.assert_invalid("path");
    world.put(&world.admin, "a%2FKEY", json!({ "value": "v" })).await.assert_invalid("path");
    world.delete(&world.admin, "/v1/secrets/KEY").await.assert_invalid("path");
}

#[tokio::test]
async fn roles_see_what_they_may() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    world
        .put(&world.admin, "a/HIGH", json!({ "value": "v", "access_tier": "critical" }))
        .await
        .assert(201, "");
    let editor = world.operator(Role::Editor).await;
    assert_eq!(world.read(&editor, "a/KEY").await.assert_ok()["value"], "v");
    world.read(&editor, "a/HIGH").await.assert_denied(403, "APPROVAL_REQUIRED", &["approval_required"]);
    let viewer = world.operator(Role::Viewer).await;
    world.read(&viewer, "a/KEY").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    world.read(&viewer, "a/HIGH?view=metadata").await.assert_ok();
    let items = world.read(&viewer, "a").await;
    assert_eq!(items.assert_ok()["items"].as_array().unwrap().len(), 2);
    world.put(&viewer, "a/KEY", json!({ "value": "w" })).await.assert(403, "SCOPE_DENIED");
    world.delete(&viewer, "/v1/secrets/a/KEY").await.assert(403, "SCOPE_DENIED");
    let auditor = world.operator(Role::Auditor).await;
    for path in ["a/KEY", "a", "a/KEY?view=metadata"] {
        world.read(&auditor, path).await.assert(403, "SCOPE_DENIED");
    }
}
