//! Cursors: what no page has answered is refused by name, and what was written in between loses and repeats nothing.

use serde_json::{Value, json};

use super::world::World;

/// Every listing with pages, and texts that are no cursor of it.
const LISTINGS: [(&str, &[&str]); 10] = [
    ("/v1/agents", &["6", "zz", "612f62", "6120", "C3BC"]),
    ("/v1/approvals", &["zz", "apr_none", "apr_00000000000000000000000000000000"]),
    ("/v1/audit", &["0", "-1", "zz"]),
    ("/v1/audit/checkpoints", &["0", "-1", "zz"]),
    ("/v1/policies", &["0", "-1", "zz"]),
    ("/v1/rotations", &["zz", "31", "303120612f62"]),
    ("/v1/secrets", &["zz", "612f", "2F", "613A"]),
    ("/v1/secrets?deleted=true", &["zz", "612f62", "31207365635f", "303120612f62"]),
    ("/v1/secrets/a", &["zz", "622f62", "61"]),
    ("/v1/tokens", &["zz", "tok_none", "tok_00000000000000000000000000000000"]),
];

#[tokio::test]
async fn a_cursor_that_no_page_answered_is_refused_by_name() {
    let world = World::new().await;
    for (path, cursors) in LISTINGS {
        let separator = if path.contains('?') { "&" } else { "?" };
        for cursor in cursors.iter().chain(&["", "%20", "'"]) {
            world
                .get(&world.admin, &format!("{path}{separator}limit=1&cursor={cursor}"))
                .await
                .assert_invalid("cursor");
        }
    }
    world.get(&world.admin, "/v1/tokens?cursor=tok_none").await.assert_invalid("cursor");
    world.assert_recorded("request.refused", "error", &["cursor_unknown"]).await;
}

fn texts(answer: &Value, field: &str) -> Vec<String> {
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_cursor_of_somebody_else_is_as_unknown_as_one_of_nobody() {
    let world = World::new().await;
    let (one, other) =
        (world.agent(&["*"], &["secrets:*:*"]).await, world.agent(&["*"], &["secrets:*:*"]).await);
    for agent in [&one, &other, &one] {
        world.token_of(&agent.key, json!({ "scopes": ["secrets:read:a/*"] })).await;
    }
    let all = texts(world.get(&world.admin, "/v1/tokens").await.assert_ok(), "token_id");
    let [newest, others, oldest] = all.as_slice() else { panic!("{all:?}") };
    let after = |cursor: &str| format!("/v1/tokens?cursor={cursor}");
    assert_eq!(texts(world.get(&one.key, &after(newest)).await.assert_ok(), "token_id"), [oldest.as_str()]);
    assert_eq!(
        texts(world.get(&world.admin, &after(others)).await.assert_ok(), "token_id"),
        [oldest.as_str()]
    );
    let (foreign, unknown) =
        (world.get(&one.key, &after(others)).await, world.get(&one.key, &after("tok_none")).await);
    foreign.assert_invalid("cursor");
    assert_eq!(foreign.error, unknown.error);
    world.delete(&world.admin, &format!("/v1/tokens/{newest}")).await.assert(204, "");
    let next = world.get(&one.key, &after(newest)).await;
    assert_eq!(texts(next.assert_ok(), "token_id"), [oldest.as_str()], "a revoked token keeps its place");
}

#[tokio::test]
async fn a_page_goes_on_where_the_secret_that_ended_the_last_one_is_gone() {
    let world = World::new().await;
    for path in ["a/1", "a/2", "a/3", "a/4"] {
        world.secret(path, "v").await;
    }
    let first = world.read(&world.admin, "a?limit=2").await;
    assert_eq!(texts(first.assert_ok(), "key"), ["1", "2"]);
    for act in ["delete", "destroy"] {
        if act == "delete" {
            world.delete(&world.admin, "/v1/secrets/a/2").await.assert(204, "");
        } else {
            world.act(&world.admin, "a/2", act, None).await.assert_ok();
        }
        let next = world.read(&world.admin, &format!("a?cursor={}", first.text("next_cursor"))).await;
        assert_eq!(texts(next.assert_ok(), "key"), ["3", "4"], "{act}");
    }
    let due = "/v1/rotations?due_before=2100-01-01T00:00:00Z";
    let first = world.get(&world.admin, &format!("{due}&limit=1")).await;
    assert_eq!(texts(first.assert_ok(), "key"), ["1"]);
    world.delete(&world.admin, "/v1/secrets/a/1").await.assert(204, "");
    let next = world.get(&world.admin, &format!("{due}&cursor={}", first.text("next_cursor"))).await;
    assert_eq!(texts(next.assert_ok(), "key"), ["3", "4"]);
}
