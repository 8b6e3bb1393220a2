use serde_json::{Value, json};
use warded_core::path::Path;

use super::world::World;
use crate::store::{Role, TokenRow, Verdict, query, transact};

async fn uses(world: &World, token: &str) -> u16 {
    world.get(token, "/v1/tokens/self").await.status
}

#[tokio::test]
async fn a_rotation_makes_a_value_and_shows_it_once() {
    let world = World::new().await;
    world.secret("a/KEY", "old").await;
    world
        .put(&world.admin, "a/DB", json!({ "value": "old", "secret_type": "db_credential" }))
        .await
        .assert_ok();
    for path in ["a/KEY", "a/DB"] {
        world.advance(1_000);
        let rotated = world.act(&world.admin, path, "rotate", None).await;
        let answer = rotated.assert_ok();
        assert_eq!(
            answer.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["value", "version", "revoked_tokens"]
        );
        assert_eq!((&answer["version"], &answer["revoked_tokens"]), (&json!(2), &json!(0)));
        let value = answer["value"].as_str().unwrap();
        assert!(value.len() == 43 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{value}");
        let read = world.read(&world.admin, path).await;
        assert_eq!((&read.assert_ok()["value"], &read.json["version"]), (&json!(value), &json!(2)));
        assert_eq!(world.read(&world.admin, &format!("{path}?version=1")).await.assert_ok()["value"], "old");
        let records = world.recorded(50).await;
        assert!(records.iter().all(|record| !record.to_string().contains(value)), "the audit has no values");
    }
}

#[tokio::test]
async fn a_given_value_is_not_shown() {
    let world = World::new().await;
    world.put(&world.admin, "a/KEY", json!({ "value": "old", "secret_type": "api_key" })).await.assert_ok();
    let refused = world.act(&world.admin, "a/KEY", "rotate", None).await;
    refused.assert(400, "NEW_VALUE_REQUIRED");
    world.assert_recorded("secret.rotated", "error", &["new_value_required"]).await;
    for kind in ["oauth_token", "ssh_key", "certificate"] {
        world
            .put(&world.admin, &format!("a/{kind}"), json!({ "value": "v", "secret_type": kind }))
            .await
            .assert_ok();
        world
            .act(&world.admin, &format!("a/{kind}"), "rotate", Some(json!({})))
            .await
            .assert(400, "NEW_VALUE_REQUIRED");
    }
    let rotated = world.act(&world.admin, "a/KEY", "rotate", Some(json!({ "new_value": "new" }))).await;
    assert_eq!(rotated.assert_ok(), &json!({ "version": 2, "revoked_tokens": 0 }));
    let event = world.assert_recorded("secret.rotated", "allow", &[]).await;
    assert_eq!((&event["details"]["version"], &event["details"]["revoked_tokens"]), (&json!(2), &json!(0)));
    let read = world.read(&world.admin, "a/KEY").await;
    assert_eq!((&read.assert_ok()["value"], &read.json["secret_type"]), (&json!("new"), &json!("api_key")));
}

#[tokio::test]
async fn a_malformed_rotation_changes_nothing() {
    let world = World::new().await;
    world.secret("a/KEY", "old").await;
    let rotate = |body: Value| world.act(&world.admin, "a/KEY", "rotate", Some(body));
    rotate(json!({ "new_value": null })).await.assert_invalid("new_value");
    rotate(json!({ "new_value": 7 })).await.assert_invalid("new_value");
    rotate(json!({ "new_value": "x".repeat(65_537) })).await.assert_invalid("new_value");
    rotate(json!({ "value": "x" })).await.assert_invalid("value");
    world.act(&world.admin, "a/NONE", "rotate", None).await.assert(404, "SECRET_NOT_FOUND");
    world.act(&world.admin, "a", "rotate", None).await.assert_invalid("path");
    let writer = world
        .token(json!({ "scopes": ["secrets:read:a/*", "secrets:write:a/*", "secrets:delete:a/*"] }))
        .await;
    world.act(&writer, "a/KEY", "rotate", None).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    world.assert_recorded("secret.rotated", "deny", &["scope_missing"]).await;
    let elsewhere = world.token(json!({ "scopes": ["secrets:rotate:a/KEY2"] })).await;
    world.act(&elsewhere, "a/KEY", "rotate", None).await.assert(403, "SCOPE_DENIED");
    let viewer = world.operator(Role::Viewer).await;
    world.act(&viewer, "a/KEY", "rotate", None).await.assert(403, "SCOPE_DENIED");
    let read = world.read(&world.admin, "a/KEY").await;
    assert_eq!((&read.assert_ok()["value"], &read.json["version"]), (&json!("old"), &json!(1)));
    assert_eq!(uses(&world, &writer).await, 200, "a refused rotation revokes nothing");
}

#[tokio::test]
async fn every_token_that_reads_or_writes_the_path_ends() {
    let world = World::new().await;
    world.secret("a/b/KEY", "old").await;
    world.secret("a/b/OTHER", "old").await;
    let agent = world.agent(&["a"], &["secrets:*:*", "read:secrets"]).await;
    let caller =
        world.token_of(&agent.key, json!({ "scopes": ["secrets:rotate:a/b/KEY", "secrets:read:a/*"] })).await;
    let mut ends = Vec::new();
    let two = json!({ "scopes": ["secrets:read:a/b/KEY", "secrets:write:a/*", "namespaces:read"] });
    let agent_of_two = world.agent(&["*"], &["secrets:*:*", "namespaces:read"]).await;
    ends.push(world.token_of(&agent_of_two.key, two).await);
    for scope in [
        "secrets:read:a/b/KEY",
        "secrets:write:a/*",
        "secrets:*:a/+/KEY",
        "secrets:read:a/b*",
        "read:secrets",
    ] {
        ends.push(world.token_of(&agent.key, json!({ "scopes": [scope], "max_uses": 9 })).await);
    }
    let mut stays = Vec::new();
    for scope in [
        "secrets:rotate:a/b/KEY",
        "secrets:delete:a/*",
        "secrets:read:a/b/OTHER",
        "secrets:write:a/b/KEY/*",
        "secrets:read:a/+",
    ] {
        stays.push(world.token_of(&agent.key, json!({ "scopes": [scope] })).await);
    }
    let rotated = world.act(&caller, "a/b/KEY", "rotate", None).await;
    assert_eq!(rotated.assert_ok()["revoked_tokens"], 7);
    let newest = world.recorded(2).await;
    assert_eq!(
        (&newest[1]["event_type"], &newest[1]["details"]["revoked_tokens"]),
        (&json!("secret.rotated"), &json!(7))
    );
    assert_eq!(newest[0]["event_type"], "token.revoked");
    assert_eq!(newest[0]["details"]["tokens"].as_array().unwrap().len(), 7);
    for token in ends.iter().chain([&caller]) {
        let read = world.read(token, "a/b/KEY").await;
        read.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
    }
    for token in &stays {
        assert_eq!(uses(&world, token).await, 200);
    }
    assert_eq!(world.read(&agent.key, "a/b/KEY").await.assert_ok()["version"], 2, "agent keys are no tokens");
    assert_eq!(world.act(&world.admin, "a/b/KEY", "rotate", None).await.assert_ok()["revoked_tokens"], 0);
}

/// Many copies of an agent's newest token, each with an id of its own.
async fn multiply(world: &World, agent: &str, times: u64) {
    let token = query(&*world.app.store, |read| read.tokens(Some(agent), None, 1)).unwrap().remove(0);
    transact(&*world.app.store, move |tx| {
        for number in 0..times {
            let id = format!("{}-{number}", token.id);
            let mut hash = token.hash;
            hash[..8].copy_from_slice(&number.to_be_bytes());
            tx.add_token(&TokenRow { id, hash, ..token.clone() })?;
        }
        Ok(Verdict::Done { answer: (), events: Vec::new() })
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn thousands_of_tokens_end_together() {
    let world = World::with(|config| config.tokens_per_agent = 10_000).await;
    world.secret("a/KEY", "old").await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    for scope in ["secrets:read:a/*", "secrets:read:b/*", "secrets:write:a/KEY"] {
        world.token_of(&agent.key, json!({ "scopes": [scope] })).await;
        multiply(&world, &agent.id, 1_400).await;
    }
    let expired = world.token_of(&agent.key, json!({ "scopes": ["secrets:read:a/*"], "ttl": 1 })).await;
    world.advance(2_000);
    let rotated = world.act(&world.admin, "a/KEY", "rotate", None).await;
    assert_eq!(rotated.assert_ok()["revoked_tokens"], 2_802);
    let records = world.recorded(30).await;
    assert_eq!(records[29]["event_type"], "secret.rotated");
    let named = records.iter().filter_map(|record| record["details"]["tokens"].as_array());
    assert_eq!(named.map(Vec::len).sum::<usize>(), 2_802);
    assert_eq!(query(&*world.app.store, |read| read.live_scopes(Some(&agent.id))).unwrap().len(), 1_401);
    world.read(&expired, "a/KEY").await.assert_denied(401, "UNAUTHORIZED", &["expired"]);
}

#[tokio::test]
async fn rolling_back_does_not_make_a_value_younger() {
    let world = World::new().await;
    world.secret("a/KEY", "one").await;
    world.advance(60_000);
    world.act(&world.admin, "a/KEY", "rotate", None).await.assert_ok();
    let written = |world: &World| {
        let path = Path::parse("a/KEY").unwrap();
        query(&*world.app.store, |read| read.secret(path)).unwrap().unwrap().value_at.as_u64()
            - super::world::START
    };
    assert_eq!(written(&world), 60_000);
    world.advance(60_000);
    for (version, at) in [(1, 0), (2, 60_000), (3, 0)] {
        world.act(&world.admin, "a/KEY", "rollback", Some(json!({ "version": version }))).await.assert_ok();
        assert_eq!(written(&world), at, "version {version}");
    }
}
