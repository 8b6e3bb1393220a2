use serde_json::json;

use super::world::World;
use crate::store::Role;

#[tokio::test]
async fn the_audit_is_newest_first_and_complete() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    world.read(&world.admin, "a/KEY").await.assert_ok();
    let auditor = world.operator(Role::Auditor).await;
    let page = world.get(&auditor, "/v1/audit?limit=2&event_type=secret.read").await;
    let page = page.assert_ok();
    assert_eq!((&page["total"], &page["page"], &page["limit"]), (&json!(1), &json!(1), &json!(2)));
    let event = &page["events"][0];
    let fields = [
        "id",
        "seq",
        "event_type",
        "actor_id",
        "actor_type",
        "resource_type",
        "resource_id",
        "path",
        "outcome",
        "reasons",
        "ip_address",
        "request_id",
        "metadata",
        "created_at",
        "link",
    ];
    assert_eq!(event.as_object().unwrap().keys().collect::<Vec<_>>(), fields);
    assert_eq!(event["actor_type"], "operator");
    assert_eq!(event["resource_type"], "secret");
    assert_eq!(event["ip_address"], "127.0.0.1");
    assert_eq!(event["created_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(event["metadata"]["version"], 1);
    assert!(page.get("total_is_floor").is_none());
}

#[tokio::test]
async fn pages_and_cursors_cover_everything_once() {
    let world = World::new().await;
    for n in 0..7 {
        world.secret("a/KEY", &n.to_string()).await;
    }
    let seqs = |page: &serde_json::Value| -> Vec<u64> {
        page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
    };
    let all = world.get(&world.admin, "/v1/audit").await;
    let all = seqs(all.assert_ok());
    assert!(all.is_sorted_by(|a, b| a > b) && all.len() == 8);
    let (mut paged, mut cursored, mut cursor) = (Vec::new(), Vec::new(), String::new());
    for number in 1..=3 {
        paged.extend(seqs(
            world.get(&world.admin, &format!("/v1/audit?limit=3&page={number}")).await.assert_ok(),
        ));
        let page = world.get(&world.admin, &format!("/v1/audit?limit=3{cursor}")).await;
        cursored.extend(seqs(page.assert_ok()));
        assert_eq!(page.json["total"], 8);
        cursor = format!("&cursor={}", page.json["next_cursor"].as_str().unwrap_or("1"));
    }
    assert_eq!((&paged, &cursored), (&all, &all));
}

#[tokio::test]
async fn filters_are_checked_and_applied() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    world.read(&world.admin, "a/ABSENT").await.assert(404, "SECRET_NOT_FOUND");
    world.advance(1_000);
    world.secret("b/KEY", "v").await;
    let total = async |query: &str| {
        let page = world.get(&world.admin, &format!("/v1/audit?{query}")).await;
        page.assert_ok()["total"].as_u64().unwrap()
    };
    assert_eq!(total("").await, 4);
    assert_eq!(total("resource_type=secret").await, 3);
    assert_eq!(total("outcome=error").await, 1);
    assert_eq!(total("outcome=ask").await, 0);
    assert_eq!(total("path=a/KEY").await, 1);
    assert_eq!(total("ip=::ffff:127.0.0.1").await, 3);
    assert_eq!(total("actor_id=system").await, 1);
    assert_eq!(total("start_time=2026-01-01T00:00:01Z").await, 1);
    assert_eq!(total("end_time=2026-01-01T01:00:01%2B01:00").await, 3);
    assert_eq!(total("start_time=1960-01-01T00:00:00Z&event_type=secret.rotated").await, 0);
    for (query, field) in [
        ("event_type=secret.eaten", "event_type"),
        ("resource_type=planet", "resource_type"),
        ("outcome=maybe", "outcome"),
        ("ip=1.2.3", "ip"),
        ("start_time=yesterday", "start_time"),
        ("end_time=1700000000", "end_time"),
        ("limit=1001", "limit"),
        ("page=0", "page"),
        ("cursor=abc", "cursor"),
        ("cursor=1&page=1", "cursor"),
        ("nope=1", "nope"),
    ] {
        world.get(&world.admin, &format!("/v1/audit?{query}")).await.assert_invalid(field);
    }
}

#[tokio::test]
async fn only_admins_and_auditors_read_it() {
    let world = World::new().await;
    for role in [Role::Editor, Role::Viewer] {
        let key = world.operator(role).await;
        world.get(&key, "/v1/audit").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
    }
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    world.get(&agent.key, "/v1/audit").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
}

#[tokio::test]
async fn everybody_is_told_who_they_are() {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    world.agent(&["*"], &[]).await;
    for role in Role::ALL {
        let key = world.operator(role).await;
        let me = world.get(&key, "/v1/me").await;
        assert_eq!(me.assert_ok()["role"], role.word());
        assert_eq!((&me.json["secret_count"], &me.json["agent_count"]), (&json!(1), &json!(1)));
        assert_eq!(me.json["plan"], "self-hosted");
    }
}

#[tokio::test]
async fn there_are_no_approvals_yet() {
    let world = World::new().await;
    let agent = world.agent(&["*"], &[]).await;
    for key in [&world.admin, &agent.key] {
        assert_eq!(world.get(key, "/v1/approvals?status=pending").await.assert_ok(), &json!({ "items": [] }));
        world.get(key, "/v1/approvals?status=maybe").await.assert_invalid("status");
    }
    let viewer = world.operator(Role::Viewer).await;
    world.get(&viewer, "/v1/approvals").await.assert(403, "SCOPE_DENIED");
}
