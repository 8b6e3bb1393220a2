use serde_json::{Value, json};

use super::world::{Answer, World};
use crate::store::Role;

const DAY: u64 = 86_400_000;

fn keys(answer: &Answer) -> Vec<String> {
    answer.assert_ok()["items"].as_array().unwrap().iter().map(key).collect()
}

fn key(item: &Value) -> String {
    item["key"].as_str().unwrap().to_owned()
}

async fn filled() -> World {
    let world = World::new().await;
    let put = |path: &'static str, kind: &'static str, metadata: Value| {
        world.put(&world.admin, path, json!({ "value": "v", "secret_type": kind, "metadata": metadata }))
    };
    put("production/db/DB", "db_credential", json!({})).await.assert(201, "");
    world.advance(DAY);
    put("production/pay/PAYMENT", "api_key", json!({ "purpose": "payment" })).await.assert(201, "");
    world.advance(DAY);
    put("staging/db/DB2", "db_credential", json!({})).await.assert(201, "");
    put("production/CUSTOM", "custom", json!({})).await.assert(201, "");
    world
}

#[tokio::test]
async fn what_is_due_is_listed_oldest_first() {
    let world = filled().await;
    let due = |query: &'static str| world.get(&world.admin, query);
    assert_eq!(keys(&due("/v1/rotations").await), [""; 0]);
    world.advance(13 * DAY);
    let first = due("/v1/rotations").await;
    assert_eq!(keys(&first), ["PAYMENT"]);
    let item = &first.json["items"][0];
    let fields = [
        "id",
        "namespace",
        "key",
        "version",
        "secret_type",
        "access_tier",
        "environment",
        "written_at",
        "due_at",
        "rule",
    ];
    assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), fields);
    assert_eq!(
        (&item["written_at"], &item["due_at"]),
        (&json!("2026-01-02T00:00:00.000Z"), &json!("2026-01-16T00:00:00.000Z"))
    );
    assert_eq!((&item["rule"], &item["environment"]), (&json!("purpose=payment 14d"), &json!("production")));
    let event = world.assert_recorded("secret.listed", "allow", &[]).await;
    assert_eq!((&event["details"]["view"], &event["details"]["items"]), (&json!("rotations"), &json!(1)));
    assert_eq!(keys(&due("/v1/rotations?due_before=2026-02-15T00:00:00Z").await), ["DB", "PAYMENT"]);
    assert_eq!(
        keys(&due("/v1/rotations?due_before=2030-01-01T00:00:00Z").await),
        ["DB", "PAYMENT", "CUSTOM", "DB2"]
    );
    assert_eq!(keys(&due("/v1/rotations?due_before=1960-01-01T00:00:00Z").await), [""; 0]);
    let new = Some(json!({ "new_value": "w" }));
    world.act(&world.admin, "production/pay/PAYMENT", "rotate", new).await.assert_ok();
    assert_eq!(keys(&due("/v1/rotations").await), [""; 0]);
    let back = Some(json!({ "version": 1 }));
    world.act(&world.admin, "production/pay/PAYMENT", "rollback", back).await.assert_ok();
    assert_eq!(keys(&due("/v1/rotations").await), ["PAYMENT"], "an old value is as old as it was");
    world.delete(&world.admin, "/v1/secrets/production/pay/PAYMENT").await.assert_ok();
    assert_eq!(keys(&due("/v1/rotations").await), [""; 0]);
}

#[tokio::test]
async fn pages_follow_one_another() {
    let world = filled().await;
    world.advance(400 * DAY);
    let pages = world.pages(&world.admin, "/v1/rotations?limit=1").await;
    assert!(pages.iter().all(|page| page.len() <= 1));
    assert_eq!(pages.iter().flatten().map(key).collect::<Vec<_>>(), ["DB", "PAYMENT", "CUSTOM", "DB2"]);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("cursor=zz", "cursor"),
        ("cursor=31203a", "cursor"),
        ("cursor=303120612f62", "cursor"),
        ("due_before=tomorrow", "due_before"),
        ("due_before=1", "due_before"),
        ("environment=production", "environment"),
    ] {
        world.get(&world.admin, &format!("/v1/rotations?{query}")).await.assert_invalid(field);
    }
}

#[tokio::test]
async fn the_list_is_for_operators_who_see_what_there_is() {
    let world = filled().await;
    world
        .put(&world.admin, "production/HIGH", json!({ "value": "v", "access_tier": "critical" }))
        .await
        .assert(201, "");
    world.advance(400 * DAY);
    for role in [Role::Admin, Role::Editor, Role::Viewer] {
        let key = world.operator(role).await;
        assert_eq!(keys(&world.get(&key, "/v1/rotations").await).len(), 5, "{role:?}");
    }
    let auditor = world.operator(Role::Auditor).await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    for credential in [&auditor, &agent.key] {
        let refused = world.get(credential, "/v1/rotations").await;
        refused.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        world.assert_recorded("secret.listed", "deny", &["scope_missing"]).await;
    }
}
