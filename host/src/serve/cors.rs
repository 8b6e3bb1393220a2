//! Pages of other origins: which of them a browser may let read answers. None, unless the setting `cors_origins` names them.
//!
//! Credentials are bearer tokens that a page must hold itself, so no answer allows cookies, and none allows every origin.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::app::App;
use crate::reply::empty;

/// Answers that such a page may read these headers of, beside the few that every page may.
const EXPOSED: &str = "RateLimit, RateLimit-Policy, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "Authorization, Content-Type, If-Match";
/// How long a browser may remember what a preflight answered, in seconds.
const MAX_AGE: &str = "600";

/// The origin of a request, if it is one that is allowed: exactly, and given once.
pub(super) fn allowed_origin(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
    app.config
        .cors_origins
        .iter()
        .any(|allowed| allowed.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}

/// The answer to the question that a browser asks before the page's own request; it needs no credential and says nothing of routes.
pub(super) fn preflight(origin: Option<&HeaderValue>, request: &Request) -> Option<Response> {
    let asks = *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let _allowed = origin.filter(|_| asks)?;
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    Some(response)
}

/// Says to the browser that the page may read the answer; to caches, that it depends on who asks.
pub(super) fn write_headers(app: &App, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    if app.config.cors_origins.is_empty() {
        return;
    }
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Origin"));
    let Some(origin) = origin else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}
