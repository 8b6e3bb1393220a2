use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use warded_core::path::Path;

use super::world::World;
use crate::store::{SecretRow, Verdict, query, transact};

#[tokio::test]
async fn a_token_is_issued_as_asked() {
    let world = World::new().await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let body = json!({
        "scopes": ["secrets:read:b/*", "secrets:read:a/*"], "ttl": "15m", "max_uses": 4294967295_u64,
        "ip_allowlist": ["127.0.0.0/8", "::ffff:10.0.0.1"], "reason": "a test",
    });
    let answer = world.post(&agent.key, "/v1/tokens", body).await;
    answer.assert(200, "");
    let keys: Vec<_> = answer.json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["token", "token_id", "expires_at", "scopes", "agent_id", "max_uses", "ip_allowlist"]);
    assert_eq!(answer.json["scopes"], json!(["secrets:read:b/*", "secrets:read:a/*"]));
    assert_eq!(answer.json["expires_at"], "2026-01-01T00:15:00.000Z");
    assert_eq!(answer.json["ip_allowlist"], json!(["127.0.0.0/8", "10.0.0.1/32"]));
    assert_eq!(answer.json["agent_id"], agent.id.as_str());
    let event = world.assert_recorded("token.issued", "allow", &[]).await;
    assert_eq!(event["resource_id"], answer.json["token_id"]);
    assert!(!event.to_string().contains(&answer.text("token")));

    let own = world.get(&answer.text("token"), "/v1/tokens/self").await;
    assert_eq!(own.assert_ok()["token_id"], answer.json["token_id"]);
    assert_eq!(own.json["uses_remaining"], 4_294_967_295_u64);
    let listed = world.get(&agent.key, &format!("/v1/tokens/{}", answer.text("token_id"))).await;
    assert_eq!(listed.assert_ok(), &own.json);
    assert!(!own.json.to_string().contains(&answer.text("token")));
}

#[tokio::test]
async fn lifetimes_have_a_default_and_ceilings() {
    let world = World::new().await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let ask = |ttl: Value| {
        world.post(&agent.key, "/v1/tokens", json!({ "scopes": ["secrets:read:a"], "ttl": ttl }))
    };
    let plain = world.post(&agent.key, "/v1/tokens", json!({ "scopes": ["secrets:read:a"] })).await;
    assert_eq!(plain.assert_ok()["expires_at"], "2026-01-01T01:00:00.000Z");
    assert_eq!(plain.json["max_uses"], Value::Null);
    assert_eq!(ask(json!(90)).await.assert_ok()["expires_at"], "2026-01-01T00:01:30.000Z");
    assert_eq!(ask(json!("24h")).await.assert_ok()["expires_at"], "2026-01-02T00:00:00.000Z");
    for ttl in
        [json!(0), json!("25h"), json!(86_401), json!("1w"), json!(1.5), json!(-1), json!(null), json!([])]
    {
        ask(ttl).await.assert_invalid("ttl");
    }
    let body = json!({ "name": "short", "allowed_namespaces": ["*"], "allowed_scopes": ["secrets:*:*"], "token_ceiling": { "ttl": "10m" } });
    let short = world.post(&world.admin, "/v1/agents", body).await.text("api_key");
    let limited = world.post(&short, "/v1/tokens", json!({ "scopes": ["secrets:read:a"] })).await;
    assert_eq!(limited.assert_ok()["expires_at"], "2026-01-01T00:10:00.000Z");
    let over = world.post(&short, "/v1/tokens", json!({ "scopes": ["secrets:read:a"], "ttl": "11m" })).await;
    over.assert_invalid("ttl");
    assert!(over.error.unwrap().message.contains("600"));
}

#[tokio::test]
async fn what_is_malformed_is_refused_by_name() {
    let world = World::new().await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let many: Vec<_> = (0..65).map(|n| format!("secrets:read:a/{n}")).collect();
    for (change, field) in [
        (json!({ "scopes": [] }), "scopes"),
        (json!({ "scopes": many }), "scopes"),
        (json!({ "scopes": ["secrets:read:a", "secrets:read:a*b"] }), "scopes[1]"),
        (json!({ "scopes": ["planets:read:*"] }), "scopes[0]"),
        (json!({ "scopes": ["secrets:list:a"] }), "scopes[0]"),
        (json!({ "scopes": null }), "scopes"),
        (json!({ "max_uses": 0 }), "max_uses"),
        (json!({ "max_uses": 4294967296_u64 }), "max_uses"),
        (json!({ "max_uses": null }), "max_uses"),
        (json!({ "ip_allowlist": [] }), "ip_allowlist"),
        (json!({ "ip_allowlist": ["127.0.0.1", "10.0.0.1/8"] }), "ip_allowlist[1]"),
        (json!({ "reason": "a\u{202e}b" }), "reason"),
        (json!({ "reason": "x".repeat(501) }), "reason"),
        (json!({ "surprise": 1 }), "surprise"),
    ] {
        let mut body = json!({ "scopes": ["secrets:read:a"] });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        world.post(&agent.key, "/v1/tokens", body).await.assert_invalid(field);
    }
    let list = world.post(&agent.key, "/v1/tokens", json!([["secrets:read:a"], "15m"])).await;
    list.assert_invalid("body");
}

#[tokio::test]
async fn scopes_are_granted_within_the_agents_own() {
    let world = World::new().await;
    let agent = world.agent(&["prod"], &["secrets:read:*", "namespaces:read"]).await;
    let ask = |scopes: Value| world.post(&agent.key, "/v1/tokens", json!({ "scopes": scopes }));
    ask(json!(["secrets:read:prod/a/*", "namespaces:read"])).await.assert(200, "");
    ask(json!(["secrets:write:prod/*"])).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    world.assert_recorded("token.refused", "deny", &["scope_missing"]).await;
    for outside in ["secrets:read:*", "secrets:read:prod*", "secrets:read:staging/*", "secrets:read:prod"] {
        ask(json!([outside])).await.assert_denied(403, "SCOPE_DENIED", &["namespace_not_allowed"]);
    }
    let nothing = world.agent(&[], &["secrets:read:*"]).await;
    let refused = world.post(&nothing.key, "/v1/tokens", json!({ "scopes": ["secrets:read:a"] })).await;
    refused.assert_denied(403, "SCOPE_DENIED", &["namespace_not_allowed"]);
}

#[tokio::test]
async fn a_tier_above_standard_needs_an_approval() {
    let world = World::new().await;
    world
        .put(&world.admin, "a/HIGH", json!({ "value": "v", "access_tier": "critical" }))
        .await
        .assert(201, "");
    world.secret("a/HIGHER", "v").await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let ask = |scope: &str| world.post(&agent.key, "/v1/tokens", json!({ "scopes": [scope] }));
    for scope in [
        "secrets:read:a/HIGH",
        "secrets:write:a/*",
        "secrets:*:+/HIGH",
        "secrets:read:*",
        "secrets:read:a/H*",
    ] {
        ask(scope).await.assert(202, "");
    }
    world.assert_recorded("approval.requested", "ask", &["approval_required"]).await;
    for scope in
        ["secrets:read:a/HIGHER", "secrets:read:a/HIGHER*", "secrets:read:b/*", "secrets:read:a/HIGH/*"]
    {
        ask(scope).await.assert(200, "");
    }
    world.delete(&world.admin, "/v1/secrets/a/HIGH").await.assert(403, "APPROVAL_REQUIRED");
}

#[tokio::test]
async fn a_raised_secret_is_found_behind_a_thousand_others() {
    let world = World::new().await;
    let body = json!({ "value": "v", "access_tier": "sensitive" });
    world.put(&world.admin, "z/LAST", body).await.assert(201, "");
    let path = Path::parse("z/LAST").unwrap();
    let row = query(&*world.app.store, |read| read.secret(path)).unwrap().unwrap();
    transact(&*world.app.store, move |tx| {
        for number in 0..2_000 {
            let (id, path) = (format!("sec_{number}"), format!("a/{number}"));
            tx.add_secret(&SecretRow { id, path, ..row.clone() })?;
        }
        Ok(Verdict::Done { answer: (), events: Vec::new() })
    })
    .await
    .unwrap();
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let ask = |scope: &str| world.post(&agent.key, "/v1/tokens", json!({ "scopes": [scope] }));
    ask("secrets:read:+/LAST").await.assert(202, "");
    ask("secrets:read:+/FIRST").await.assert(200, "");
}

#[tokio::test]
async fn words_are_translated_and_echoed() {
    let world = World::new().await;
    let agent = world.agent(&["x", "y/z"], &["read:secrets", "write:secrets", "import:secrets"]).await;
    let issued =
        world.post(&agent.key, "/v1/tokens", json!({ "scopes": ["read:secrets", "write:secrets"] })).await;
    assert_eq!(issued.assert_ok()["scopes"], json!(["read:secrets", "write:secrets"]));
    let token = issued.text("token");
    world.put(&token, "y/z/KEY", json!({ "value": "v" })).await.assert(201, "");
    world.read(&token, "y/z/KEY").await.assert_ok();
    world.read(&token, "y/KEY").await.assert(403, "SCOPE_DENIED");
    world.delete(&token, "/v1/secrets/y/z/KEY").await.assert(403, "SCOPE_DENIED");
    let rotate = world.post(&agent.key, "/v1/tokens", json!({ "scopes": ["rotate:secrets"] })).await;
    rotate.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
}

#[tokio::test]
async fn live_tokens_are_limited() {
    let world = World::with(|config| config.tokens_per_agent = 2).await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let ask = || world.post(&agent.key, "/v1/tokens", json!({ "scopes": ["secrets:read:a"], "ttl": "1m" }));
    let first = ask().await.text("token_id");
    ask().await.assert(200, "");
    ask().await.assert_denied(409, "CONFLICT", &["limit_exceeded"]);
    world.delete(&agent.key, &format!("/v1/tokens/{first}")).await.assert_ok();
    ask().await.assert(200, "");
    world.advance(60_000);
    ask().await.assert(200, "");
    world.secret("a/KEY", "v").await;
    let once = json!({ "scopes": ["secrets:read:a/KEY"], "max_uses": 1 });
    let token = world.token_of(&agent.key, once.clone()).await;
    world.post(&agent.key, "/v1/tokens", once.clone()).await.assert(409, "CONFLICT");
    world.read(&token, "a/KEY").await.assert_ok();
    world.post(&agent.key, "/v1/tokens", once).await.assert(200, "");
}

#[tokio::test]
async fn a_revoked_token_is_dead_at_once_and_told_so() {
    let world = World::new().await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let issued = world.post(&agent.key, "/v1/tokens", json!({ "scopes": ["secrets:read:a"] })).await;
    let path = format!("/v1/tokens/{}", issued.text("token_id"));
    world.delete(&agent.key, &path).await.assert(204, "");
    world.assert_recorded("token.revoked", "allow", &[]).await;
    for path in ["/v1/secrets/a/b", "/v1/tokens/self"] {
        world.get(&issued.text("token"), path).await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
        world.assert_recorded("token.refused", "deny", &["revoked"]).await;
    }
    world.delete(&agent.key, &path).await.assert(204, "");
    assert_eq!(world.get(&agent.key, &path).await.assert_ok()["active"], false);
}

#[tokio::test]
async fn somebody_elses_token_does_not_exist() {
    let world = World::new().await;
    let (one, other) =
        (world.agent(&["*"], &["secrets:*:*"]).await, world.agent(&["*"], &["secrets:*:*"]).await);
    let issued = world.post(&one.key, "/v1/tokens", json!({ "scopes": ["secrets:read:a"] })).await;
    let path = format!("/v1/tokens/{}", issued.text("token_id"));
    world.get(&other.key, &path).await.assert(404, "NOT_FOUND");
    world.delete(&other.key, &path).await.assert(404, "NOT_FOUND");
    world.assert_recorded("token.revoked", "error", &["token_not_found"]).await;
    assert_eq!(world.get(&other.key, "/v1/tokens").await.assert_ok()["items"], json!([]));
    assert_eq!(world.get(&one.key, "/v1/tokens").await.assert_ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.get(&world.admin, "/v1/tokens?limit=5").await.assert_ok()["items"].as_array().unwrap().len(),
        1
    );
    world.delete(&world.admin, &path).await.assert(204, "");
    world.get(&world.admin, "/v1/tokens/a.b").await.assert_invalid("id");
}

#[tokio::test]
async fn a_token_looks_at_itself_by_get_and_by_post() {
    let world = World::new().await;
    let token = world.token(json!({ "scopes": ["secrets:read:a"], "ttl": "1m" })).await;
    for body in ["", "{}"] {
        world.send(Some(&token), Method::POST, "/v1/tokens/self", Body::from(body)).await.assert(200, "");
    }
    let wrong = world.send(Some(&token), Method::POST, "/v1/tokens/self", Body::from(r#"{"a":1}"#)).await;
    wrong.assert_invalid("a");
    world.advance(60_000);
    world.get(&token, "/v1/tokens/self").await.assert_denied(401, "UNAUTHORIZED", &["expired"]);
}
