//! Which bucket a route charges.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::world::World;
use crate::app::Shared;
use crate::audit::Origin;
use crate::error::{ApiCode, ApiError};
use crate::extract::RequestContext;
use crate::openapi::Operation;
use crate::rate_limit::Rate;
use crate::reply::{empty, error_code};
use crate::routes::api_router::ApiRouter;
use crate::routes::routes;

const LOGIN: Operation = Operation::new("login", "A route where a credential is had").rate(Rate::Login);
const PROBE: Operation = Operation::new("probe", "A route for probes");

async fn answer(_: Shared) -> Result<Response, ApiError> {
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn limited_world() -> World {
    World::with(|config| {
        config.rate_limits.enabled = true;
        config.rate_limits.login = 2;
        config.rate_limits.unauthenticated = 3;
    })
    .await
}

/// The answer to a request from an address, and the context with its bucket.
async fn ask(world: &World, routes: &ApiRouter, path: &str, ip: &str) -> (Response, RequestContext) {
    let origin = Origin { request_id: "req_test".to_owned(), ip: Some(ip.parse().unwrap()) };
    let context = RequestContext::new(origin);
    let mut request = Request::builder().method(Method::GET).uri(path).body(Body::empty()).unwrap();
    request.extensions_mut().insert(context.clone());
    (routes.dispatch(world.app.clone(), request).await, context)
}

#[tokio::test]
async fn logins_have_a_bucket_of_their_own_for_each_address() {
    let world = limited_world().await;
    let routes = ApiRouter::default().open(Method::GET, "/login", &[LOGIN], answer).open(
        Method::GET,
        "/probe",
        &[PROBE],
        answer,
    );
    for left in [1, 0] {
        let (response, context) = ask(&world, &routes, "/login", "2001:db8::1").await;
        assert_eq!(response.status(), 204);
        let standing = context.standing().unwrap();
        assert_eq!((standing.policy, standing.limit, standing.remaining), ("login", 2, left));
    }
    let (refused, context) = ask(&world, &routes, "/login", "2001:db8::ffff").await;
    assert_eq!((refused.status().as_u16(), error_code(&refused)), (429, Some(ApiCode::RateLimited)));
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(context.standing().unwrap().retry_after, Some(30));
    assert_eq!(ask(&world, &routes, "/login", "2001:db8:0:1::1").await.0.status(), 204);
    for _ in 0..10 {
        let (response, context) = ask(&world, &routes, "/probe", "2001:db8::1").await;
        assert_eq!((response.status().as_u16(), context.standing()), (204, None));
    }
    world.advance(30_000);
    assert_eq!(ask(&world, &routes, "/login", "2001:db8::1").await.0.status(), 204);
}

#[tokio::test]
async fn the_description_is_charged_to_the_address_and_health_to_nobody() {
    let world = limited_world().await;
    for _ in 0..3 {
        assert_eq!(ask(&world, &routes(), "/openapi.json", "192.0.2.1").await.0.status(), 200);
    }
    assert_eq!(ask(&world, &routes(), "/openapi.json", "192.0.2.1").await.0.status(), 429);
    assert_eq!(ask(&world, &routes(), "/v1/me", "192.0.2.1").await.0.status(), 429);
    assert_eq!(ask(&world, &routes(), "/v1/health", "192.0.2.1").await.0.status(), 200);
    assert_eq!(ask(&world, &routes(), "/v1/me", "192.0.2.2").await.0.status(), 401);
}
