//! One request, from its headers to its answer: limits, context, route, standard headers, log line and counters.

use std::any::Any;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;

use super::cors;
use crate::app::{App, Shared};
use crate::audit::Origin;
use crate::clock;
use crate::error::{ApiCode, ApiError};
use crate::extract::{RequestContext, client_address};
use crate::rate_limit::Standing;
use crate::reply::{error_body, error_code, render_error};
use crate::rng;
use crate::routes::api_router::MatchedRoute;

/// The longest path with its query: 4 KiB.
const MAX_URL: usize = 4 * 1024;
/// The headers of one request together: 16 KiB.
const MAX_HEADERS: usize = 16 * 1024;
/// The longest body that arrives together with its headers.
const READ_AT_ONCE: u64 = 4 * 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers one request of a peer.
pub async fn answer(app: &Shared, router: &Router, peer: IpAddr, mut request: Request) -> Response {
    let started = clock::instant();
    let method = method_name(request.method());
    let ip = client_address(app, peer, request.headers());
    let context = RequestContext::new(Origin { request_id: new_request_id(), ip });
    let is_long = has_long_body(request.headers());
    let origin = cors::allowed_origin(app, request.headers());
    let response = match prepare(&mut request).map(|()| cors::preflight(origin.as_ref(), &request)) {
        Ok(Some(preflight)) => preflight,
        Ok(None) => {
            request.extensions_mut().insert(context.clone());
            run(router.clone(), request).await
        }
        Err(error) => error.into_response(),
    };
    let mut response = render_error(response, &context.origin.request_id);
    write_headers(response.status(), &context, response.headers_mut());
    cors::write_headers(app, origin, response.headers_mut());
    if is_long && error_code(&response).is_some() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    report(app, &context, method, &response, started.elapsed());
    response
}

/// Whether a refusal may go out before the whole body has come in: hyper then closes the connection, and the client must be told,
/// or it sends its next request into a closed one.
fn has_long_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    length.unwrap_or(0) > READ_AT_ONCE || headers.contains_key(header::TRANSFER_ENCODING)
}

/// Limits of the head, and the one leniency about paths.
fn prepare(request: &mut Request) -> Result<(), ApiError> {
    let url = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if url > MAX_URL {
        return Err(ApiError::new(ApiCode::UriTooLong, "the address is longer than 4 KiB"));
    }
    let lengths = request.headers().iter().map(|(name, value)| {
        // As on the wire, with the colon, a space and the line's end.
        name.as_str().len().saturating_add(value.len()).saturating_add(4)
    });
    if lengths.fold(0_usize, usize::saturating_add) > MAX_HEADERS {
        return Err(ApiError::new(ApiCode::HeadersTooLarge, "the headers are larger than 16 KiB"));
    }
    if let Some(path) = without_extra_slash(request.uri()) {
        *request.uri_mut() = Uri::from(path);
    }
    Ok(())
}

/// A base URL with a trailing slash makes `//v1/…`; nothing else of a path is ever repaired.
fn without_extra_slash(uri: &Uri) -> Option<PathAndQuery> {
    let path = uri.path_and_query()?.as_str();
    path.strip_prefix('/').filter(|rest| rest.starts_with("/v1/"))?.parse().ok()
}

/// Runs the route. A panic is this request's alone, and was reported by the panic hook.
async fn run(router: Router, request: Request) -> Response {
    let mut route = pin!(router.oneshot(request));
    let outcome =
        std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| route.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok::<_, Box<dyn Any + Send>>),
            Err(panic) => Poll::Ready(Err(panic)),
        });
    match outcome.await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => ApiError::new(ApiCode::Internal, "the server failed, see its log").into_response(),
    }
}

fn new_request_id() -> String {
    // Without randomness nothing else works either; the answer still goes out.
    format!("req_{}", hex::encode(rng::bytes::<16>().unwrap_or_default()))
}

fn write_headers(status: StatusCode, context: &RequestContext, headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Ok(id) = HeaderValue::from_str(&context.origin.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(standing) = context.standing() {
        write_standing(standing, headers);
    }
}

fn write_standing(standing: &Standing, headers: &mut HeaderMap) {
    let Standing { policy, limit, remaining, reset, .. } = standing;
    let mut text = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    text("ratelimit-policy", format!("\"{policy}\";q={limit};w=60"));
    text("ratelimit", format!("\"{policy}\";r={remaining};t={reset}"));
    text("x-ratelimit-limit", limit.to_string());
    text("x-ratelimit-remaining", remaining.to_string());
    text("x-ratelimit-reset", reset.to_string());
}

fn report(app: &App, context: &RequestContext, method: &str, response: &Response, took: std::time::Duration) {
    let route = response.extensions().get::<MatchedRoute>().map_or("none", |route| route.0);
    let (status, request_id) = (response.status().as_u16(), context.origin.request_id.as_str());
    app.metrics.answered(route, status, took);
    let code = error_code(response);
    if let (Some(code), None) = (code, context.principal()) {
        refused(app, code, context.origin.ip);
    }
    let (principal, code) = (context.principal(), code.map(ApiCode::name));
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::error!(method, route, status, ms, request_id, principal, code, "request failed");
    } else {
        tracing::info!(method, route, status, ms, request_id, principal, code, "request");
    }
}

fn refused(app: &App, code: ApiCode, ip: Option<IpAddr>) {
    app.metrics.refused(code);
    app.refusals.count(code, ip);
}

/// The methods that there are; any other word is the client's own and is not logged.
fn method_name(method: &Method) -> &'static str {
    let known = [
        (Method::GET, "GET"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::HEAD, "HEAD"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    known.iter().find(|(one, _)| one == method).map_or("other", |(_, name)| name)
}

/// The whole answer to what never became a request, ready to be written to the socket.
pub(super) fn bare(app: &App, peer: IpAddr, error: ApiError) -> Vec<u8> {
    let code = error.code;
    let context = RequestContext::new(Origin { request_id: new_request_id(), ip: Some(peer.to_canonical()) });
    let request_id = context.origin.request_id.clone();
    let body = error_body(&error, &request_id);
    let mut response = error.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    let status = response.status();
    write_headers(status, &context, response.headers_mut());
    let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    refused(app, code, context.origin.ip);
    tracing::info!(status = status.as_u16(), request_id, code = code.name(), "connection refused");
    bytes
}

/// The error of a status that hyper answers by itself.
pub(super) fn malformed(status: u16) -> ApiError {
    match status {
        414 => ApiError::new(ApiCode::UriTooLong, "the address is longer than 4 KiB"),
        431 => ApiError::new(ApiCode::HeadersTooLarge, "the headers are larger than 16 KiB"),
        _ => ApiError::new(ApiCode::ValidationFailed, "the request is not HTTP/1.1"),
    }
}

/// An empty body as hyper's, boxed for the router.
pub(super) fn with_body<B>(request: axum::http::Request<B>) -> Request
where
    B: http_body_util::BodyExt<Data = axum::body::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    request.map(Body::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_extra_slash_at_the_front_is_taken_away() {
        let repaired =
            |uri: &str| without_extra_slash(&uri.parse().unwrap()).map(|path| path.as_str().to_owned());
        assert_eq!(repaired("//v1/secrets/a%2Fb?x=1"), Some("/v1/secrets/a%2Fb?x=1".to_owned()));
        for other in ["/v1/a", "///v1/a", "/v1//a", "//health", "//v1"] {
            assert_eq!(repaired(other), None, "{other}");
        }
    }

    #[test]
    fn a_panic_is_a_500_of_its_request_alone() {
        async fn defect() -> Response {
            panic!("boom")
        }
        let router = Router::new()
            .route("/defect", axum::routing::get(defect))
            .route("/well", axum::routing::get(|| async { "well" }));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ask = |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            runtime.block_on(run(router.clone(), request))
        };
        let failed = ask("/defect");
        assert_eq!((failed.status().as_u16(), error_code(&failed)), (500, Some(ApiCode::Internal)));
        assert_eq!(ask("/well").status().as_u16(), 200);
    }

    #[test]
    fn a_method_of_the_clients_own_is_not_repeated() {
        assert_eq!(method_name(&Method::PUT), "PUT");
        assert_eq!(method_name(&Method::from_bytes(b"HUNTER2").unwrap()), "other");
    }
}
