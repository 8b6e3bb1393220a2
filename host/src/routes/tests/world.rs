//! A server without its sockets: the router over a store in a folder of its own, and the engine.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use warded_core::crypto::token::TokenKind;
use warded_core::secret::Secret;
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::usage::Usage;

use super::contract::assert_described;
use crate::app::{App, Shared};
use crate::audit::{Actor, ActorType, Event, EventType, Origin};
use crate::clock::Clock;
use crate::config::{Config, Typed};
use crate::error::ApiError;
use crate::extract::RequestContext;
use crate::grant::GrantParts;
use crate::guest::Guest;
use crate::id::{Prefix, new_id};
use crate::role;
use crate::routes::router;
use crate::store::sqlite::SqliteStore;
use crate::store::{
    AuditQuery, KeyBounds, KeyRow, MemberRow, Role, Store, TokenRow, Verdict, query, transact,
};

/// 2026-01-01T00:00:00Z.
pub(super) const START: u64 = 1_767_225_600_000;

/// A whole server.
pub(super) struct World {
    pub(super) app: Shared,
    router: axum::Router,
    /// The first admin's key.
    pub(super) admin: String,
    _folder: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) json: Value,
    pub(super) error: Option<ApiError>,
    pub(super) response: axum::http::response::Parts,
}

impl Answer {
    /// The error's code; nothing for a success.
    pub(super) fn code(&self) -> &'static str {
        self.error.as_ref().map_or("", |error| error.code.name())
    }

    pub(super) fn reasons(&self) -> &[&'static str] {
        self.error.as_ref().map_or(&[], |error| &error.reasons)
    }

    #[track_caller]
    pub(super) fn assert(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.code()), (status, code), "{} {:?}", self.json, self.error);
        self
    }

    #[track_caller]
    pub(super) fn assert_ok(&self) -> &Value {
        assert!((200..300).contains(&self.status), "{} {:?}", self.status, self.error);
        &self.json
    }

    #[track_caller]
    pub(super) fn assert_denied(&self, status: u16, code: &str, reasons: &[&str]) {
        self.assert(status, code);
        assert_eq!(self.reasons(), reasons);
    }

    #[track_caller]
    pub(super) fn assert_invalid(&self, field: &str) {
        self.assert(400, "VALIDATION_FAILED");
        assert_eq!(self.error.as_ref().unwrap().errors[0].field, field, "{:?}", self.error);
    }

    pub(super) fn text(&self, field: &str) -> String {
        self.json[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {}", self.json)).to_owned()
    }
}

/// An agent with its key.
pub(super) struct NewAgent {
    pub(super) id: String,
    pub(super) key: String,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut world = Self::over(tempfile::tempdir().unwrap(), change);
        world.admin = world.operator(Role::Admin).await;
        world
    }

    /// A server over the folder `data` in here, with nobody added.
    pub(super) fn over(folder: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let clock = Clock::manual(Millis::new(START).unwrap());
        let store = SqliteStore::open(&folder.path().join("data"), clock.clone(), false).unwrap();
        let guest = Guest::new(&[Secret::new([7; 32])]).unwrap();
        let mut config = Typed::collect(&[], None, |_| None).unwrap().resolve().unwrap();
        config.rate_limits.enabled = false;
        change(&mut config);
        let tenant = store.tenant();
        let app = Arc::new(App::new(Arc::new(store), Arc::new(guest), config, tenant, clock));
        let router = router(Arc::clone(&app));
        Self { app, router, admin: String::new(), _folder: folder }
    }

    /// A member of a role; answers the API key.
    pub(super) async fn operator(&self, role: Role) -> String {
        let (member, key, text) = member(&self.app, role);
        transact(&*self.app.store, move |tx| {
            tx.add_member(&member)?;
            tx.add_key(&key)?;
            let actor = Actor { kind: ActorType::System, id: "system".to_owned() };
            Ok(Verdict::Done { answer: (), events: vec![Event::new(EventType::MemberInvited, actor, None)] })
        })
        .await
        .unwrap();
        text
    }

    /// An agent, made by the admin.
    pub(super) async fn agent(&self, namespaces: &[&str], scopes: &[&str]) -> NewAgent {
        let name = new_id(Prefix::Event).unwrap().replace("evt_", "agent-");
        let body = json!({ "name": name, "allowed_namespaces": namespaces, "allowed_scopes": scopes });
        let answer = self.post(&self.admin, "/v1/agents", body).await;
        answer.assert(201, "");
        NewAgent { id: answer.text("id"), key: answer.text("api_key") }
    }

    /// A token of an agent that may do everything.
    pub(super) async fn token(&self, body: Value) -> String {
        let agent = self.agent(&["*"], &["secrets:*:*", "namespaces:read"]).await;
        self.token_of(&agent.key, body).await
    }

    pub(super) async fn token_of(&self, key: &str, body: Value) -> String {
        let answer = self.post(key, "/v1/tokens", body).await;
        answer.assert(200, "");
        answer.text("token")
    }

    /// A token that reaches a tier, as an approval would have given it.
    pub(super) async fn raised_token(&self, scope: &str, tier: Tier) -> String {
        let agent = self.agent(&["*"], &["secrets:*:*"]).await;
        let minted = self.app.guest.mint_token(TokenKind::Scoped).unwrap();
        let id = new_id(Prefix::Token).unwrap();
        let scopes = vec![scope.to_owned()];
        let parts = GrantParts { tier_ceiling: tier, ..GrantParts::of_scopes(&id, &scopes) };
        let created_at = self.app.clock.now();
        let token = TokenRow {
            grant: parts.compile(&self.app.guest).unwrap(),
            id,
            agent_id: agent.id,
            hash: minted.hash,
            display: minted.display,
            scopes,
            ip_allowlist: None,
            max_uses: None,
            reason: None,
            tier_ceiling: tier,
            usage: Usage::default(),
            created_at,
            expires_at: Millis::MAX,
            revoked_at: None,
        };
        transact(&*self.app.store, move |tx| {
            tx.add_token(&token)?;
            Ok(Verdict::Done { answer: (), events: Vec::new() })
        })
        .await
        .unwrap();
        minted.text.expose().clone()
    }

    /// A secret, written by the admin.
    pub(super) async fn secret(&self, path: &str, value: &str) {
        self.put(&self.admin, path, json!({ "value": value })).await.assert_ok();
    }

    pub(super) async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(Some(token), Method::GET, path, Body::empty()).await
    }

    pub(super) async fn delete(&self, token: &str, path: &str) -> Answer {
        self.send(Some(token), Method::DELETE, path, Body::empty()).await
    }

    pub(super) async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(Some(token), Method::POST, path, Body::from(body.to_string())).await
    }

    pub(super) async fn patch(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(Some(token), Method::PATCH, path, Body::from(body.to_string())).await
    }

    /// Only the status, for answers that are not JSON.
    pub(super) async fn status(&self, token: Option<&str>, method: Method, path: &str, body: Body) -> u16 {
        let request = self.build(token, method, path, body);
        self.router.clone().oneshot(request).await.unwrap().status().as_u16()
    }

    /// The id of the operator whose key it is.
    pub(super) async fn me(&self, key: &str) -> String {
        self.get(key, "/v1/me").await.text("id")
    }

    /// `PUT /v1/secrets/{path}`.
    pub(super) async fn put(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(Some(token), Method::PUT, &format!("/v1/secrets/{path}"), Body::from(body.to_string()))
            .await
    }

    /// `PATCH /v1/secrets/{path}`.
    pub(super) async fn change(&self, token: &str, path: &str, body: Value) -> Answer {
        let body = Body::from(body.to_string());
        self.send(Some(token), Method::PATCH, &format!("/v1/secrets/{path}"), body).await
    }

    /// `POST /v1/secrets/{path}/{act}`, with a body or without.
    pub(super) async fn act(&self, token: &str, path: &str, act: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(Some(token), Method::POST, &format!("/v1/secrets/{path}/{act}"), body).await
    }

    pub(super) async fn read(&self, token: &str, path: &str) -> Answer {
        self.get(token, &format!("/v1/secrets/{path}")).await
    }

    pub(super) async fn send(&self, token: Option<&str>, method: Method, path: &str, body: Body) -> Answer {
        self.request(self.build(token, method, path, body)).await
    }

    pub(super) fn build(&self, token: Option<&str>, method: Method, path: &str, body: Body) -> Request {
        let mut request = Request::builder().method(method).uri(path).body(body).unwrap();
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        if let Some(token) = token {
            headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        let origin = Origin { request_id: "req_test".to_owned(), ip: Some([127, 0, 0, 1].into()) };
        request.extensions_mut().insert(RequestContext::new(origin));
        request
    }

    pub(super) async fn request(&self, request: Request) -> Answer {
        let (method, target) = (request.method().clone(), request.uri().to_string());
        let response: Response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let is_json = parts.headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind == "application/json");
        let json = match bytes.as_ref() {
            [] => Value::Null,
            json if is_json => serde_json::from_slice(json).unwrap(),
            text => Value::from(str::from_utf8(text).unwrap()),
        };
        let error = parts.extensions.get::<ApiError>().cloned();
        let answer = Answer { status: parts.status.as_u16(), json, error, response: parts };
        assert_described(&method, &target, &answer);
        answer
    }

    /// The items of each page of a listing; `path` has a query already.
    pub(super) async fn pages(&self, token: &str, path: &str) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut page = self.get(token, &format!("{path}{cursor}")).await;
            page.assert_ok();
            pages.push(page.json["items"].as_array_mut().map(std::mem::take).unwrap());
            let Some(next) = page.json["next_cursor"].as_str() else { return pages };
            cursor = format!("&cursor={next}");
        }
    }

    /// Moves the clock.
    pub(super) fn advance(&self, millis: u64) {
        let now = self.app.clock.now().as_u64();
        self.app.clock.advance_to(Millis::new(now + millis).unwrap());
    }

    /// The newest audit records, newest first.
    pub(super) async fn recorded(&self, limit: u64) -> Vec<Value> {
        // A refusal is answered before its record is durable; this commit comes after it.
        let store: &dyn Store = &*self.app.store;
        transact(store, |_| Ok(Verdict::Done { answer: (), events: Vec::new() })).await.unwrap();
        let wanted = AuditQuery { limit, ..AuditQuery::default() };
        let rows = query(store, |read| read.audit(&wanted)).unwrap();
        rows.iter().map(|row| serde_json::from_slice(&row.record).unwrap()).collect()
    }

    /// The newest record, after a look at its type, outcome and reasons.
    pub(super) async fn assert_recorded(&self, event_type: &str, outcome: &str, reasons: &[&str]) -> Value {
        let newest = self.recorded(1).await.remove(0);
        let expected = json!([event_type, outcome, reasons]);
        assert_eq!(json!([newest["event_type"], newest["outcome"], newest["reasons"]]), expected, "{newest}");
        newest
    }
}

/// A member of a role and an API key without bounds, which may approve if the role may; with its text.
fn member(app: &App, role: Role) -> (MemberRow, KeyRow, String) {
    let minted = app.guest.mint_token(TokenKind::ApiKey).unwrap();
    let (id, member_id) = (new_id(Prefix::Key).unwrap(), new_id(Prefix::Member).unwrap());
    let created_at = app.clock.now();
    let member = MemberRow {
        id: member_id.clone(),
        email: format!("{member_id}@example.com"),
        name: role.word().to_owned(),
        role,
        created_at,
        removed_at: None,
    };
    let key = KeyRow {
        id,
        member_id,
        name: "first".to_owned(),
        hash: minted.hash,
        display: minted.display,
        approve: role::scopes(role).contains(&role::DECIDE),
        bounds: KeyBounds::default(),
        created_at,
        revoked_at: None,
        last_used_at: None,
    };
    (member, key, minted.text.expose().clone())
}
