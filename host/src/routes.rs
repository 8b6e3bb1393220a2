//! The routes: one resource per file, each registered with the permission that its handler names.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;

use crate::app::Shared;
use crate::permission::{
    CreateAgent, DeleteSecret, ImportSecrets, InspectToken, IssueToken, ReadAgents, ReadApprovals, ReadAudit,
    ReadMe, ReadNamespaces, ReadSecret, ReadTokens, RevokeAgent, RevokeToken, WriteSecret,
};

pub mod api_router;
pub mod call;
pub mod work;

mod agents;
mod approvals;
mod audit;
mod health;
mod me;
mod namespaces;
mod networks;
mod secrets;
#[cfg(test)]
mod tests;
mod timestamp;
mod tokens;

use api_router::ApiRouter;

/// Everything under `/v1` and `/health`; anything else is answered 404 or 405 in the form of this API.
pub fn router(app: Shared) -> Router {
    let routes = Arc::new(routes());
    let dispatch = move |State(app): State<Shared>, request: Request| {
        let routes = Arc::clone(&routes);
        async move { routes.dispatch(app, request).await }
    };
    Router::new().fallback(dispatch).with_state(app)
}

/// The table of routes.
#[must_use]
pub fn routes() -> ApiRouter {
    use Method as M;
    ApiRouter::default()
        .open(M::GET, "/health", health::live)
        .open(M::GET, "/health/ready", health::ready)
        .open(M::GET, "/v1/health", health::live)
        .route(M::GET, "/v1/agents", &[], ReadAgents, agents::list)
        .route(M::POST, "/v1/agents", &[], CreateAgent, agents::create)
        .route(M::GET, "/v1/agents/{id}", &[], ReadAgents, agents::get)
        .route(M::DELETE, "/v1/agents/{id}", &[], RevokeAgent, agents::revoke)
        .route(M::GET, "/v1/approvals", &["status"], ReadApprovals, approvals::list)
        .route(M::GET, "/v1/audit", audit::PARAMETERS, ReadAudit, audit::list)
        .route(M::GET, "/v1/me", &[], ReadMe, me::get)
        .route(M::GET, "/v1/namespaces", &[], ReadNamespaces, namespaces::list)
        .route(M::GET, "/v1/secrets", &["namespace", "limit", "cursor"], ReadSecret, secrets::list)
        .route(M::GET, "/v1/secrets/import", &["limit", "cursor"], ReadSecret, secrets::read)
        .route(M::POST, "/v1/secrets/import", &[], ImportSecrets, secrets::import)
        .route(
            M::GET,
            "/v1/secrets/{*path}",
            &["version", "view", "limit", "cursor"],
            ReadSecret,
            secrets::read,
        )
        .route(M::PUT, "/v1/secrets/{*path}", &[], WriteSecret, secrets::put)
        .route(M::DELETE, "/v1/secrets/{*path}", &[], DeleteSecret, secrets::delete)
        .route(M::GET, "/v1/tokens", &["limit"], ReadTokens, tokens::list)
        .route(M::POST, "/v1/tokens", &[], IssueToken, tokens::issue)
        .route(M::GET, "/v1/tokens/self", &[], InspectToken, tokens::inspect)
        .route(M::POST, "/v1/tokens/self", &[], InspectToken, tokens::inspect)
        .route(M::GET, "/v1/tokens/{id}", &[], ReadTokens, tokens::get)
        .route(M::DELETE, "/v1/tokens/{id}", &[], RevokeToken, tokens::revoke)
}
