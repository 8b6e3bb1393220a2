//! Approvals of single uses, the tiers of what is used, and the policy beside it.

use serde_json::{Value, json};

use super::super::world::Answer;
use super::{MINUTE, Scene, events, sensitive};

fn asking(resource: &str, action: &str) -> Value {
    let mut rule = json!({ "id": "asked", "effect": "require_approval", "actions": [action] });
    if !resource.is_empty() {
        rule["resources"] = json!([resource]);
    }
    json!({ "version": 1, "rules": [{ "id": "grants", "effect": "allow" }, rule] })
}

/// The approval that a use waits for.
#[track_caller]
pub(super) fn waits(answer: &Answer) -> String {
    answer.assert_denied(403, "APPROVAL_REQUIRED", &["approval_required"]);
    answer.error.as_ref().unwrap().approval_id.clone().unwrap()
}

#[tokio::test]
async fn a_use_that_a_rule_asks_about_passes_once_after_approval() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let token = world.token_of(&scene.agent.key, json!({ "scopes": ["secrets:*:b/*"], "max_uses": 2 })).await;
    scene.activate(&asking("b/*", "secrets:read")).await;
    let id = waits(&world.read(&token, "b/PLAIN").await);
    assert_eq!(events(world, 1).await, ["approval.requested"]);
    assert_eq!(waits(&world.read(&token, "b/PLAIN").await), id);
    let again = world.assert_recorded("secret.read", "ask", &["approval_required"]).await;
    assert_eq!(
        (&again["details"]["approval_id"], &again["details"]["rules"]),
        (&json!(id), &json!(["asked"]))
    );
    let shown = scene.status(&id).await;
    assert_eq!(
        (&shown["kind"], &shown["requested_scopes"]),
        (&json!("use"), &json!(["secrets:read:b/PLAIN"]))
    );

    scene.approve(&scene.one, &id).await.assert_ok();
    assert_eq!(world.read(&token, "b/PLAIN").await.assert_ok()["value"], "b/PLAIN");
    assert_eq!(events(world, 2).await, ["approval.consumed", "secret.read"]);
    let standing = world.get(&token, "/v1/tokens/self").await;
    assert_eq!(standing.assert_ok()["uses"], 1, "what waited has spent nothing");
    assert_ne!(waits(&world.read(&token, "b/PLAIN").await), id, "an approval passes once");
    let other = world.put(&token, "b/PLAIN", json!({ "value": "written" })).await;
    other.assert(200, "");
}

#[tokio::test]
async fn what_fails_after_all_does_not_spend_its_approval() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let token = world.token_of(&scene.agent.key, json!({ "scopes": ["secrets:read:b/ABSENT"] })).await;
    scene.activate(&asking("b/*", "secrets:read")).await;
    let id = waits(&world.read(&token, "b/ABSENT").await);
    scene.approve(&scene.one, &id).await.assert_ok();
    world.read(&token, "b/ABSENT").await.assert(404, "SECRET_NOT_FOUND");
    assert_eq!(scene.status(&id).await["status"], "approved");
    world.secret("b/ABSENT", "there").await;
    world.read(&token, "b/ABSENT").await.assert_ok();
    assert_eq!(scene.status(&id).await["status"], "consumed");
}

#[tokio::test]
async fn an_approval_binds_the_token_and_the_path() {
    let scene = Scene::new().await;
    let world = &scene.world;
    world.secret("b/OTHER", "other").await;
    let body = json!({ "scopes": ["secrets:read:b/*"] });
    let (first, second) =
        (world.token_of(&scene.agent.key, body.clone()).await, world.token_of(&scene.agent.key, body).await);
    scene.activate(&asking("b/*", "secrets:read")).await;
    let id = waits(&world.read(&first, "b/PLAIN").await);
    scene.approve(&scene.one, &id).await.assert_ok();
    assert_ne!(waits(&world.read(&second, "b/PLAIN").await), id);
    assert_ne!(waits(&world.read(&first, "b/OTHER").await), id);
    world.read(&first, "b/PLAIN").await.assert_ok();
}

#[tokio::test]
async fn a_denied_use_is_denied_for_ten_minutes() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let token = world.token_of(&scene.agent.key, json!({ "scopes": ["secrets:read:b/*"] })).await;
    scene.activate(&asking("b/*", "secrets:read")).await;
    let id = waits(&world.read(&token, "b/PLAIN").await);
    scene.deny(&scene.one, &id).await.assert_ok();
    world.read(&token, "b/PLAIN").await.assert_denied(403, "APPROVAL_DENIED", &["approval_denied"]);
    world.advance(10 * MINUTE);
    waits(&world.read(&token, "b/PLAIN").await);
}

#[tokio::test]
async fn what_is_only_read_spends_its_approval_too() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let maker = world.agent(&["*"], &["agents:manage"]).await;
    scene.activate(&asking("", "agents:manage")).await;
    let id = waits(&world.get(&maker.key, "/v1/agents").await);
    scene.approve(&scene.one, &id).await.assert_ok();
    world.get(&maker.key, "/v1/agents").await.assert_ok();
    assert_eq!(scene.status(&id).await["status"], "consumed");
    assert_ne!(waits(&world.get(&maker.key, "/v1/agents").await), id);
}

#[tokio::test]
async fn operators_above_standard_need_what_an_agent_would() {
    let scene = Scene::new().await;
    let Scene { world, one, two, .. } = &scene;
    let id = waits(&world.read(one, "a/SENSITIVE").await);
    let shown = scene.status(&id).await;
    assert_eq!(
        (&shown["asker_type"], &shown["requested_scopes"]),
        (&json!("operator"), &json!(["secrets:read:a/SENSITIVE"]))
    );
    scene.approve(one, &id).await.assert_denied(403, "SCOPE_DENIED", &["own_request"]);
    waits(&world.read(two, "a/SENSITIVE").await);
    scene.approve(two, &id).await.assert_ok();
    world.read(one, "a/SENSITIVE").await.assert_ok();
    waits(&world.read(one, "a/SENSITIVE").await);

    let write = waits(&world.put(one, "a/SENSITIVE", json!({ "value": "new" })).await);
    assert_ne!(write, id, "reading and writing are two questions");
    scene.approve(&world.admin, &write).await.assert_ok();
    world.put(one, "a/SENSITIVE", json!({ "value": "new" })).await.assert(200, "");
    world.get(one, "/v1/secrets/a/SENSITIVE?view=metadata").await.assert_ok();

    let critical = waits(&world.delete(one, "/v1/secrets/c/CRITICAL").await);
    scene.approve(two, &critical).await.assert_ok();
    assert_eq!(scene.status(&critical).await["status"], "pending");
    scene.approve(&world.admin, &critical).await.assert_ok();
    world.delete(one, "/v1/secrets/c/CRITICAL").await.assert(204, "");
}

#[tokio::test]
async fn a_tier_is_lowered_with_the_approvals_of_the_tier_that_is_left() {
    let scene = Scene::new().await;
    let Scene { world, one, two, .. } = &scene;
    let lower = |tier: &str| world.change(one, "c/CRITICAL", json!({ "access_tier": tier }));
    let id = waits(&lower("sensitive").await);
    let shown = scene.status(&id).await;
    assert_eq!(shown["requested_scopes"], json!(["secrets:lower-to-sensitive:c/CRITICAL"]));
    assert_eq!((&shown["access_tier"], &shown["required_approvals"]), (&json!("critical"), &json!(2)));
    scene.approve(two, &id).await.assert_ok();
    scene.approve(&world.admin, &id).await.assert_ok();
    assert_ne!(waits(&lower("standard").await), id, "what was approved is where it goes");
    assert_eq!(lower("sensitive").await.assert_ok()["access_tier"], "sensitive");
    waits(&world.read(one, "c/CRITICAL").await);
}

#[tokio::test]
async fn a_tier_that_rises_is_out_of_reach_of_older_tokens() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let token = world.token_of(&scene.agent.key, json!({ "scopes": ["secrets:*:b/*"] })).await;
    world.read(&token, "b/PLAIN").await.assert_ok();
    world.put(&token, "b/PLAIN", json!({ "value": "v", "access_tier": "sensitive" })).await.assert(200, "");
    world.read(&token, "b/PLAIN").await.assert_denied(403, "APPROVAL_REQUIRED", &["tier_exceeds_grant"]);
    let written = world.put(&token, "b/PLAIN", json!({ "value": "w", "access_tier": "standard" })).await;
    written.assert_denied(403, "APPROVAL_REQUIRED", &["tier_exceeds_grant"]);
    world.delete(&token, "/v1/secrets/b/PLAIN").await.assert(403, "APPROVAL_REQUIRED");
    scene.ask(json!({ "scopes": ["secrets:*:b/*"] })).await.assert(202, "");
}

#[tokio::test]
async fn a_tier_that_rises_before_it_is_used_is_another_request() {
    let scene = Scene::new().await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    let raised = json!({ "value": "v", "access_tier": "critical" });
    scene.world.put(&scene.world.admin, "a/NEW", raised).await.assert(201, "");
    assert_ne!(scene.asked(sensitive()).await, id, "what was approved was a token of the sensitive tier");
}

#[tokio::test]
async fn above_an_agents_ceiling_nobody_is_asked_and_nothing_is_reached() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let body = json!({
        "name": "low", "allowed_namespaces": ["*"], "allowed_scopes": ["secrets:*:*"],
        "token_ceiling": { "tier": "standard" },
    });
    let key = world.post(&world.admin, "/v1/agents", body).await.text("api_key");
    let token = world.token_of(&key, json!({ "scopes": ["secrets:read:*"] })).await;
    world.read(&token, "b/PLAIN").await.assert_ok();
    world.read(&token, "a/SENSITIVE").await.assert_denied(403, "APPROVAL_REQUIRED", &["tier_exceeds_grant"]);
}

#[tokio::test]
async fn the_policy_decides_beside_the_grants() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let token = world.token_of(&scene.agent.key, json!({ "scopes": ["secrets:*:b/*"] })).await;
    scene
        .activate(&json!({ "version": 1, "rules": [
        { "id": "reading", "effect": "allow", "actions": ["secrets:read"] },
        { "id": "incident-42", "effect": "deny", "subjects": ["agt_nobody"] },
    ] }))
        .await;
    world.read(&token, "b/PLAIN").await.assert_ok();
    let refused = world.put(&token, "b/PLAIN", json!({ "value": "v" })).await;
    refused.assert_denied(403, "SCOPE_DENIED", &["no_rule_allows"]);
    let incident = json!({ "version": 1, "rules": [
        { "id": "grants", "effect": "allow" },
        { "id": "incident-42", "effect": "deny", "subjects": [scene.agent.id] },
    ] });
    scene.activate(&incident).await;
    world.read(&token, "b/PLAIN").await.assert_denied(403, "SCOPE_DENIED", &["policy_denied"]);
    let recorded = world.assert_recorded("secret.read", "deny", &["policy_denied"]).await;
    assert_eq!(recorded["details"]["rules"], json!(["incident-42"]));
    world.read(&scene.one, "b/PLAIN").await.assert_ok();
}

#[tokio::test]
async fn no_policy_locks_out_those_who_would_repair_it() {
    let scene = Scene::new().await;
    let world = &scene.world;
    scene.activate(&json!({ "version": 1, "rules": [{ "id": "stop", "effect": "deny" }] })).await;
    for path in ["/v1/agents", "/v1/approvals", "/v1/tokens", "/v1/audit", "/v1/me"] {
        world.get(&world.admin, path).await.assert_ok();
    }
    world.read(&world.admin, "b/PLAIN").await.assert_denied(
        403,
        "SCOPE_DENIED",
        &["policy_denied", "no_rule_allows"],
    );
    scene.ask(sensitive()).await.assert(403, "SCOPE_DENIED");
    let own = world.get(&scene.agent.key, "/v1/tokens").await;
    assert_eq!(own.assert_ok()["items"], json!([]), "what an agent has may still be seen and revoked");
}
