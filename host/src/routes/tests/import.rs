use serde_json::{Value, json};

use super::world::{Answer, World};

async fn import(world: &World, token: &str, content: &str) -> Answer {
    world.post(token, "/v1/secrets/import", json!({ "namespace": "app/env", "content": content })).await
}

#[tokio::test]
async fn a_file_becomes_secrets() {
    let world = World::new().await;
    let token = world.token(json!({ "scopes": ["secrets:*:app/*"], "max_uses": 1 })).await;
    let answer = import(&world, &token, "B=2\nexport A='1'\n").await;
    let expected = json!({
        "namespace": "app/env", "imported": ["B", "A"], "imported_count": 2, "keys": ["B", "A"], "skipped": 0,
    });
    assert_eq!(answer.assert_ok(), &expected);
    let types: Vec<_> =
        world.recorded(3).await.into_iter().map(|event| event["event_type"].clone()).collect();
    assert_eq!(types, ["secret.imported", "secret.created", "secret.created"]);
    assert_eq!(world.read(&world.admin, "app/env/A").await.assert_ok()["value"], "1");
    import(&world, &token, "A=3").await.assert_denied(401, "UNAUTHORIZED", &["uses_exhausted"]);
}

#[tokio::test]
async fn it_is_all_or_nothing() {
    let world = World::new().await;
    world.secret("app/env/TAKEN/x", "v").await;
    let token =
        world.token(json!({ "scopes": ["secrets:write:app/env/A", "secrets:write:app/env/TAKEN"] })).await;
    import(&world, &token, "A=1\nB=2").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    world.assert_recorded("secret.imported", "deny", &["scope_missing"]).await;
    import(&world, &token, "A=1\nTAKEN=2").await.assert(409, "PATH_TAKEN");
    world.read(&world.admin, "app/env/A").await.assert(404, "SECRET_NOT_FOUND");
    assert_eq!(world.get(&token, "/v1/tokens/self").await.assert_ok()["uses"], 0);
}

#[tokio::test]
async fn each_key_is_decided_on_its_stored_tier() {
    let world = World::new().await;
    let high = json!({ "value": "v", "access_tier": "sensitive" });
    world.put(&world.admin, "app/env/B", high).await.assert(201, "");
    import(&world, &world.admin, "A=1\nB=2").await.assert(403, "APPROVAL_REQUIRED");
    world.read(&world.admin, "app/env/A").await.assert(404, "SECRET_NOT_FOUND");
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_line() {
    let world = World::new().await;
    let too_long = format!("A=1\nB={}", "x".repeat(65_537));
    for (content, line) in [
        ("A=1\nB 2\n", "line 2:"),
        ("A=1\nB=2\nA=3\n", "line 3:"),
        ("A=\"1\n", "line 1:"),
        ("A/B=1", "line 1:"),
        (&too_long, "line 2:"),
        ("# nothing\n", "no `KEY=value`"),
    ] {
        let answer = import(&world, &world.admin, content).await;
        answer.assert_invalid("content");
        assert!(answer.error.unwrap().message.contains(line), "{line}");
    }
    let body = |change: Value| {
        let mut body = json!({ "namespace": "a", "content": "A=1" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    for (change, field) in [
        (json!({ "namespace": "a//b" }), "namespace"),
        (json!({ "namespace": "" }), "namespace"),
        (json!({ "metadata": "m" }), "metadata"),
        (json!({ "access_tier": null }), "access_tier"),
        (json!({ "surprise": 1 }), "surprise"),
    ] {
        world.post(&world.admin, "/v1/secrets/import", body(change)).await.assert_invalid(field);
    }
}
