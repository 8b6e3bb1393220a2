//! What a decision is made of, what it consumes, and what happens when the engine fails.

use std::sync::Arc;

use serde_json::json;
use warded_core::path::Path;

use super::world::World;
use crate::audit::Origin;
use crate::extract::RequestContext;
use crate::store::{Verdict, transact};

#[tokio::test]
async fn sixty_four_readers_of_a_token_with_three_uses_get_three_values() {
    let world = Arc::new(World::new().await);
    world.secret("a/KEY", "counted").await;
    let token = world.token(json!({ "scopes": ["secrets:read:a/*"], "max_uses": 3 })).await;
    let readers: Vec<_> = (0..64)
        .map(|_| {
            let (world, token) = (Arc::clone(&world), token.clone());
            tokio::spawn(async move { world.read(&token, "a/KEY").await })
        })
        .collect();
    let mut given = 0;
    for reader in readers {
        let answer = reader.await.unwrap();
        if answer.status == 200 {
            given += 1;
        } else {
            answer.assert_denied(401, "UNAUTHORIZED", &["uses_exhausted"]);
        }
    }
    assert_eq!(given, 3);
}

#[tokio::test]
async fn nothing_is_consumed_by_what_gives_nothing() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    let scopes = json!(["secrets:read:a/KEY", "secrets:read:a/ABSENT", "secrets:write:a/NEW"]);
    let token = world.token(json!({ "scopes": scopes, "max_uses": 1 })).await;
    world.read(&token, "a/ABSENT").await.assert(404, "SECRET_NOT_FOUND");
    world.read(&token, "a/KEY?version=9").await.assert(404, "SECRET_NOT_FOUND");
    world.read(&token, "b/KEY").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    world.delete(&token, "/v1/secrets/a/KEY").await.assert(403, "SCOPE_DENIED");
    world.put(&token, "a/NEW", json!({ "value": 1 })).await.assert_invalid("value");
    let remaining = world.get(&token, "/v1/tokens/self").await;
    assert_eq!(remaining.assert_ok()["uses_remaining"], 1);
    world.read(&token, "a/KEY").await.assert_ok();
    assert_eq!(world.get(&token, "/v1/tokens/self").await.assert_ok()["uses_remaining"], 0);
    world.read(&token, "a/KEY").await.assert_denied(401, "UNAUTHORIZED", &["uses_exhausted"]);
}

#[tokio::test]
async fn every_success_spends_one_use() {
    let world = World::new().await;
    let token = world.token(json!({ "scopes": ["secrets:*:a/*", "namespaces:read"], "max_uses": 7 })).await;
    world.put(&token, "a/b/KEY", json!({ "value": "v" })).await.assert(201, "");
    world.read(&token, "a").await.assert_ok();
    world.read(&token, "a/b/KEY?view=metadata").await.assert_ok();
    world.read(&token, "a/b/KEY?view=versions").await.assert_ok();
    world.get(&token, "/v1/namespaces").await.assert_ok();
    world.delete(&token, "/v1/secrets/a/b/KEY").await.assert_ok();
    let import = json!({ "namespace": "a/i", "content": "A=1\nB=2" });
    world.post(&token, "/v1/secrets/import", import).await.assert_ok();
    assert_eq!(world.get(&token, "/v1/tokens/self").await.assert_ok()["uses"], 7);
}

#[tokio::test]
async fn with_a_failing_engine_nothing_is_allowed_opened_or_consumed() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    let agent = world.agent(&["*"], &["secrets:*:*", "namespaces:read"]).await;
    let body = json!({ "scopes": ["secrets:*:a/*"], "max_uses": 9 });
    let token = world.token_of(&agent.key, body.clone()).await;
    world.read(&token, "a/KEY").await.assert_ok();
    world.app.guest.limit_fuel(0);
    let before = world.recorded(1).await.remove(0)["seq"].clone();
    for answer in [
        world.read(&token, "a/KEY").await,
        world.read(&world.admin, "a/KEY").await,
        world.read(&token, "a").await,
        world.put(&token, "a/NEW", json!({ "value": "v" })).await,
        world.delete(&token, "/v1/secrets/a/KEY").await,
        world.post(&agent.key, "/v1/tokens", body).await,
        world.get(&world.admin, "/v1/agents").await,
        world.get(&token, "/v1/namespaces").await,
        world.get(&token, "/v1/tokens/self").await,
    ] {
        answer.assert(503, "ENGINE_UNAVAILABLE");
    }
    assert!(world.app.guest.traps() >= 9);
    world.app.guest.limit_fuel(50_000_000);
    for event in world.recorded(20).await.iter().take_while(|event| event["seq"] != before) {
        assert_eq!(event["outcome"], "error", "{event}");
    }
    assert_eq!(world.get(&token, "/v1/tokens/self").await.assert_ok()["uses"], 1);
    world.read(&token, "a/NEW").await.assert(404, "SECRET_NOT_FOUND");
    world.read(&token, "a/KEY").await.assert_ok();
}

#[tokio::test]
async fn a_value_in_another_place_does_not_open_and_spends_nothing() {
    let world = World::new().await;
    world.secret("a/ONE", "one").await;
    world.secret("a/OTHER", "other").await;
    let token = world.token(json!({ "scopes": ["secrets:read:a/*"], "max_uses": 1 })).await;
    // Whoever can write the database moves a sealed value to another path.
    transact(&*world.app.store, |tx| {
        let from = tx.secret(Path::parse("a/ONE").unwrap())?.unwrap();
        let mut to = tx.secret(Path::parse("a/OTHER").unwrap())?.unwrap();
        let mut version = tx.version(&from.id, None)?.unwrap();
        to.version = 2;
        version.version = 2;
        tx.update_secret(&to)?;
        tx.add_version(&to.id, &version, 100)?;
        Ok(Verdict::Done { answer: (), events: Vec::new() })
    })
    .await
    .unwrap();
    world.read(&token, "a/OTHER").await.assert(500, "INTERNAL");
    world.assert_recorded("secret.read", "error", &["seal_rejected"]).await;
    assert_eq!(world.read(&token, "a/OTHER?version=1").await.assert_ok()["value"], "other");
}

#[tokio::test]
async fn an_address_outside_the_allowlist_is_told_only_that() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    let body = json!({ "scopes": ["secrets:read:a/*"], "ip_allowlist": ["10.0.0.0/8"], "ttl": "1s" });
    let token = world.token(body).await;
    world.advance(2_000);
    world.read(&token, "b/KEY").await.assert_denied(403, "IP_NOT_ALLOWED", &["ip_not_allowed"]);
    world.assert_recorded("secret.read", "deny", &["expired", "ip_not_allowed", "scope_missing"]).await;

    let from = |ip: Option<std::net::IpAddr>| {
        let mut request =
            world.build(Some(&token), "GET".parse().unwrap(), "/v1/secrets/a/KEY", axum::body::Body::empty());
        request.extensions_mut().insert(RequestContext::new(Origin { request_id: "req_1".to_owned(), ip }));
        world.request(request)
    };
    from(None).await.assert_denied(403, "IP_NOT_ALLOWED", &["ip_unknown"]);
    from(Some([10, 1, 2, 3].into())).await.assert_denied(401, "UNAUTHORIZED", &["expired"]);
}

#[tokio::test]
async fn an_agent_key_is_a_grant_of_the_standard_tier() {
    let world = World::new().await;
    let agent = world.agent(&["a"], &["secrets:*:*"]).await;
    world.put(&agent.key, "a/KEY", json!({ "value": "v" })).await.assert(201, "");
    assert_eq!(world.read(&agent.key, "a/KEY").await.assert_ok()["value"], "v");
    world.read(&agent.key, "b/KEY").await.assert_denied(403, "SCOPE_DENIED", &["namespace_not_allowed"]);
    world
        .put(&agent.key, "a/HIGH", json!({ "value": "v", "access_tier": "sensitive" }))
        .await
        .assert(201, "");
    let refused = world.read(&agent.key, "a/HIGH").await;
    refused.assert_denied(403, "APPROVAL_REQUIRED", &["tier_exceeds_grant"]);
    assert!(refused.error.unwrap().message.contains("scoped token"));
}

#[tokio::test]
async fn a_refusal_tells_nothing_about_what_is_not_covered() {
    let world = World::new().await;
    world
        .put(&world.admin, "b/HIGH", json!({ "value": "v", "access_tier": "critical" }))
        .await
        .assert(201, "");
    let token = world.token(json!({ "scopes": ["secrets:*:a/*"] })).await;
    for path in ["b/HIGH", "b/ABSENT"] {
        world.read(&token, path).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        world.put(&token, path, json!({ "value": "v" })).await.assert_denied(
            403,
            "SCOPE_DENIED",
            &["scope_missing"],
        );
    }
}
