use serde_json::{Value, json};

use super::world::{Answer, World};
use crate::store::Role;

fn body(name: &str, namespaces: &[&str], scopes: &[&str]) -> Value {
    json!({ "name": name, "allowed_namespaces": namespaces, "allowed_scopes": scopes })
}

async fn create(world: &World, key: &str, change: Value) -> Answer {
    let mut body = body("child", &["a"], &["secrets:read:a/*"]);
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    world.post(key, "/v1/agents", body).await
}

#[tokio::test]
async fn an_agent_is_made_seen_and_revoked() {
    let world = World::new().await;
    let wanted = json!({
        "description": "reads", "ip_policy": ["127.0.0.1/32"], "token_ceiling": { "ttl": "2h", "tier": "sensitive" },
        "allowed_scopes": ["read:secrets", "secrets:write:a/*"],
    });
    let made = create(&world, &world.admin, wanted).await;
    made.assert(201, "");
    assert!(made.text("api_key").starts_with("wda_"));
    world.assert_recorded("agent.created", "allow", &[]).await;
    let seen = world.get(&world.admin, "/v1/agents/child").await;
    let seen = seen.assert_ok();
    assert_eq!(seen["id"], made.json["id"]);
    assert_eq!(seen["allowed_scopes"], json!(["read:secrets", "secrets:write:a/*"]));
    assert_eq!(seen["ip_policy"], json!(["127.0.0.1/32"]));
    assert_eq!(seen["token_ceiling"], json!({ "ttl": 7200, "tier": "sensitive" }));
    assert_eq!(seen["api_key_prefix"].as_str(), made.text("api_key").get(..12));
    assert_eq!((&seen["active"], &seen["last_active_at"]), (&json!(true), &Value::Null));
    assert!(seen.get("api_key").is_none());

    world.advance(5_000);
    let token = world.token_of(&made.text("api_key"), json!({ "scopes": ["secrets:read:a/*"] })).await;
    let listed = world.get(&world.admin, "/v1/agents").await;
    assert_eq!(listed.assert_ok()["items"][0]["last_active_at"], "2026-01-01T00:00:05.000Z");

    world.delete(&world.admin, &format!("/v1/agents/{}", made.text("id"))).await.assert(204, "");
    assert_eq!(world.assert_recorded("agent.revoked", "allow", &[]).await["details"]["tokens"], 1);
    for credential in [&made.text("api_key"), &token] {
        world.get(credential, "/v1/secrets/a").await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
    }
    world.delete(&world.admin, "/v1/agents/child").await.assert(204, "");
    create(&world, &world.admin, json!({})).await.assert(409, "CONFLICT");
    world.assert_recorded("agent.created", "error", &["name_taken"]).await;
    world.get(&world.admin, "/v1/agents/unknown").await.assert(404, "NOT_FOUND");
    world.delete(&world.admin, "/v1/agents/unknown").await.assert(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_malformed_is_refused_by_name() {
    let world = World::new().await;
    let many: Vec<_> = (0..257).map(|n| format!("secrets:read:a/{n}")).collect();
    for (change, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "a b" }), "name"),
        (json!({ "name": "tok_x" }), "name"),
        (json!({ "name": "x".repeat(65) }), "name"),
        (json!({ "description": "a\u{7}" }), "description"),
        (json!({ "allowed_namespaces": ["a", "a/*"] }), "allowed_namespaces[1]"),
        (json!({ "allowed_scopes": ["secrets:read:a//b"] }), "allowed_scopes[0]"),
        (json!({ "allowed_scopes": ["audit:read"] }), "allowed_scopes[0]"),
        (json!({ "allowed_scopes": many }), "allowed_scopes"),
        (json!({ "ip_policy": [] }), "ip_policy"),
        (json!({ "ip_policy": ["010.0.0.1"] }), "ip_policy[0]"),
        (json!({ "ip_policy": null }), "ip_policy"),
        (json!({ "token_ceiling": { "ttl": "0s" } }), "token_ceiling.ttl"),
        (json!({ "token_ceiling": { "ttl": "25h" } }), "token_ceiling.ttl"),
        (json!({ "token_ceiling": { "tier": "top" } }), "token_ceiling.tier"),
        (json!({ "token_ceiling": { "uses": 1 } }), "token_ceiling.uses"),
        (json!({ "token_ceiling": ["1h", "standard"] }), "token_ceiling"),
        (json!({ "token_ceiling": null }), "token_ceiling"),
        (json!({ "limits": null }), "limits"),
        (json!({ "limits": ["rpm"] }), "limits[0]"),
        (
            json!({ "limits": [{ "id": "rpm", "unit": "bytes", "algorithm": { "window": { "limit": 1, "per": "day" } } }] }),
            "limits[0].unit",
        ),
        (json!({ "limits": [{ "id": "rpm", "unit": "requests" }] }), "limits[0].algorithm"),
    ] {
        create(&world, &world.admin, change).await.assert_invalid(field);
    }
    assert_eq!(world.get(&world.admin, "/v1/agents").await.assert_ok()["items"], json!([]));
}

#[tokio::test]
async fn too_many_shapes_of_scope_are_a_malformed_field() {
    let world = World::new().await;
    let shapes: Vec<_> = (0..17).map(|n| format!("secrets:read:{}+/k", "s/".repeat(n))).collect();
    create(&world, &world.admin, json!({ "allowed_scopes": shapes })).await.assert_invalid("allowed_scopes");
}

#[tokio::test]
async fn an_agent_passes_on_what_it_holds_and_no_more() {
    let world = World::new().await;
    let maker = json!({
        "name": "maker", "allowed_namespaces": ["a", "b"], "allowed_scopes": ["secrets:*:a/*", "secrets:read:b/*", "manage:agents"],
        "ip_policy": ["127.0.0.0/8", "10.0.0.0/8"], "token_ceiling": { "ttl": "1h", "tier": "sensitive" },
    });
    let maker = create(&world, &world.admin, maker).await.text("api_key");
    let made = create(&world, &maker, json!({})).await;
    made.assert(201, "");
    assert_eq!(made.json["ip_policy"], json!(["127.0.0.0/8", "10.0.0.0/8"]));
    assert_eq!(made.json["token_ceiling"], json!({ "ttl": 3600, "tier": "sensitive" }));
    let narrow = json!({ "name": "narrow", "ip_policy": ["10.1.0.0/16", "127.0.0.1"], "token_ceiling": { "ttl": "1m", "tier": "standard" } });
    create(&world, &maker, narrow).await.assert(201, "");
    for (change, reason) in [
        (json!({ "allowed_scopes": ["manage:agents"] }), "scope_missing"),
        (json!({ "allowed_scopes": ["agents:manage"] }), "scope_missing"),
        (json!({ "allowed_scopes": ["secrets:write:b/*"] }), "scope_missing"),
        (json!({ "allowed_scopes": ["secrets:read:a*"] }), "scope_missing"),
        (json!({ "allowed_namespaces": ["a", "c"] }), "namespace_not_allowed"),
        (json!({ "allowed_namespaces": ["*"] }), "namespace_not_allowed"),
        (json!({ "ip_policy": ["10.0.0.0/7"] }), "ip_not_allowed"),
        (json!({ "ip_policy": ["192.0.2.1"] }), "ip_not_allowed"),
        (json!({ "token_ceiling": { "ttl": "2h" } }), "ttl_over_ceiling"),
        (json!({ "token_ceiling": { "tier": "critical" } }), "tier_exceeds_grant"),
    ] {
        let mut change = change;
        change["name"] = json!("refused");
        let answer = create(&world, &maker, change.clone()).await;
        answer.assert(403, "SCOPE_DENIED");
        assert!(answer.reasons().contains(&reason), "{change}: {:?}", answer.reasons());
        world.assert_recorded("agent.created", "deny", answer.reasons()).await;
    }
}

#[tokio::test]
async fn an_agent_knows_the_agents_that_it_made() {
    let world = World::new().await;
    let maker = world.agent(&["a"], &["secrets:read:a/*", "agents:manage"]).await;
    let other = world.agent(&["a"], &["secrets:read:a/*"]).await;
    let made = create(&world, &maker.key, json!({})).await.text("id");
    let listed = world.get(&maker.key, "/v1/agents").await;
    assert_eq!(listed.assert_ok()["items"].as_array().unwrap().len(), 1);
    for id in [&other.id, &maker.id] {
        world.get(&maker.key, &format!("/v1/agents/{id}")).await.assert(404, "NOT_FOUND");
        world.delete(&maker.key, &format!("/v1/agents/{id}")).await.assert(404, "NOT_FOUND");
    }
    world.get(&maker.key, "/v1/agents/child").await.assert_ok();
    world.delete(&maker.key, &format!("/v1/agents/{made}")).await.assert(204, "");
    world.get(&other.key, "/v1/agents").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    world.assert_recorded("request.refused", "deny", &["scope_missing"]).await;
    create(&world, &other.key, json!({ "name": "x" })).await.assert_denied(
        403,
        "SCOPE_DENIED",
        &["scope_missing"],
    );
}

#[tokio::test]
async fn roles_manage_agents_as_they_may() {
    let world = World::new().await;
    let editor = world.operator(Role::Editor).await;
    create(&world, &editor, json!({})).await.assert(201, "");
    let viewer = world.operator(Role::Viewer).await;
    world.get(&viewer, "/v1/agents/child").await.assert_ok();
    create(&world, &viewer, json!({ "name": "x" })).await.assert(403, "SCOPE_DENIED");
    world.delete(&viewer, "/v1/agents/child").await.assert(403, "SCOPE_DENIED");
    let auditor = world.operator(Role::Auditor).await;
    world.get(&auditor, "/v1/agents").await.assert(403, "SCOPE_DENIED");
}
