//! The routes: one resource per file, each registered with the permission that its handler names.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;

use crate::app::Shared;
use crate::permission::{
    ActivatePolicy, Approve, ChangeAgent, ChangeMember, CreateAgent, CreateKey, DeleteSecret, Deny,
    DestroySecret, EraseAudit, ExportAudit, ImportSecrets, InspectToken, InviteMember, IssueToken,
    ManagePolicies, ManageWebhooks, ReadAgents, ReadApprovals, ReadAudit, ReadKeys, ReadMe, ReadMembers,
    ReadNamespaces, ReadOwnApproval, ReadPolicies, ReadRotations, ReadSecret, ReadTokens, ReadWebhooks,
    RemoveMember, RestoreSecret, RevokeAgent, RevokeKey, RevokeToken, RollBackSecret, RotateAgentKey,
    RotateSecret, UpdateSecret, WriteSecret,
};

pub mod api_router;
pub mod call;
pub mod work;

mod agents;
mod approvals;
mod audit;
mod cursor;
mod health;
mod me;
mod members;
mod namespaces;
mod networks;
mod page;
mod policies;
mod rotations;
mod secrets;
mod survey;
#[cfg(test)]
mod tests;
mod tokens;
mod webhooks;

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
        .open(M::GET, "/health", &[health::LIVE], health::live)
        .open(M::GET, "/health/ready", &[health::READY], health::ready)
        .open(M::GET, "/v1/health", &[health::LIVE_IN_VERSION_1], health::live)
        .open(M::GET, "/openapi.json", &[health::DOCUMENT], health::document)
        .route(M::GET, "/v1/agents", &[agents::LIST], ReadAgents, agents::list)
        .route(M::POST, "/v1/agents", &[agents::CREATE], CreateAgent, agents::create)
        .route(M::GET, "/v1/agents/{id}", &[agents::GET], ReadAgents, agents::get)
        .route(M::PATCH, "/v1/agents/{id}", &[agents::CHANGE], ChangeAgent, agents::change)
        .route(M::DELETE, "/v1/agents/{id}", &[agents::REVOKE], RevokeAgent, agents::revoke)
        .route(
            M::POST,
            "/v1/agents/{id}/rotate-key",
            &[agents::ROTATE_KEY],
            RotateAgentKey,
            agents::rotate_key,
        )
        .route(M::GET, "/v1/approvals", &[approvals::LIST], ReadApprovals, approvals::list)
        .route(M::GET, "/v1/approvals/agent/{id}", &[approvals::GET_OWN], ReadOwnApproval, approvals::get_own)
        .route(M::GET, "/v1/approvals/{id}", &[approvals::GET], ReadApprovals, approvals::get)
        .route(M::POST, "/v1/approvals/{id}/approve", &[approvals::APPROVE], Approve, approvals::approve)
        .route(M::POST, "/v1/approvals/{id}/deny", &[approvals::DENY], Deny, approvals::deny)
        .route(M::GET, "/v1/audit", &[audit::LIST], ReadAudit, audit::list)
        .route(
            M::GET,
            "/v1/audit/checkpoints",
            &[audit::checkpoints::LIST],
            ReadAudit,
            audit::checkpoints::list,
        )
        .route(M::POST, "/v1/audit/erase", &[audit::erase::ERASE], EraseAudit, audit::erase::erase)
        .route(M::GET, "/v1/audit/export", &[audit::export::EXPORT], ExportAudit, audit::export::export)
        .route(M::GET, "/v1/me", &[me::GET], ReadMe, me::get)
        .route(M::GET, "/v1/members", &[members::LIST], ReadMembers, members::list)
        .route(M::POST, "/v1/members", &[members::INVITE], InviteMember, members::invite)
        .route(M::PATCH, "/v1/members/{id}", &[members::CHANGE], ChangeMember, members::change)
        .route(M::DELETE, "/v1/members/{id}", &[members::REMOVE], RemoveMember, members::remove)
        .route(M::GET, "/v1/members/{id}/keys", &[members::keys::LIST], ReadKeys, members::keys::list)
        .route(M::POST, "/v1/members/{id}/keys", &[members::keys::CREATE], CreateKey, members::keys::create)
        .route(
            M::DELETE,
            "/v1/members/{id}/keys/{key_id}",
            &[members::keys::REVOKE],
            RevokeKey,
            members::keys::revoke,
        )
        .route(M::GET, "/v1/namespaces", &[namespaces::LIST], ReadNamespaces, namespaces::list)
        .route(M::GET, "/v1/policies", &[policies::LIST], ReadPolicies, policies::list)
        .route(M::POST, "/v1/policies", &[policies::CREATE], ManagePolicies, policies::create)
        .route(M::POST, "/v1/policies/lint", &[policies::LINT], ReadPolicies, policies::lint)
        .route(M::POST, "/v1/policies/rollback", &[policies::ROLL_BACK], ActivatePolicy, policies::roll_back)
        .route(M::GET, "/v1/policies/shadow", &[policies::REPORT], ReadPolicies, policies::report)
        .route(
            M::DELETE,
            "/v1/policies/shadow",
            &[policies::STOP_SHADOW],
            ManagePolicies,
            policies::stop_shadow,
        )
        .route(M::POST, "/v1/policies/test", &[policies::EXAMINE], ReadPolicies, policies::examine)
        .route(M::GET, "/v1/policies/{version}", &[policies::GET], ReadPolicies, policies::get)
        .route(
            M::POST,
            "/v1/policies/{version}/activate",
            &[policies::ACTIVATE],
            ActivatePolicy,
            policies::activate,
        )
        .route(M::GET, "/v1/policies/{version}/diff", &[policies::DIFF], ReadPolicies, policies::diff)
        .route(
            M::POST,
            "/v1/policies/{version}/shadow",
            &[policies::START_SHADOW],
            ManagePolicies,
            policies::start_shadow,
        )
        .route(M::GET, "/v1/rotations", &[rotations::LIST], ReadRotations, rotations::list)
        .route(M::GET, "/v1/secrets", &[secrets::LIST], ReadSecret, secrets::list)
        .route(M::GET, "/v1/secrets/import", &[secrets::LIST_BELOW], ReadSecret, secrets::read)
        .route(M::POST, "/v1/secrets/import", &[secrets::IMPORT], ImportSecrets, secrets::import)
        .route(M::POST, "/v1/secrets/{*path}/destroy", &[secrets::DESTROY], DestroySecret, secrets::destroy)
        .route(M::POST, "/v1/secrets/{*path}/restore", &[secrets::RESTORE], RestoreSecret, secrets::restore)
        .route(
            M::POST,
            "/v1/secrets/{*path}/rollback",
            &[secrets::ROLLBACK],
            RollBackSecret,
            secrets::rollback,
        )
        .route(M::POST, "/v1/secrets/{*path}/rotate", &[secrets::ROTATE], RotateSecret, secrets::rotate)
        .route(
            M::GET,
            "/v1/secrets/{*path}",
            &[secrets::READ, secrets::LIST_BELOW],
            ReadSecret,
            secrets::read,
        )
        .route(M::PUT, "/v1/secrets/{*path}", &[secrets::PUT], WriteSecret, secrets::put)
        .route(M::PATCH, "/v1/secrets/{*path}", &[secrets::UPDATE], UpdateSecret, secrets::update)
        .route(M::DELETE, "/v1/secrets/{*path}", &[secrets::DELETE], DeleteSecret, secrets::delete)
        .route(M::GET, "/v1/tokens", &[tokens::LIST], ReadTokens, tokens::list)
        .route(M::POST, "/v1/tokens", &[tokens::ISSUE], IssueToken, tokens::issue)
        .route(M::GET, "/v1/tokens/self", &[tokens::INSPECT], InspectToken, tokens::inspect)
        .route(M::POST, "/v1/tokens/self", &[tokens::INSPECT_BY_POST], InspectToken, tokens::inspect)
        .route(M::POST, "/v1/tokens/revoke", &[tokens::REVOKE_MANY], RevokeToken, tokens::revoke_many)
        .route(M::GET, "/v1/tokens/{id}", &[tokens::GET], ReadTokens, tokens::get)
        .route(M::DELETE, "/v1/tokens/{id}", &[tokens::REVOKE], RevokeToken, tokens::revoke)
        .route(M::GET, "/v1/webhooks", &[webhooks::LIST], ReadWebhooks, webhooks::list)
        .route(M::POST, "/v1/webhooks", &[webhooks::CREATE], ManageWebhooks, webhooks::create)
        .route(M::DELETE, "/v1/webhooks/{id}", &[webhooks::DELETE], ManageWebhooks, webhooks::delete)
        .route(M::POST, "/v1/webhooks/{id}/test", &[webhooks::TRY], ManageWebhooks, webhooks::test)
}
