//! Every route × every role × every kind of credential, from one table.
//!
//! **A new route needs a row here**: its method and pattern, what each caller of [`CALLERS`] gets, an example of its path (with a query
//! if it needs one), and a body that is well-formed. A route may have several rows, for what its parameters make of it.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;
use warded_core::crypto::token::{TokenKind, mint};

use super::world::World;
use crate::routes::routes;
use crate::store::Role;

/// Who asks, in the order of the columns: an agent's key, that of an agent which manages agents, a scoped token, and a key of each role.
const CALLERS: [&str; 7] = ["agent", "manager", "scoped", "admin", "editor", "viewer", "auditor"];

/// `+` passes, whatever the route then finds; `-` is refused with 403. The bodies' `{n}` is another number in each request.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("GET /health", "+++++++", "", ""),
    ("GET /health/ready", "+++++++", "", ""),
    ("GET /openapi.json", "+++++++", "", ""),
    ("GET /v1/health", "+++++++", "", ""),
    ("GET /v1/agents", "-+-+++-", "", ""),
    ("POST /v1/agents", "-+-++--", "", r#"{"name":"new-{n}","allowed_namespaces":["m"],"allowed_scopes":["secrets:read:m/*"]}"#),
    ("GET /v1/agents/{id}", "-+-+++-", "", ""),
    ("PATCH /v1/agents/{id}", "-+-++--", "", r#"{"active":false}"#),
    ("DELETE /v1/agents/{id}", "-+-++--", "", ""),
    ("POST /v1/agents/{id}/rotate-key", "-+-++--", "", ""),
    ("GET /v1/approvals", "++-++--", "", ""),
    ("GET /v1/approvals/agent/{id}", "++-----", "", ""),
    ("GET /v1/approvals/{id}", "++-++--", "", ""),
    ("POST /v1/approvals/{id}/approve", "---++--", "", ""),
    ("POST /v1/approvals/{id}/deny", "---++--", "", r#"{"reason":"not today"}"#),
    ("GET /v1/audit", "---+--+", "", ""),
    ("GET /v1/audit/checkpoints", "---+--+", "", ""),
    ("POST /v1/audit/erase", "---+---", "", r#"{"path":"nowhere/KEY"}"#),
    ("GET /v1/audit/export", "---+--+", "", ""),
    ("GET /v1/me", "---++++", "", ""),
    ("GET /v1/members", "---+---", "", ""),
    ("POST /v1/members", "---+---", "", r#"{"email":"new-{n}@example.com","name":"New","role":"viewer"}"#),
    ("PATCH /v1/members/{id}", "---+---", "", r#"{"role":"admin"}"#),
    ("DELETE /v1/members/{id}", "---+---", "", ""),
    ("GET /v1/members/{id}/keys", "---+---", "", ""),
    ("POST /v1/members/{id}/keys", "---+---", "", r#"{"name":"new"}"#),
    ("DELETE /v1/members/{id}/keys/{key_id}", "---+---", "", ""),
    ("GET /v1/namespaces", "++++++-", "", ""),
    ("GET /v1/policies", "---+++-", "", ""),
    ("POST /v1/policies", "---++--", "", POLICY),
    ("POST /v1/policies/lint", "---+++-", "", POLICY),
    ("POST /v1/policies/test", "---+++-", "", TEST),
    ("POST /v1/policies/rollback", "---++--", "", r#"{"active":7}"#),
    ("GET /v1/policies/shadow", "---+++-", "", ""),
    ("DELETE /v1/policies/shadow", "---++--", "", ""),
    ("GET /v1/policies/{version}", "---+++-", "", ""),
    ("POST /v1/policies/{version}/activate", "---++--", "", r#"{"active":7}"#),
    ("POST /v1/policies/{version}/shadow", "---++--", "", ""),
    ("GET /v1/policies/{version}/diff", "---+++-", "", ""),
    ("GET /v1/rotations", "---+++-", "", ""),
    ("GET /v1/secrets", "++++++-", "", ""),
    ("GET /v1/secrets", "---+++-", "/v1/secrets?deleted=true", ""),
    ("GET /v1/secrets/import", "++++++-", "", ""),
    ("POST /v1/secrets/import", "+++++--", "", r#"{"namespace":"m","content":"A=1"}"#),
    ("GET /v1/secrets/{*path}", "+++++--", "", ""),
    ("GET /v1/secrets/{*path}", "++++++-", "/v1/secrets/m/KEY?view=metadata", ""),
    ("GET /v1/secrets/{*path}", "++++++-", "/v1/secrets/m/KEY?view=versions", ""),
    ("GET /v1/secrets/{*path}", "++++++-", "/v1/secrets/m", ""),
    ("PUT /v1/secrets/{*path}", "+++++--", "", r#"{"value":"v"}"#),
    ("PATCH /v1/secrets/{*path}", "---++--", "", r#"{"access_tier":"standard"}"#),
    ("DELETE /v1/secrets/{*path}", "+++++--", "", ""),
    ("POST /v1/secrets/{*path}/destroy", "---++--", "", ""),
    ("POST /v1/secrets/{*path}/restore", "---++--", "", ""),
    ("POST /v1/secrets/{*path}/rollback", "+++++--", "", r#"{"version":1}"#),
    // A rotation that is done revokes the tokens that cover the path, so nothing lies at this one.
    ("POST /v1/secrets/{*path}/rotate", "+++++--", "/v1/secrets/m/NOTHING/rotate", ""),
    ("GET /v1/tokens", "++-++--", "", ""),
    ("POST /v1/tokens", "++-----", "", r#"{"scopes":["secrets:read:m/*"]}"#),
    ("GET /v1/tokens/self", "--+----", "", ""),
    ("POST /v1/tokens/self", "--+----", "", ""),
    ("POST /v1/tokens/revoke", "++-++--", "", r#"{"token_id":"unknown"}"#),
    ("GET /v1/tokens/{id}", "++-++--", "", ""),
    ("DELETE /v1/tokens/{id}", "++-++--", "", ""),
    ("GET /v1/webhooks", "---+---", "", ""),
    ("POST /v1/webhooks", "---+---", "", r#"{"url":"https://example.com/{n}","kinds":["approval.requested"]}"#),
    ("DELETE /v1/webhooks/{id}", "---+---", "", ""),
    ("POST /v1/webhooks/{id}/test", "---+---", "", ""),
];

const POLICY: &str = r#"{"version":1,"rules":[{"id":"grants","effect":"allow"}]}"#;

const TEST: &str = r#"{"cases":[{"grants":[{"scopes":[]}],"expect":"deny","request":{"resource":"agents","action":"manage"}}]}"#;

/// The path of a row, or else one that its pattern matches.
fn path_of(row: &str, path: &str) -> (Method, String) {
    let (method, pattern) = row.split_once(' ').unwrap();
    let example = pattern
        .replace("{*path}", "m/KEY")
        .replace("{id}", "unknown")
        .replace("{key_id}", "unknown")
        .replace("{version}", "999");
    (method.parse().unwrap(), if path.is_empty() { example } else { path.to_owned() })
}

/// Those who are known to nobody, or no more: 401 everywhere.
async fn dead(world: &World) -> Vec<(&'static str, Option<String>)> {
    let agent = world.agent(&["*"], &["secrets:*:*", "agents:manage"]).await;
    let own = world.token_of(&agent.key, json!({ "scopes": ["secrets:*:*"] })).await;
    world.delete(&world.admin, &format!("/v1/agents/{}", agent.id)).await.assert(204, "");
    let disabled = world.agent(&["*"], &["secrets:*:*", "agents:manage"]).await;
    let rest = json!({ "active": false });
    world.patch(&world.admin, &format!("/v1/agents/{}", disabled.id), rest).await.assert_ok();
    let rotated = world.agent(&["*"], &["secrets:*:*", "agents:manage"]).await;
    let path = format!("/v1/agents/{}/rotate-key", rotated.id);
    world.post(&world.admin, &path, json!({})).await.assert_ok();
    let removed = world.operator(Role::Admin).await;
    let path = format!("/v1/members/{}", world.me(&removed).await);
    world.delete(&world.admin, &path).await.assert(204, "");
    let member = world.me(&world.admin).await;
    let keys = format!("/v1/members/{member}/keys");
    let ends = json!({ "name": "ends", "expires_at": "2026-01-01T00:00:01Z" });
    let ended = world.post(&world.admin, &keys, ends).await.text("api_key");
    let revoked = world.post(&world.admin, &keys, json!({ "name": "revoked" })).await;
    world.delete(&world.admin, &format!("{keys}/{}", revoked.text("id"))).await.assert(204, "");
    let brief = json!({ "scopes": ["secrets:*:*", "namespaces:read"], "ttl": 1 });
    let expired = world.token(brief).await;
    world.advance(1_000);
    let forged = |kind| Some(mint(kind, &[9; 32]).expose().to_owned());
    vec![
        ("nobody", None),
        ("a forged agent key", forged(TokenKind::Agent)),
        ("a forged token", forged(TokenKind::Scoped)),
        ("a forged API key", forged(TokenKind::ApiKey)),
        ("a revoked agent", Some(agent.key)),
        ("a revoked agent's token", Some(own)),
        ("a disabled agent", Some(disabled.key)),
        ("a replaced agent key", Some(rotated.key)),
        ("an expired token", Some(expired)),
        ("a removed admin", Some(removed)),
        ("an expired admin's key", Some(ended)),
        ("a revoked admin's key", Some(revoked.text("api_key"))),
    ]
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the size of the matrix is a figure to report")]
async fn each_route_answers_each_caller_as_the_table_says() {
    let world = World::new().await;
    world.secret("m/KEY", "v").await;
    let dead = dead(&world).await;
    let agent = world.agent(&["*"], &["secrets:*:*", "namespaces:read"]).await;
    let manager = world.agent(&["*"], &["secrets:*:*", "namespaces:read", "agents:manage"]).await;
    let scoped = world.token_of(&agent.key, json!({ "scopes": ["secrets:*:*", "namespaces:read"] })).await;
    let mut living = vec![agent.key, manager.key, scoped, world.admin.clone()];
    for role in [Role::Editor, Role::Viewer, Role::Auditor] {
        living.push(world.operator(role).await);
    }
    let (mut asked, mut wrong) = (0, Vec::new());
    for (row, expected, path, body) in TABLE {
        let (method, path) = path_of(row, path);
        let is_open =
            routes().table().iter().any(|route| format!("{route:?}") == *row && route.guard.is_none());
        assert_eq!(expected.len(), CALLERS.len(), "{row}");
        let callers = living.iter().zip(CALLERS).map(|(key, name)| (name, Some(key.clone())));
        let columns = expected.chars().chain(dead.iter().map(|_| if is_open { '+' } else { '!' }));
        for ((name, key), expected) in callers.chain(dead.iter().cloned()).zip(columns) {
            asked += 1;
            let body = Body::from(body.replace("{n}", &asked.to_string()));
            let status = world.status(key.as_deref(), method.clone(), &path, body).await;
            let found = match status {
                401 => '!',
                403 => '-',
                200..=299 | 404 | 409 => '+',
                _ => '?',
            };
            if found != expected {
                wrong.push(format!("{row} by {name}: expected `{expected}`, got {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("role matrix: {} rows × {} callers = {asked} requests", TABLE.len(), CALLERS.len() + dead.len());
}

#[test]
fn the_table_has_each_route_and_no_other() {
    let routes = routes();
    let missing: Vec<_> = routes
        .table()
        .iter()
        .map(|route| format!("{route:?}"))
        .filter(|route| !TABLE.iter().any(|(row, ..)| row == route))
        .collect();
    assert!(
        missing.is_empty(),
        "add a row for each of these to TABLE in routes/tests/matrix.rs, which says who may use it: {missing:?}"
    );
    let stale: Vec<_> = TABLE
        .iter()
        .filter(|(row, ..)| !routes.table().iter().any(|route| format!("{route:?}") == *row))
        .collect();
    assert!(stale.is_empty(), "these rows of TABLE in routes/tests/matrix.rs have no route: {stale:?}");
}

/// The columns `takes` of the documentation, compared with what the table lets pass.
#[test]
fn the_documentation_takes_the_kinds_that_the_table_lets_pass() {
    for line in include_str!("../../../../docs/api.md").lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let route = cells[0].trim_matches('`');
        let rows = || TABLE.iter().filter(|(row, ..)| *row == route).map(|(_, columns, ..)| *columns);
        if rows().next().is_none() || cells[1] == "–" {
            continue;
        }
        let passes = |from: usize, to: usize| {
            rows().any(|columns| columns.chars().take(to).skip(from).any(|found| found == '+'))
        };
        let kinds = [("a", passes(0, 2)), ("s", passes(2, 3)), ("k", passes(3, 7))];
        let expected: Vec<_> = kinds.iter().filter(|(_, passes)| *passes).map(|(kind, _)| *kind).collect();
        assert_eq!(cells[1].split(' ').collect::<Vec<_>>(), expected, "{route}");
    }
}
