//! A shadow: set, compared with the policy that decides, and without effect.

use serde_json::{Value, json};

use super::policies::{activate, allow_all, create, deny, roll_back};
use super::world::World;

#[tokio::test]
async fn a_shadow_is_set_seen_and_ended() {
    let world = World::new().await;
    create(&world, deny("a/b")).await;
    create(&world, allow_all()).await;
    let shadow = |version: u64| format!("/v1/policies/{version}/shadow");
    world.post(&world.admin, &shadow(0), json!({})).await.assert(409, "CONFLICT");
    let set = world.post(&world.admin, &shadow(1), json!({})).await;
    assert_eq!((&set.assert_ok()["shadow"], &set.json["active"]), (&json!(1), &json!(0)));
    let event = world.assert_recorded("policy.changed", "allow", &[]).await;
    assert_eq!((&event["details"]["change"], &event["details"]["version"]), (&json!("shadow"), &json!(1)));
    let report = world.get(&world.admin, "/v1/policies/shadow").await;
    assert_eq!((&report.assert_ok()["shadow"], &report.json["failed"]), (&json!(1), &json!(0)));
    assert_eq!(world.get(&world.admin, "/v1/policies/1").await.assert_ok()["shadow"], true);
    for _ in 0..2 {
        world.delete(&world.admin, "/v1/policies/shadow").await.assert(204, "");
    }
    let event = world.assert_recorded("policy.changed", "allow", &[]).await;
    assert_eq!(event["details"]["change"], "shadow_ended");
    world.post(&world.admin, &shadow(2), json!({})).await.assert_ok();
    assert_eq!(activate(&world, 2, 0).await.assert_ok()["shadow"], Value::Null, "it decides by now");
}

/// Everything that a shadow could have changed: answers, uses and records.
async fn a_day(world: &World) -> Vec<Value> {
    let agent = world.agent(&["a"], &["secrets:*:a/*"]).await;
    let wanted = json!({ "scopes": ["secrets:*:a/*"], "max_uses": 4 });
    let token = world.token_of(&agent.key, wanted).await;
    let mut seen = Vec::new();
    for path in ["a/open", "a/shut", "a/none", "a/shut", "b/other", "a/open", "a/open"] {
        let answer = world.read(&token, path).await;
        seen.push(json!([answer.status, answer.reasons(), answer.json["value"]]));
    }
    let own = world.get(&token, "/v1/tokens/self").await;
    seen.push(json!([own.json["uses"], own.json["uses_remaining"]]));
    let records = world.recorded(9).await;
    seen.extend(
        records
            .into_iter()
            .map(|one| json!([one["event_type"], one["outcome"], one["reasons"], one["path"]])),
    );
    seen
}

pub(super) async fn stocked() -> World {
    let world = World::new().await;
    for path in ["a/open", "a/shut"] {
        world.secret(path, "value").await;
    }
    world
}

#[tokio::test]
async fn a_shadow_is_compared_and_changes_nothing() {
    let plain = a_day(&stocked().await).await;
    let asking = json!({ "version": 1, "rules": [
        { "id": "grants", "effect": "allow" },
        { "id": "people", "effect": "require_approval", "actions": ["secrets:read"], "resources": ["a/open"] },
    ] });
    let nothing = json!({ "version": 1, "rules": [{ "id": "emergency", "effect": "deny" }] });
    for document in [deny("a/shut"), asking, nothing, allow_all()] {
        let world = stocked().await;
        let version = create(&world, document).await;
        world.post(&world.admin, &format!("/v1/policies/{version}/shadow"), json!({})).await.assert_ok();
        assert_eq!(a_day(&world).await, plain, "version {version}");
        assert_eq!(world.get(&world.admin, "/v1/approvals").await.assert_ok()["items"], json!([]));
    }
}

#[tokio::test]
async fn the_report_says_where_a_shadow_differs() {
    let world = stocked().await;
    let version = create(&world, deny("a/shut")).await;
    world.post(&world.admin, &format!("/v1/policies/{version}/shadow"), json!({})).await.assert_ok();
    a_day(&world).await;
    let report = world.get(&world.admin, "/v1/policies/shadow").await;
    let report = report.assert_ok();
    assert_eq!((&report["differing"], &report["counts"]["allow"]["deny"]), (&json!(2), &json!(2)));
    assert!(report["counts"]["allow"]["allow"].as_u64().unwrap() >= 3);
    let example = &report["examples"][0];
    assert_eq!((&example["on"], &example["count"]), (&json!(["a/shut"]), &json!(2)));
    assert_eq!(
        example["shadow"],
        json!({ "decision": "deny", "reasons": ["policy_denied"], "rules": ["kept-shut"] })
    );
    assert_eq!(
        (&example["active"]["decision"], &example["action"]),
        (&json!("allow"), &json!("secrets:read"))
    );
    assert!(!report.to_string().contains("value"), "no secret is in it");

    activate(&world, version, 0).await.assert_ok();
    let over = world.get(&world.admin, "/v1/policies/shadow").await;
    assert_eq!((&over.assert_ok()["shadow"], &over.json["examples"]), (&Value::Null, &json!([])));
    let agent = world.agent(&["a"], &["secrets:read:a/*"]).await;
    let read = || world.read(&agent.key, "a/shut?version=1");
    read().await.assert_denied(403, "SCOPE_DENIED", &["policy_denied"]);
    roll_back(&world, version).await.assert_ok();
    assert_eq!(read().await.text("value"), "value");
}
