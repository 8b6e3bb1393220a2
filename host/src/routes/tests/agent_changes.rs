//! Changing agents: what narrows holds for their tokens at once, and nobody passes on what they do not hold.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::world::{NewAgent, World};
use crate::config::SecondOperator;
use crate::store::Role;

const READ: &str = "secrets:read:a/*";

async fn change(world: &World, by: &str, agent: &str, body: Value) -> super::world::Answer {
    world.patch(by, &format!("/v1/agents/{agent}"), body).await
}

async fn rotate(world: &World, by: &str, agent: &str, body: Value) -> super::world::Answer {
    world.post(by, &format!("/v1/agents/{agent}/rotate-key"), body).await
}

/// An agent of `a` and `b` with a token, and a secret in each.
async fn with_token(world: &World) -> (NewAgent, String) {
    world.secret("a/KEY", "1").await;
    world.secret("b/KEY", "2").await;
    let agent = world.agent(&["a", "b"], &["secrets:*:a/*", "secrets:*:b/*"]).await;
    let token =
        world.token_of(&agent.key, json!({ "scopes": ["secrets:read:a/*", "secrets:read:b/*"] })).await;
    (agent, token)
}

fn per_day(id: &str, limit: u64) -> Value {
    json!({ "id": id, "unit": "requests", "algorithm": { "window": { "limit": limit, "per": "day" } } })
}

#[tokio::test]
async fn narrowing_an_agent_reaches_its_tokens_at_once() {
    let world = World::new().await;
    let (agent, token) = with_token(&world).await;
    world.read(&token, "b/KEY").await.assert_ok();
    for (body, status, reason) in [
        (json!({ "allowed_scopes": ["secrets:*:a/*"] }), 403, "scope_missing"),
        (
            json!({ "allowed_scopes": ["secrets:*:a/*", "secrets:*:b/*"], "allowed_namespaces": ["a"] }),
            403,
            "namespace_not_allowed",
        ),
        (json!({ "allowed_namespaces": ["a", "b"], "ip_policy": ["10.0.0.0/8"] }), 403, "ip_not_allowed"),
        (json!({ "ip_policy": ["0.0.0.0/0"], "limits": [per_day("rpd", 1)] }), 200, ""),
        (json!({ "active": false }), 401, "revoked"),
    ] {
        change(&world, &world.admin, &agent.id, body.clone()).await.assert_ok();
        let answer = world.read(&token, "b/KEY").await;
        assert_eq!(answer.status, status, "{body} {:?}", answer.error);
        assert!(reason.is_empty() || answer.reasons() == [reason], "{body} {:?}", answer.error);
    }
    world.get(&agent.key, "/v1/tokens").await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
    let shown = world.get(&world.admin, &format!("/v1/agents/{}", agent.id)).await;
    assert_eq!((&shown.json["active"], &shown.json["status"]), (&json!(false), &json!("disabled")));
    change(&world, &world.admin, &agent.id, json!({ "active": true, "limits": [] })).await.assert_ok();
    world.read(&token, "b/KEY").await.assert_ok();
}

#[tokio::test]
async fn limits_are_shared_by_an_agents_tokens_and_keep_what_was_used() {
    let world = World::new().await;
    let (agent, token) = with_token(&world).await;
    let other = world.token_of(&agent.key, json!({ "scopes": ["secrets:read:a/*"] })).await;
    let limits = json!({ "limits": [per_day("rpd", 3), per_day("more", 100)] });
    assert_eq!(
        change(&world, &world.admin, &agent.id, limits.clone()).await.json["limits"],
        limits["limits"]
    );
    world.read(&token, "a/KEY").await.assert_ok();
    world.read(&other, "a/KEY").await.assert_ok();
    // In another order and of another size; what was used stays used.
    let again = json!({ "limits": [per_day("more", 100), per_day("rpd", 3)] });
    change(&world, &world.admin, &agent.id, again).await.assert_ok();
    world.read(&token, "a/KEY").await.assert_ok();
    let refused = world.read(&other, "a/KEY").await;
    assert_eq!((refused.status, refused.reasons()), (429, &["quota_exhausted"][..]), "{:?}", refused.error);
    // Another id is another limit.
    let fresh = json!({ "limits": [per_day("new", 1)] });
    change(&world, &world.admin, &agent.id, fresh).await.assert_ok();
    world.read(&other, "a/KEY").await.assert_ok();
    world.read(&other, "a/KEY").await.assert(429, "RATE_LIMITED");
}

#[tokio::test]
async fn a_change_is_recorded_with_its_fields_and_makes_an_owner() {
    let world = World::new().await;
    let (agent, _) = with_token(&world).await;
    let first = world.me(&world.admin).await;
    let editor = world.operator(Role::Editor).await;
    let described = change(&world, &editor, &agent.id, json!({ "description": "reads" })).await;
    assert_eq!(described.json["owner"], first, "to describe is not to change what it may do");
    let body = json!({ "allowed_scopes": [READ], "token_ceiling": { "ttl": "10m" } });
    let changed = change(&world, &editor, &agent.id, body.clone()).await;
    assert_eq!(changed.json["owner"], world.me(&editor).await);
    assert_eq!(changed.json["token_ceiling"], json!({ "ttl": 600, "tier": "critical" }));
    let event = world.assert_recorded("agent.updated", "allow", &[]).await;
    assert_eq!(event["details"]["changed"], json!(["allowed_scopes", "token_ceiling"]));
    assert_eq!(event["details"]["old_owner"], first);
    world
        .post(&agent.key, "/v1/tokens", json!({ "scopes": [READ], "ttl": "11m" }))
        .await
        .assert_invalid("ttl");
    let before = world.recorded(1).await.remove(0);
    change(&world, &editor, &agent.id, body).await.assert_ok();
    assert_eq!(world.recorded(1).await.remove(0), before, "nothing changed, so nothing is recorded");
}

#[tokio::test]
async fn a_rotated_key_works_beside_the_old_one_for_its_overlap() {
    let world = World::new().await;
    let (agent, token) = with_token(&world).await;
    let first = rotate(&world, &world.admin, &agent.id, json!({ "overlap": "1h" })).await;
    first.assert(200, "");
    let event = world.assert_recorded("agent.key_rotated", "allow", &[]).await;
    assert_eq!(
        (&event["details"]["overlap_seconds"], &event["resource_id"]),
        (&json!(3600), &json!(agent.id))
    );
    assert_eq!(first.json["previous_key_expires_at"], "2026-01-01T01:00:00.000Z");
    let second = first.text("api_key");
    assert!(second.starts_with("wda_") && first.json["api_key_prefix"].as_str() == second.get(..12));
    world.advance(3_599_999);
    for key in [&agent.key, &second] {
        world.get(key, "/v1/tokens").await.assert_ok();
    }
    world.advance(1);
    world.get(&agent.key, "/v1/tokens").await.assert_denied(401, "UNAUTHORIZED", &["expired"]);
    world.get(&second, "/v1/tokens").await.assert_ok();
    // The token's own hour has passed too; a new one outlives a rotation without overlap, and the key before does not.
    world.read(&token, "a/KEY").await.assert_denied(401, "UNAUTHORIZED", &["expired"]);
    let token = world.token_of(&second, json!({ "scopes": [READ] })).await;
    let path = format!("/v1/agents/{}/rotate-key", agent.id);
    let third = world.send(Some(&world.admin), Method::POST, &path, Body::empty()).await.text("api_key");
    world.get(&second, "/v1/tokens").await.assert_denied(401, "UNAUTHORIZED", &["expired"]);
    world.get(&third, "/v1/tokens").await.assert_ok();
    world.read(&token, "a/KEY").await.assert_ok();
    world.get(&agent.key, "/v1/tokens").await.assert_denied(401, "UNAUTHORIZED", &[]);
}

#[tokio::test]
async fn a_second_rotation_ends_the_oldest_key() {
    let world = World::new().await;
    let (agent, _) = with_token(&world).await;
    let second = rotate(&world, &world.admin, &agent.id, json!({ "overlap": 86_400 })).await.text("api_key");
    let third = rotate(&world, &world.admin, &agent.id, json!({ "overlap": "1d" })).await.text("api_key");
    world.get(&agent.key, "/v1/tokens").await.assert_denied(401, "UNAUTHORIZED", &[]);
    for key in [&second, &third] {
        world.get(key, "/v1/tokens").await.assert_ok();
    }
    for overlap in [json!("31d"), json!("0s"), json!(0), json!(null), json!("1w")] {
        rotate(&world, &world.admin, &agent.id, json!({ "overlap": overlap }))
            .await
            .assert_invalid("overlap");
    }
}

#[tokio::test]
async fn a_revoked_agent_stays_so() {
    let world = World::new().await;
    let (agent, _) = with_token(&world).await;
    change(&world, &world.admin, &agent.id, json!({ "active": false })).await.assert_ok();
    world.delete(&world.admin, &format!("/v1/agents/{}", agent.id)).await.assert(204, "");
    world.assert_recorded("agent.revoked", "allow", &[]).await;
    change(&world, &world.admin, &agent.id, json!({ "active": true })).await.assert(409, "CONFLICT");
    world.assert_recorded("agent.updated", "error", &["agent_revoked"]).await;
    rotate(&world, &world.admin, &agent.id, json!({})).await.assert(409, "CONFLICT");
    let shown = world.get(&world.admin, &format!("/v1/agents/{}", agent.id)).await;
    assert_eq!(shown.json["status"], "revoked");
    change(&world, &world.admin, "unknown", json!({})).await.assert(404, "NOT_FOUND");
    rotate(&world, &world.admin, "unknown", json!({})).await.assert(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_agent_changes_what_it_made_and_covers() {
    let world = World::new().await;
    let maker = world.agent(&["a"], &["secrets:*:a/*", "agents:manage"]).await;
    let body = json!({ "name": "child", "allowed_namespaces": ["a"], "allowed_scopes": [READ] });
    world.post(&maker.key, "/v1/agents", body).await.assert(201, "");
    change(&world, &maker.key, "child", json!({ "allowed_scopes": [READ, "secrets:write:a/*"] }))
        .await
        .assert_ok();
    for (body, reason) in [
        (json!({ "allowed_scopes": ["secrets:read:*"] }), "scope_missing"),
        (json!({ "allowed_scopes": ["agents:manage"] }), "scope_missing"),
        (json!({ "allowed_namespaces": ["*"] }), "namespace_not_allowed"),
    ] {
        let refused = change(&world, &maker.key, "child", body.clone()).await;
        refused.assert(403, "SCOPE_DENIED");
        assert!(refused.reasons().contains(&reason), "{body} {:?}", refused.reasons());
        world.assert_recorded("agent.updated", "deny", refused.reasons()).await;
    }
    for id in [&maker.id, "unknown"] {
        change(&world, &maker.key, id, json!({ "allowed_scopes": [READ] })).await.assert(404, "NOT_FOUND");
        rotate(&world, &maker.key, id, json!({})).await.assert(404, "NOT_FOUND");
    }
    rotate(&world, &maker.key, "child", json!({})).await.assert_ok();
    // Narrowed itself, it neither takes the child's key nor enables it, but may still end it.
    let narrowed = json!({ "allowed_scopes": ["secrets:read:a/x/*", "agents:manage"] });
    change(&world, &world.admin, &maker.id, narrowed).await.assert_ok();
    rotate(&world, &maker.key, "child", json!({})).await.assert(403, "SCOPE_DENIED");
    change(&world, &maker.key, "child", json!({ "active": false })).await.assert_ok();
    change(&world, &maker.key, "child", json!({ "active": true })).await.assert(403, "SCOPE_DENIED");
    // What an operator has changed is the operator's.
    change(&world, &world.admin, "child", json!({ "allowed_scopes": ["secrets:read:a/x/*"] }))
        .await
        .assert_ok();
    change(&world, &maker.key, "child", json!({ "description": "mine" })).await.assert(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_agent_takes_no_key_of_one_that_has_become_freer_than_itself() {
    let world = World::new().await;
    for (place, narrower) in [
        json!({ "ip_policy": ["127.0.0.0/8"] }),
        json!({ "limits": [per_day("rpd", 1_000)] }),
        json!({ "token_ceiling": { "ttl": "10m" } }),
    ]
    .into_iter()
    .enumerate()
    {
        let maker = world.agent(&["a"], &[READ, "agents:manage"]).await;
        let child = format!("child-{place}");
        let body = json!({ "name": child, "allowed_namespaces": ["a"], "allowed_scopes": [READ] });
        world.post(&maker.key, "/v1/agents", body).await.assert(201, "");
        change(&world, &world.admin, &maker.id, narrower.clone()).await.assert_ok();
        let refused = rotate(&world, &maker.key, &child, json!({})).await;
        refused.assert_denied(403, "SCOPE_DENIED", &["power_over_own"]);
        world.assert_recorded("agent.key_rotated", "deny", &["power_over_own"]).await;
        change(&world, &maker.key, &child, narrower).await.assert_ok();
        rotate(&world, &maker.key, &child, json!({})).await.assert_ok();
    }
}

#[tokio::test]
async fn an_agent_passes_on_no_more_than_its_own_limits() {
    let world = World::new().await;
    let maker = world.agent(&["a"], &[READ, "agents:manage"]).await;
    change(&world, &world.admin, &maker.id, json!({ "limits": [per_day("rpd", 100)] })).await.assert_ok();
    let make = |name: &str, limits: Value| {
        let mut body = json!({ "name": name, "allowed_namespaces": ["a"], "allowed_scopes": [READ] });
        if !limits.is_null() {
            body["limits"] = limits;
        }
        body
    };
    for limits in [
        json!([per_day("rpd", 101)]),
        json!([{ "id": "t", "unit": "tokens", "algorithm": { "window": { "limit": 1, "per": "day" } } }]),
    ] {
        let refused = world.post(&maker.key, "/v1/agents", make("refused", limits)).await;
        refused.assert_denied(403, "SCOPE_DENIED", &["limits_over_own"]);
    }
    let less = world.post(&maker.key, "/v1/agents", make("less", json!([per_day("fewer", 10)]))).await;
    assert_eq!(less.json["limits"], json!([per_day("fewer", 10)]));
    let open = world.post(&maker.key, "/v1/agents", make("open", Value::Null)).await;
    assert_eq!(open.json["limits"], json!([per_day("rpd", 100)]), "what is left open is the maker's");
    let none = world.patch(&maker.key, "/v1/agents/less", json!({ "limits": [] })).await;
    assert_eq!(none.json["limits"], json!([per_day("rpd", 100)]));
}

#[tokio::test]
async fn agents_are_listed_by_page_and_by_idleness() {
    const DAY: u64 = 86_400_000;
    let world = World::new().await;
    let mut agents = Vec::new();
    for _ in 0..5 {
        agents.push(world.agent(&["a"], &[READ]).await);
    }
    let names = |answer: &super::world::Answer| -> Vec<String> {
        answer.assert_ok()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let pages = world.pages(&world.admin, "/v1/agents?limit=2").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    let mut expected: Vec<_> = agents.iter().map(|agent| agent.id.as_str()).collect();
    let mut found: Vec<_> = pages.iter().flatten().map(|item| item["id"].as_str().unwrap()).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    let whole = world.pages(&world.admin, "/v1/agents?limit=5").await;
    assert_eq!(whole.iter().map(Vec::len).collect::<Vec<_>>(), [5], "nothing follows the last one");
    world.advance(29 * DAY);
    world.token_of(&agents[0].key, json!({ "scopes": [READ] })).await;
    change(&world, &world.admin, &agents[1].id, json!({ "active": false })).await.assert_ok();
    world.advance(DAY + 1);
    let idle = names(&world.get(&world.admin, "/v1/agents?idle=30d").await);
    assert_eq!(idle.len(), 3, "neither the one that was seen nor the one that is disabled");
    assert!(!idle.contains(&agents[0].id) && !idle.contains(&agents[1].id));
    assert_eq!(names(&world.get(&world.admin, "/v1/agents?idle=31d").await), [""; 0]);
    for (query, field) in
        [("idle=0d", "idle"), ("idle=month", "idle"), ("limit=0", "limit"), ("cursor=zz", "cursor")]
    {
        world.get(&world.admin, &format!("/v1/agents?{query}")).await.assert_invalid(field);
    }
}

#[tokio::test]
async fn what_a_change_cannot_say_is_refused_by_name() {
    let world = World::new().await;
    let (agent, _) = with_token(&world).await;
    for (body, field) in [
        (json!({ "name": "other" }), "name"),
        (json!({ "description": null }), "description"),
        (json!({ "description": "a\u{7}" }), "description"),
        (json!({ "allowed_namespaces": ["a/*"] }), "allowed_namespaces[0]"),
        (json!({ "allowed_scopes": ["audit:read"] }), "allowed_scopes[0]"),
        (json!({ "ip_policy": [] }), "ip_policy"),
        (json!({ "limits": vec![per_day("x", 1); 9] }), "limits"),
        (json!({ "limits": [per_day("x", 1), per_day("x", 2)] }), "limits[1].id"),
        (json!({ "limits": [per_day("x", 0)] }), "limits[0].algorithm.window.limit"),
        (json!({ "token_ceiling": { "ttl": "25h" } }), "token_ceiling.ttl"),
        (json!({ "token_ceiling": null }), "token_ceiling"),
        (json!({ "active": "no" }), "active"),
    ] {
        change(&world, &world.admin, &agent.id, body).await.assert_invalid(field);
    }
    let viewer = world.operator(Role::Viewer).await;
    change(&world, &viewer, &agent.id, json!({ "active": false })).await.assert(403, "SCOPE_DENIED");
    rotate(&world, &viewer, &agent.id, json!({})).await.assert(403, "SCOPE_DENIED");
}

#[tokio::test]
async fn where_a_second_operator_is_required_nobody_takes_over_an_active_members_agent() {
    let world = World::with(|config| config.second_operator = SecondOperator::Required).await;
    let (agent, _) = with_token(&world).await;
    let owner = world.me(&world.admin).await;
    let editor = world.operator(Role::Editor).await;
    let narrower = json!({ "allowed_scopes": ["secrets:read:a/*"] });
    let refused = change(&world, &editor, &agent.id, narrower.clone()).await;
    refused.assert_denied(403, "APPROVAL_REQUIRED", &["second_operator_required"]);
    world.assert_recorded("agent.updated", "deny", &["second_operator_required"]).await;
    let refused = rotate(&world, &editor, &agent.id, json!({})).await;
    refused.assert_denied(403, "APPROVAL_REQUIRED", &["second_operator_required"]);
    world.assert_recorded("agent.key_rotated", "deny", &["second_operator_required"]).await;
    let disabled =
        change(&world, &editor, &agent.id, json!({ "active": false, "description": "rogue" })).await;
    assert_eq!((&disabled.assert_ok()["active"], &disabled.json["owner"]), (&json!(false), &json!(owner)));
    change(&world, &world.admin, &agent.id, narrower).await.assert_ok();
    rotate(&world, &world.admin, &agent.id, json!({})).await.assert_ok();
}

#[tokio::test]
async fn the_agent_of_a_removed_member_is_taken_over_by_one_alone() {
    let world = World::with(|config| config.second_operator = SecondOperator::Required).await;
    let editor = world.operator(Role::Editor).await;
    let owner = world.me(&editor).await;
    let body = json!({ "name": "left", "allowed_namespaces": ["a"], "allowed_scopes": [READ] });
    world.post(&editor, "/v1/agents", body).await.assert(201, "");
    rotate(&world, &world.admin, "left", json!({})).await.assert(403, "APPROVAL_REQUIRED");
    world.delete(&world.admin, &format!("/v1/members/{owner}")).await.assert_ok();
    let taken = rotate(&world, &world.admin, "left", json!({})).await;
    assert_eq!(taken.assert_ok()["owner"], world.me(&world.admin).await);
}
