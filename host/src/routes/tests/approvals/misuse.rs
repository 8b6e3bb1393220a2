//! What approvals must not let through.

use serde_json::json;
use warded_core::crypto::token::TokenKind;

use super::{MINUTE, Scene, critical, sensitive};
use crate::routes::tests::world::World;
use crate::store::{Role, query};

#[tokio::test]
async fn who_may_not_approve_does_not() {
    let scene = Scene::new().await;
    let Scene { world, agent, one, .. } = &scene;
    let id = scene.asked(critical()).await;
    let path = format!("/v1/approvals/{id}/approve");
    scene.approve(&world.admin, &id).await.assert_denied(403, "SCOPE_DENIED", &["own_agent"]);
    world.assert_recorded("approval.granted", "deny", &["own_agent"]).await;
    for role in [Role::Viewer, Role::Auditor] {
        let key = world.operator(role).await;
        scene.approve(&key, &id).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    }
    let token = world.token_of(&agent.key, json!({ "scopes": ["secrets:read:b/*"] })).await;
    for key in [&agent.key, &token] {
        world.post(key, &path, json!({})).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        world.post(key, &format!("/v1/approvals/{id}/deny"), json!({})).await.assert(403, "SCOPE_DENIED");
    }
    world.post(one, "/v1/approvals/apr_none/approve", json!({})).await.assert(404, "NOT_FOUND");
    world.post(one, &path, json!({ "status": "approved" })).await.assert(400, "VALIDATION_FAILED");
    assert_eq!(scene.status(&id).await["approvals"], json!([]), "none of that counts");
    scene.ask(critical()).await.assert(202, "");
}

#[tokio::test]
async fn an_agent_of_an_agent_is_its_makers_too() {
    let scene = Scene::new().await;
    let Scene { world, one, .. } = &scene;
    let maker = world.agent(&["*"], &["agents:manage", "secrets:*:*"]).await;
    let body = json!({ "name": "made", "allowed_namespaces": ["*"], "allowed_scopes": ["secrets:read:*"] });
    let made = world.post(&maker.key, "/v1/agents", body).await;
    let asked = world.post(&made.text("api_key"), "/v1/tokens", sensitive()).await;
    asked.assert(202, "");
    let id = asked.text("approval_id");
    scene.approve(&world.admin, &id).await.assert_denied(403, "SCOPE_DENIED", &["own_agent"]);
    scene.approve(one, &id).await.assert_ok();
}

#[tokio::test]
async fn who_was_shown_an_agents_key_does_not_approve_what_it_asks() {
    let scene = Scene::new().await;
    let Scene { world, agent, one, two } = &scene;
    let path = format!("/v1/agents/{}", agent.id);
    let changed = world.patch(one, &path, json!({ "token_ceiling": { "ttl": "1h" } })).await;
    assert_eq!(changed.json["owner"], scene.member(one).await);
    assert_eq!(changed.json["key_owner"], scene.member(&world.admin).await);
    let id = scene.asked(sensitive()).await;
    for key in [&world.admin, one] {
        scene.approve(key, &id).await.assert_denied(403, "SCOPE_DENIED", &["own_agent"]);
    }
    let rotated = world.post(two, &format!("{path}/rotate-key"), json!({ "overlap": "10m" })).await;
    assert_eq!(rotated.assert_ok()["key_owner"], scene.member(two).await);
    world.advance(10 * MINUTE - 1);
    scene.approve(&world.admin, &id).await.assert_denied(403, "SCOPE_DENIED", &["own_agent"]);
    world.advance(1);
    scene.approve(two, &id).await.assert_denied(403, "SCOPE_DENIED", &["own_agent"]);
    assert_eq!(
        scene.approve(&world.admin, &id).await.assert_ok()["status"],
        "approved",
        "the old key has ended"
    );
}

#[tokio::test]
async fn a_key_without_the_flag_does_not_approve() {
    let scene = Scene::new().await;
    let member = scene.member(&scene.one).await;
    let minted = scene.world.app.guest.mint_token(TokenKind::ApiKey).unwrap();
    let (hash, flagless) = (minted.hash, minted.text.expose().clone());
    scene
        .change(move |tx| {
            let mut key = tx.keys_of(&member).unwrap().remove(0);
            tx.revoke_key(&key.id).unwrap();
            key.id = "key_flagless".to_owned();
            key.hash = hash;
            key.approve = false;
            tx.add_key(&key).unwrap();
        })
        .await;
    let id = scene.asked(critical()).await;
    let refused = scene.approve(&flagless, &id).await;
    refused.assert_denied(403, "SCOPE_DENIED", &["approve_flag_missing"]);
    scene.deny(&flagless, &id).await.assert_denied(403, "SCOPE_DENIED", &["approve_flag_missing"]);
    assert_eq!(scene.status(&id).await["required_approvals"], 1, "who has no key for it is not waited for");
}

#[tokio::test]
async fn somebody_elses_approval_does_not_exist() {
    let scene = Scene::new().await;
    let Scene { world, one, .. } = &scene;
    let id = scene.asked(sensitive()).await;
    scene.approve(one, &id).await.assert_ok();
    let other = world.agent(&["*"], &["secrets:*:*"]).await;
    for path in [format!("/v1/approvals/agent/{id}"), format!("/v1/approvals/{id}")] {
        world.get(&other.key, &path).await.assert(404, "NOT_FOUND");
    }
    assert_eq!(world.get(&other.key, "/v1/approvals").await.assert_ok()["items"], json!([]));
    let asked = world.post(&other.key, "/v1/tokens", sensitive()).await;
    asked.assert(202, "");
    assert_ne!(asked.text("approval_id"), id, "the same request of another agent is another");
}

#[tokio::test]
async fn a_request_that_differs_in_anything_bound_is_another() {
    let scene = Scene::new().await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    for changed in [
        json!({ "scopes": ["secrets:read:a/*", "secrets:read:b/*"], "ttl": "15m" }),
        json!({ "scopes": ["secrets:*:a/*"], "ttl": "15m" }),
        json!({ "scopes": ["secrets:read:a/*"], "ttl": "16m" }),
        json!({ "scopes": ["secrets:read:a/*"], "ttl": "15m", "max_uses": 1 }),
        json!({ "scopes": ["secrets:read:a/*"], "ttl": "15m", "ip_allowlist": ["0.0.0.0/0"] }),
    ] {
        assert_ne!(scene.asked(changed.clone()).await, id, "{changed}");
    }
    // Another reason and another spelling of the same life are the same request.
    scene.ask(json!({ "scopes": ["secrets:read:a/*"], "ttl": 900, "reason": "other" })).await.assert(200, "");
}

#[tokio::test]
async fn who_approved_must_still_be_entitled_when_it_is_used() {
    let scene = Scene::new().await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    scene.demote(&scene.one).await;
    assert_eq!(scene.asked(sensitive()).await, id, "it waits for somebody else");
    assert_eq!(scene.status(&id).await["status"], "pending");
    scene.approve(&scene.two, &id).await.assert_ok();
    let gone = scene.member(&scene.two).await;
    scene.world.operator(Role::Editor).await;
    scene.change(move |tx| assert_eq!(tx.remove_member(&gone).unwrap(), 1)).await;
    scene.ask(sensitive()).await.assert(202, "");
    assert_eq!(scene.live_tokens().await, 0);
}

#[tokio::test]
async fn the_policy_of_today_says_how_many_it_takes() {
    let scene = Scene::new().await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    let two = json!({ "version": 1, "approvals": { "sensitive": 2 }, "rules": [{ "id": "grants", "effect": "allow" }] });
    scene.activate(&two).await;
    assert_eq!(scene.asked(sensitive()).await, id);
    let reopened = scene.status(&id).await;
    assert_eq!((&reopened["status"], &reopened["required_approvals"]), (&json!("pending"), &json!(2)));
    scene.approve(&scene.two, &id).await.assert_ok();
    scene.ask(sensitive()).await.assert(200, "");
}

#[tokio::test]
async fn every_other_clause_is_decided_again() {
    let scene = Scene::new().await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    scene
        .activate(&json!({ "version": 1, "rules": [
        { "id": "grants", "effect": "allow" }, { "id": "freeze", "effect": "deny", "resources": ["a/*"] },
    ] }))
        .await;
    scene.ask(sensitive()).await.assert_denied(403, "SCOPE_DENIED", &["policy_denied"]);
    let refused = scene.world.assert_recorded("token.refused", "deny", &["policy_denied"]).await;
    assert_eq!(refused["details"]["rules"], json!(["freeze"]));
    assert_eq!(scene.status(&id).await["status"], "approved", "a refusal spends nothing");
}

#[tokio::test]
async fn a_used_token_is_not_replaced() {
    let scene = Scene::new().await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    let token = scene.ask(sensitive()).await.text("token");
    scene.world.read(&token, "a/SENSITIVE").await.assert_ok();
    assert_ne!(scene.asked(sensitive()).await, id);
    scene.world.read(&token, "a/SENSITIVE").await.assert_ok();
}

#[tokio::test]
async fn a_revoked_token_is_not_brought_back_by_its_approval() {
    let scene = Scene::new().await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    let issued = scene.ask(sensitive()).await;
    let path = format!("/v1/tokens/{}", issued.text("token_id"));
    scene.world.delete(&scene.agent.key, &path).await.assert(204, "");
    assert_ne!(scene.asked(sensitive()).await, id);
}

#[tokio::test]
async fn a_credential_that_somebody_wrote_into_a_text_is_told_to_nobody() {
    let scene = Scene::new().await;
    let Scene { world, agent, one, .. } = &scene;
    let key = &agent.key;
    let hook = json!({ "url": "https://example.com/hook", "kinds": ["approval.requested"] });
    world.post(&world.admin, "/v1/webhooks", hook).await.assert(201, "");
    let scopes = ["secrets:read:a/*".to_owned(), format!("secrets:read:{key}/*")];
    let id = scene.asked(json!({ "scopes": scopes, "reason": format!("I am {key}") })).await;
    let denial = json!({ "reason": format!("{key} is no reason") });
    world.post(one, &format!("/v1/approvals/{id}/deny"), denial).await.assert_ok();
    let shown = scene.status(&id).await;
    assert_eq!(shown["reason"], "I am wda_***");
    assert_eq!(shown["requested_scopes"], json!(["secrets:read:a/*", "secrets:read:wda_***/*"]));
    assert_eq!(shown["approvals"][0]["reason"], "wda_*** is no reason");
    let sent = query(&*world.app.store, |read| read.due_deliveries()).unwrap().remove(0);
    assert_eq!((sent.kind.as_str(), sent.body.contains(key)), ("approval.requested", false), "{}", sent.body);

    let body = json!({ "scopes": ["secrets:read:b/*"], "reason": format!("I am {key}") });
    let token = world.post(key, "/v1/tokens", body).await.text("token_id");
    let listed = world.get(&world.admin, &format!("/v1/tokens/{token}")).await;
    assert_eq!(listed.assert_ok()["reason"], "I am wda_***");
    let described = json!({ "description": format!("calls with {key}") });
    let changed = world.patch(&world.admin, &format!("/v1/agents/{}", agent.id), described).await;
    assert_eq!(changed.assert_ok()["description"], "calls with wda_***");
}

#[tokio::test]
async fn ten_may_be_open() {
    let scene = Scene::new().await;
    let ask = |minutes: u64| scene.ask(json!({ "scopes": ["secrets:read:a/*"], "ttl": minutes * 60 }));
    for minutes in 1..=10 {
        ask(minutes).await.assert(202, "");
    }
    ask(11).await.assert_denied(429, "RATE_LIMITED", &["limit_exceeded"]);
    ask(10).await.assert(202, "");
    scene.world.advance(61 * MINUTE);
    ask(11).await.assert(202, "");
}

#[tokio::test]
async fn with_fewer_people_all_of_them_suffice_and_it_is_recorded() {
    let scene = Scene::new().await;
    scene.demote(&scene.two).await;
    let id = scene.asked(critical()).await;
    let asked = scene.status(&id).await;
    assert_eq!((&asked["required_approvals"], &asked["quorum_reduced"]), (&json!(1), &json!(true)));
    scene.approve(&scene.one, &id).await.assert_ok();
    let granted = scene.world.assert_recorded("approval.granted", "allow", &[]).await;
    assert_eq!(granted["details"]["quorum_reduced"], 2);
    scene.ask(critical()).await.assert(200, "");
}

#[tokio::test]
async fn who_is_left_may_say_so_again_once_nobody_else_is_waited_for() {
    let scene = Scene::new().await;
    let id = scene.asked(critical()).await;
    for _ in 0..2 {
        assert_eq!(scene.approve(&scene.one, &id).await.assert_ok()["status"], "pending");
    }
    let granted = scene.world.get(&scene.world.admin, "/v1/audit?event_type=approval.granted").await;
    assert_eq!(granted.assert_ok()["total"], 1, "saying so again is nothing new");
    scene.demote(&scene.two).await;
    assert_eq!(scene.asked(critical()).await, id, "nobody has said so since");
    assert_eq!(scene.approve(&scene.one, &id).await.assert_ok()["status"], "approved");
    let granted = scene.world.assert_recorded("approval.granted", "allow", &[]).await;
    assert_eq!(granted["details"]["quorum_reduced"], 2);
    scene.ask(critical()).await.assert(200, "");
}

#[tokio::test]
async fn where_the_owner_is_the_only_one_the_owner_suffices() {
    let scene = Scene::new().await;
    scene.demote(&scene.one).await;
    scene.demote(&scene.two).await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.world.admin, &id).await.assert_ok();
    let granted = scene.world.assert_recorded("approval.granted", "allow", &[]).await;
    assert_eq!(granted["details"]["quorum_reduced"], 1);
    scene.ask(sensitive()).await.assert(200, "");
}

#[tokio::test]
async fn strict_refuses_instead() {
    let scene = Scene::of(World::with(|config| config.approvals_strict = true).await).await;
    scene.demote(&scene.two).await;
    scene.ask(critical()).await.assert_denied(403, "APPROVAL_REQUIRED", &["too_few_approvers"]);
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    scene.ask(sensitive()).await.assert(200, "");
}
