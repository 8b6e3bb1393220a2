//! Every route is guarded, takes the credentials that it says, and answers in our form whatever is asked of it.

use axum::body::Body;
use axum::http::{Method, header};
use serde_json::json;
use warded_core::crypto::token::{TokenKind, mint};

use super::world::World;
use crate::permission::Guard;
use crate::routes::api_router::{MatchedRoute, Route};
use crate::routes::routes;

/// A path that the pattern matches.
fn example(pattern: &str) -> String {
    pattern
        .replace("{id}", "agt_0")
        .replace("{key_id}", "key_0")
        .replace("{*path}", "a/KEY")
        .replace("{version}", "0")
}

fn takes(guard: Guard, kind: TokenKind) -> bool {
    guard.need(kind).is_some()
}

async fn ask(world: &World, route: &Route, token: Option<&str>) -> super::world::Answer {
    world.send(token, route.method.clone(), &example(route.pattern), Body::empty()).await
}

#[tokio::test]
async fn every_route_but_health_and_the_description_is_guarded() {
    let world = World::new().await;
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let scoped = world.token_of(&agent.key, json!({ "scopes": ["secrets:*:*"] })).await;
    let credentials = [
        (TokenKind::Agent, agent.key.as_str()),
        (TokenKind::ApiKey, world.admin.as_str()),
        (TokenKind::Scoped, scoped.as_str()),
    ];
    let stranger = mint(TokenKind::Scoped, &[9; 32]);
    for route in routes().table() {
        let Some(guard) = route.guard else {
            let is_open =
                ["/health", "/health/ready", "/v1/health", "/openapi.json"].contains(&route.pattern);
            assert!(is_open, "{route:?}");
            ask(&world, route, None).await.assert(200, "");
            continue;
        };
        for unknown in [None, Some("nonsense"), Some(stranger.expose())] {
            ask(&world, route, unknown).await.assert_denied(401, "UNAUTHORIZED", &[]);
        }
        assert!(credentials.iter().any(|(kind, _)| takes(guard, *kind)), "{route:?}");
        for (kind, token) in credentials {
            let answer = ask(&world, route, Some(token)).await;
            if takes(guard, kind) {
                assert_ne!(answer.status, 401, "{route:?} {kind:?}");
            } else {
                answer.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
                world.assert_recorded(guard.event.name(), "deny", &["scope_missing"]).await;
            }
            assert!(answer.status < 500, "{route:?} {kind:?}: {:?}", answer.error);
            assert_eq!(answer.response.extensions.get(), Some(&MatchedRoute(route.pattern)));
        }
    }
}

/// Which of the kinds that exist a route takes is in `matrix.rs`.
#[test]
fn no_route_takes_a_kind_of_credential_that_is_yet_to_come() {
    for route in routes().table() {
        let Some(guard) = route.guard else { continue };
        for other in [TokenKind::Device, TokenKind::Narrowed, TokenKind::Proxy, TokenKind::Registration] {
            assert!(!takes(guard, other), "{route:?}");
        }
    }
}

#[test]
fn every_route_has_its_row_in_the_documentation() {
    let mut documented: Vec<_> = include_str!("../../../../docs/api.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(route, _)| route))
        .filter(|route| route.contains(" /"))
        .collect();
    let routes = routes();
    let mut registered: Vec<_> =
        routes.table().iter().map(|route| format!("{} {}", route.method, route.pattern)).collect();
    registered.sort_unstable();
    documented.sort_unstable();
    assert_eq!(documented, registered);
}

#[tokio::test]
async fn what_is_no_route_is_404_and_what_is_no_method_405() {
    let world = World::new().await;
    for path in
        ["/", "/v1", "/v2/secrets/a/K", "/v1/nope", "/V1/health", "/v1/%68ealth", "/health/live", "/v1/me/x"]
    {
        world.get(&world.admin, path).await.assert(404, "NOT_FOUND");
        world.send(None, Method::GET, path, Body::empty()).await.assert(404, "NOT_FOUND");
    }
    for (path, allowed) in [
        ("/v1/health", "GET"),
        ("/v1/agents", "GET, POST"),
        ("/v1/agents/x", "GET, PATCH, DELETE"),
        ("/v1/tokens/self", "GET, POST"),
        ("/v1/secrets", "GET"),
        ("/v1/secrets/a", "GET, PUT, PATCH, DELETE"),
        ("/v1/secrets/a/KEY", "GET, PUT, PATCH, DELETE"),
        ("/v1/secrets/a/rotate", "POST, GET, PUT, PATCH, DELETE"),
        ("/v1/secrets/import", "GET, POST"),
    ] {
        for method in ["HEAD", "TRACE", "OPTIONS", "PURGE"] {
            let answer = world.send(None, method.parse().unwrap(), path, Body::empty()).await;
            answer.assert(405, "METHOD_NOT_ALLOWED");
            assert_eq!(answer.response.headers[header::ALLOW], allowed, "{method} {path}");
        }
    }
    for path in [
        "/v1/",
        "/v1//health",
        "///v1/health",
        "/v1/x/../health",
        "/v1/%2e%2e/health",
        "/v1/health%",
        "/v1/%00",
    ] {
        world.send(None, Method::GET, path, Body::empty()).await.assert_invalid("path");
    }
}

#[tokio::test]
async fn health_is_for_everybody() {
    let world = World::new().await;
    let health = world.send(None, Method::GET, "/v1/health?probe=1", Body::empty()).await;
    assert_eq!(
        health.assert_ok(),
        &json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "service": "warded" })
    );
    world.send(None, Method::GET, "/health/ready", Body::empty()).await.assert(200, "");
    world.app.guest.limit_fuel(0);
    world.send(None, Method::GET, "/health/ready", Body::empty()).await.assert(503, "UNAVAILABLE");
    world.send(None, Method::GET, "/health", Body::empty()).await.assert(200, "");
}

#[tokio::test]
async fn the_description_is_for_everybody_and_is_the_table_of_routes() {
    let world = World::new().await;
    let answer = world.send(None, Method::GET, "/openapi.json", Body::empty()).await;
    assert_eq!(answer.assert_ok(), &crate::openapi::document(&routes()));
    assert_eq!(answer.json["openapi"], "3.1.0");
}
