//! Answers: JSON bodies, and errors in the one form of this API.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::audit::mask::mask_tokens;
use crate::error::{ApiCode, ApiError};
use crate::guest::Position;
use crate::openapi::words::Code;

/// A JSON answer.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match encode(body) {
        Ok(bytes) => with_body(status, bytes),
        Err(_) => ApiError::new(ApiCode::Internal, "the answer cannot be written").into_response(),
    }
}

/// An answer that is JSON already.
#[must_use]
pub fn json_bytes(status: StatusCode, bytes: Bytes) -> Response {
    with_body(status, bytes)
}

/// An answer without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

impl IntoResponse for ApiError {
    /// Status and headers; the body is written by [`render_error`], which knows the request's id.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = empty(status);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The code of an error answer.
#[must_use]
pub fn error_code(response: &Response) -> Option<ApiCode> {
    response.extensions().get::<ApiError>().map(|error| error.code)
}

/// Gives an error answer its body; other answers stay as they are.
///
/// An error that a library made gets our form too: no answer of this server is without it.
#[must_use]
pub fn render_error(mut response: Response, request_id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let error = response.extensions_mut().remove::<ApiError>().unwrap_or_else(|| of_status(status));
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = encode(&ErrorOut::new(&error, request_id)).map_or_else(|_| Body::empty(), Body::from);
    parts.extensions.insert(error);
    Response::from_parts(parts, body)
}

/// The body of an error, for the few answers that are written before there is a request.
#[must_use]
pub fn error_body(error: &ApiError, request_id: &str) -> Vec<u8> {
    serde_json::to_vec(&ErrorOut::new(error, request_id)).unwrap_or_default()
}

fn of_status(status: StatusCode) -> ApiError {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => (ApiCode::NotFound, "there is no such route"),
        StatusCode::METHOD_NOT_ALLOWED => (ApiCode::MethodNotAllowed, "the route does not have this method"),
        StatusCode::PAYLOAD_TOO_LARGE => (ApiCode::PayloadTooLarge, "the body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (ApiCode::UnsupportedMediaType, "the body must be application/json")
        }
        _ if status.is_client_error() => (ApiCode::ValidationFailed, "the request is malformed"),
        _ => (ApiCode::Internal, "the server failed, see its log"),
    };
    ApiError::new(code, message)
}

fn with_body(status: StatusCode, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// JSON in a buffer that never grows, so that no copy stays behind, and that is wiped once sent: the answer may hold a secret.
fn encode(body: &impl Serialize) -> serde_json::Result<Bytes> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, body)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *bytes, body)?;
    Ok(Bytes::from_owner(bytes))
}

struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A refusal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorOut<'a> {
    error: ErrorObject<'a>,
    /// The message again: one client reads only this.
    detail: String,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldOut>,
}

/// What clients branch on, and what people read.
#[derive(Debug, Serialize, JsonSchema)]
struct ErrorObject<'a> {
    #[schemars(with = "Code")]
    code: &'static str,
    message: String,
    /// Every clause that failed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reasons: &'a [&'static str],
    /// The approval that the request waits for: once it is given, the same request passes, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<&'a str>,
}

/// A field of the request that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FieldError")]
struct FieldOut {
    /// Where, such as `scopes[0]`.
    field: String,
    message: String,
    #[serde(flatten)]
    position: Option<Position>,
}

impl<'a> ErrorOut<'a> {
    fn new(error: &'a ApiError, request_id: &'a str) -> Self {
        let message = mask_tokens(&error.message).into_owned();
        let field = |one: &crate::error::FieldError| FieldOut {
            field: mask_tokens(&one.field).into_owned(),
            message: mask_tokens(&one.message).into_owned(),
            position: one.position,
        };
        Self {
            error: ErrorObject {
                code: error.code.name(),
                message: message.clone(),
                reasons: &error.reasons,
                approval_id: error.approval_id.as_deref(),
            },
            detail: message,
            request_id,
            errors: error.errors.iter().map(field).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(response: Response) -> (u16, serde_json::Value) {
        let response = render_error(response, "req_1");
        let status = response.status().as_u16();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), usize::MAX)).unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn an_error_has_the_form_of_the_api() {
        let error = ApiError::invalid("scopes[0]", "text is malformed");
        let message = "`scopes[0]`: text is malformed";
        let expected = serde_json::json!({
            "error": { "code": "VALIDATION_FAILED", "message": message },
            "detail": message,
            "request_id": "req_1",
            "errors": [{ "field": "scopes[0]", "message": "text is malformed" }],
        });
        assert_eq!(rendered(error.into_response()), (400, expected));
    }

    #[test]
    fn reasons_and_the_wait_are_told() {
        let mut error = ApiError::new(ApiCode::RateLimited, "too many requests");
        error.retry_after = Some(7);
        error.reasons = vec!["scope_missing"];
        let response = error.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
        let (status, body) = rendered(response);
        assert_eq!((status, &body["error"]["reasons"][0]), (429, &"scope_missing".into()));
    }

    #[test]
    fn an_error_of_a_library_gets_the_form_too() {
        let (status, body) = rendered(StatusCode::METHOD_NOT_ALLOWED.into_response());
        assert_eq!((status, &body["error"]["code"]), (405, &"METHOD_NOT_ALLOWED".into()));
    }

    #[test]
    fn what_looks_like_a_token_is_not_echoed() {
        let (_, body) =
            rendered(ApiError::invalid("wds_0123456789abcdefghij", "unknown field").into_response());
        assert!(!body.to_string().contains("0123456789"));
        assert_eq!(body["errors"][0]["field"], "wds_***");
    }
}
