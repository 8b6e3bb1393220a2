//! A router that cannot hold an unguarded route by accident.
//!
//! [`ApiRouter::route`] takes the permission and a handler whose signature names the same one; the guard runs before the handler.
//! It matches the raw path, so that an encoded slash never becomes a separator of routes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};

use super::call::Call;
use crate::app::Shared;
use crate::authorize::{Asker, Case, Subject};
use crate::error::{ApiCode, ApiError};
use crate::extract::{Authenticated, RequestContext, charge_address};
use crate::openapi::{Operation, Parameter};
use crate::permission::{Guard, Permission};
use crate::query::Query;
use crate::rate_limit::Rate;
use crate::raw_path::{RawPath, Segment};

/// The route that answered, as it stands in the table: on every answer, for the log and the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchedRoute(pub &'static str);

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;
type Run = Box<dyn Fn(Shared, Request, Vec<Segment>) -> Answer + Send + Sync>;

/// One route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// Words, `{id}` for one segment, `{*path}` for all that are left, or for all but the last word of the pattern.
    pub pattern: &'static str,
    /// What it needs; `None` for what everybody may ask.
    pub guard: Option<Guard>,
    /// What can be asked of it, described.
    pub operations: &'static [Operation],
    run: Run,
}

impl Route {
    /// Whether the pattern ends in a word behind a path: what is done with what stands there.
    fn is_act(&self) -> bool {
        self.pattern.contains("{*path}/")
    }

    fn is_act_on(&self, path: &RawPath) -> bool {
        self.is_act() && captured(self.pattern, path).is_some()
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.pattern)
    }
}

/// The table of routes. Where two patterns match, the one registered first stands for the path.
///
/// A pattern that ends in a word behind `{*path}` stands for the paths of its own method only: `POST …/KEY/rotate` rotates `KEY`, and
/// a secret whose key is `rotate` is still read, written and deleted.
#[derive(Debug, Default)]
pub struct ApiRouter {
    routes: Vec<Route>,
}

impl ApiRouter {
    /// Adds a route that takes no credential.
    #[must_use]
    pub fn open<F, A>(
        mut self,
        method: Method,
        pattern: &'static str,
        operations: &'static [Operation],
        handler: F,
    ) -> Self
    where
        F: Fn(Shared) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        let rate = rate_of(operations);
        let run: Run = Box::new(move |app, request, _| {
            let context = request.extensions().get::<RequestContext>();
            let charged = context.map_or(Ok(()), |context| charge_address(&app, context, rate));
            let answer = charged.map(|()| handler(app));
            Box::pin(async move {
                match answer {
                    Ok(answer) => answer.await.unwrap_or_else(ApiError::into_response),
                    Err(limited) => limited.into_response(),
                }
            })
        });
        self.routes.push(Route { method, pattern, guard: None, operations, run });
        self
    }

    /// Adds a route behind its permission, with what can be asked of it: their parameters together are what its query may have.
    #[must_use]
    pub fn route<P, F, A>(
        mut self,
        method: Method,
        pattern: &'static str,
        operations: &'static [Operation],
        _permission: P,
        handler: F,
    ) -> Self
    where
        P: Permission,
        F: Fn(Call<P>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        let parameters: Arc<[Parameter]> = operations.iter().flat_map(|one| one.query).copied().collect();
        let rate = rate_of(operations);
        let run: Run = Box::new(move |app, request, captured| {
            let parameters = Arc::clone(&parameters);
            let handler = handler.clone();
            Box::pin(async move {
                let answer = async {
                    let call = guard::<P>(app, request, captured, (&parameters, rate)).await?;
                    handler(call).await
                };
                answer.await.unwrap_or_else(ApiError::into_response)
            })
        });
        self.routes.push(Route { method, pattern, guard: Some(P::GUARD), operations, run });
        self
    }

    /// The routes, in the order in which they were added.
    #[must_use]
    pub fn table(&self) -> &[Route] {
        &self.routes
    }

    /// Answers a request.
    pub async fn dispatch(&self, app: Shared, request: Request) -> Response {
        let path = match RawPath::parse(request.uri().path()) {
            Ok(path) => path,
            Err(error) => return error.into_response(),
        };
        let Some((pattern, captured)) = self.matched(request.method(), &path) else {
            return ApiError::new(ApiCode::NotFound, "there is no such route").into_response();
        };
        let mut among = self.routes.iter().filter(|route| route.pattern == pattern);
        let mut response = match among.find(|route| route.method == *request.method()) {
            Some(route) => (route.run)(app, request, captured).await,
            None => self.method_not_allowed(pattern, &path),
        };
        response.extensions_mut().insert(MatchedRoute(pattern));
        response
    }

    fn matched(&self, method: &Method, path: &RawPath) -> Option<(&'static str, Vec<Segment>)> {
        let mut standing = self.routes.iter().filter(|route| !route.is_act() || route.method == *method);
        standing.find_map(|route| Some((route.pattern, captured(route.pattern, path)?)))
    }

    fn method_not_allowed(&self, pattern: &str, path: &RawPath) -> Response {
        let error = ApiError::new(ApiCode::MethodNotAllowed, "the route does not have this method");
        let mut response = error.into_response();
        let there = self.routes.iter().filter(|route| route.pattern == pattern || route.is_act_on(path));
        let allowed: Vec<_> = there.map(|route| route.method.as_str()).collect();
        if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        response
    }
}

/// The bucket that a route charges.
fn rate_of(operations: &[Operation]) -> Rate {
    operations.first().map_or(Rate::Principal, |operation| operation.rate)
}

/// What the pattern's parameters stand for, if it matches.
fn captured(pattern: &str, path: &RawPath) -> Option<Vec<Segment>> {
    let mut segments = path.segments();
    let mut captured = Vec::new();
    let mut parts = pattern.split('/').skip(1);
    while let Some(part) = parts.next() {
        if part.starts_with("{*") {
            let path = match parts.next() {
                None => segments,
                Some(word) => segments.split_last().filter(|(last, _)| last.is(word))?.1,
            };
            captured.extend_from_slice(path);
            return (!path.is_empty()).then_some(captured);
        }
        let (first, rest) = segments.split_first()?;
        segments = rest;
        if part.starts_with('{') {
            captured.push(first.clone());
        } else if !first.is(part) {
            return None;
        }
    }
    segments.is_empty().then_some(captured)
}

/// Authenticates, refuses a credential of a kind that the route does not take, and reads the query.
async fn guard<P: Permission>(
    app: Shared,
    request: Request,
    captured: Vec<Segment>,
    (parameters, rate): (&[Parameter], Rate),
) -> Result<Call<P>, ApiError> {
    let (mut parts, body) = request.into_parts();
    let Authenticated { id, kind, hash, context } = Authenticated::of(&mut parts, &app, rate).await?;
    let asker = Asker { id, kind, hash, origin: context.origin };
    let case = Case { app, asker, guard: P::GUARD, subject: Subject::default() };
    if P::GUARD.need(kind).is_none() {
        super::work::refuse_kind(case.clone()).await?;
    }
    let query = Query::parse(parts.uri.query())?;
    query.check(parameters)?;
    Ok(Call::new(case, captured, query, Request::from_parts(parts, body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pattern: &str, raw: &str) -> Option<Vec<String>> {
        let captured = captured(pattern, &RawPath::parse(raw).unwrap())?;
        Some(captured.iter().map(|segment| segment.as_str().to_owned()).collect())
    }

    #[track_caller]
    fn assert_captured(pattern: &str, raw: &str, expected: Option<&[&str]>) {
        let expected = expected.map(|list| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(texts(pattern, raw), expected, "{pattern} {raw}");
    }

    #[test]
    fn patterns_match_whole_raw_paths() {
        assert_captured("/v1/health", "/v1/health", Some(&[]));
        assert_captured("/v1/health", "/v1/healthy", None);
        assert_captured("/v1/health", "/v1/health/x", None);
        assert_captured("/v1/health", "/v1", None);
        assert_captured("/v1/health", "/v1/%68ealth", None);
        assert_captured("/v1/agents/{id}", "/v1/agents/a%2Fb", Some(&["a/b"]));
        assert_captured("/v1/agents/{id}", "/v1/agents", None);
        assert_captured("/v1/agents/{id}", "/v1/agents/a/b", None);
        assert_captured("/v1/secrets/{*path}", "/v1/secrets/a%2Fb/KEY", Some(&["a/b", "KEY"]));
        assert_captured("/v1/secrets/{*path}", "/v1/secrets", None);
        assert_captured("/v1/secrets/{*path}", "/v1%2Fsecrets/a", None);
    }

    #[test]
    fn the_last_raw_segment_is_the_word_behind_a_path() {
        let act = "/v1/secrets/{*path}/rotate";
        assert_captured(act, "/v1/secrets/a/b/KEY/rotate", Some(&["a", "b", "KEY"]));
        assert_captured(act, "/v1/secrets/a%2Fb/KEY/rotate", Some(&["a/b", "KEY"]));
        assert_captured(act, "/v1/secrets/a/rotate/rotate", Some(&["a", "rotate"]));
        assert_captured(act, "/v1/secrets/a/rotate", Some(&["a"]));
        for raw in [
            "/v1/secrets/rotate",
            "/v1/secrets/a/KEY",
            "/v1/secrets/a/KEY%2Frotate",
            "/v1/secrets/a/%72otate",
        ] {
            assert_captured(act, raw, None);
        }
    }
}
