//! Request bodies: JSON without ambiguity, within limits of size and time, or a refusal that names the field.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use zeroize::Zeroizing;

use crate::app::Shared;
use crate::error::{ApiCode, ApiError};

mod object;
mod strict;
#[cfg(test)]
mod tests;
mod typed;

pub use object::object;

/// The longest body: 1 MiB.
pub const MAX_BODY: usize = 1024 * 1024;

/// A body that must be there.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A body that is a document of the engine, which says itself what is wrong with it, and where.
#[derive(Debug)]
pub struct Document(pub String);

/// A body that may be left out, whatever the content type says.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        let (headers, bytes) = read(request, app.config.body_timeout).await?;
        parse(&headers, &bytes)?.map(Self).ok_or_else(nothing)
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        let (headers, bytes) = read(request, app.config.body_timeout).await?;
        parse(&headers, &bytes).map(Self)
    }
}

impl FromRequest<Shared> for Document {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        let (headers, bytes) = read(request, app.config.body_timeout).await?;
        match text(&headers, &bytes)? {
            Some(text) => Ok(Self(text.to_owned())),
            None => Err(nothing()),
        }
    }
}

fn nothing() -> ApiError {
    ApiError::invalid("body", "expected a JSON object, got nothing")
}

/// Deserializes a field that may be absent but not `null`, with `#[serde(default, deserialize_with = "not_null")]`.
///
/// # Errors
/// The value is `null` or not a `T`.
pub fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The whole body, in memory that is wiped.
async fn read(request: Request, within: Duration) -> Result<(HeaderMap, Zeroizing<Vec<u8>>), ApiError> {
    let (parts, body) = request.into_parts();
    let expected = content_length(&parts.headers);
    if expected.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let reading = collect(body, expected.unwrap_or_default());
    let bytes = tokio::time::timeout(within, reading)
        .await
        .map_err(|_| ApiError::new(ApiCode::RequestTimeout, "the body did not arrive in time"))??;
    Ok((parts.headers, bytes))
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large() -> ApiError {
    ApiError::new(ApiCode::PayloadTooLarge, "the body is larger than 1 MiB")
}

async fn collect(mut body: Body, expected: usize) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::invalid("body", "the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = bytes.len().saturating_add(data.len());
        if length > MAX_BODY {
            return Err(too_large());
        }
        if length > bytes.capacity() {
            // A vector that grew by itself would leave its old bytes behind.
            let mut larger = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<Option<T>, ApiError> {
    let Some(text) = text(headers, bytes)? else { return Ok(None) };
    strict::check(text)?;
    typed::parse(text).map(Some)
}

/// The text of a body that says it is JSON; `None` if there is no body.
fn text<'b>(headers: &HeaderMap, bytes: &'b [u8]) -> Result<Option<&'b str>, ApiError> {
    // Clients send the content type without a body too.
    if bytes.is_empty() {
        return Ok(None);
    }
    if !is_json(headers) {
        return Err(ApiError::new(
            ApiCode::UnsupportedMediaType,
            "the body must be sent as `Content-Type: application/json`",
        ));
    }
    str::from_utf8(bytes).map(Some).map_err(|_| ApiError::invalid("body", "not UTF-8"))
}

/// `application/json` with no other charset than UTF-8, given once.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(Ok(text)), None) = (types.next().map(|value| value.to_str()), types.next()) else {
        return false;
    };
    let mut parts = text.split(';').map(str::trim);
    let is_type = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_type && parts.all(is_harmless_parameter)
}

fn is_harmless_parameter(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    }
}
