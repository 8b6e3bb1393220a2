//! One request that has passed its guard, as a handler sees it.

use std::marker::PhantomData;

use axum::extract::{FromRequest as _, Request};
use axum::http::HeaderName;
use serde::de::DeserializeOwned;

use crate::app::Shared;
use crate::authorize::{Asker, Case, Subject};
use crate::body::{Document, Json, OptionalJson};
use crate::error::ApiError;
use crate::permission::Permission;
use crate::query::Query;
use crate::raw_path::Segment;

/// A request whose credential is known and of a kind that `P` takes. What it may do is decided in its transaction.
#[derive(Debug)]
pub struct Call<P> {
    /// What the query's parameters are; none that the route does not know.
    pub query: Query,
    case: Case,
    captured: Vec<Segment>,
    request: Request,
    permission: PhantomData<P>,
}

impl<P: Permission> Call<P> {
    pub(super) const fn new(case: Case, captured: Vec<Segment>, query: Query, request: Request) -> Self {
        Self { query, case, captured, request, permission: PhantomData }
    }

    /// Who asks, at which route; `subject` is what it is about.
    #[must_use]
    pub fn case(&self, subject: Subject) -> Case {
        Case { subject, ..self.case.clone() }
    }

    /// The server.
    #[must_use]
    pub const fn app(&self) -> &Shared {
        &self.case.app
    }

    /// Who asks.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.case.asker
    }

    /// The captured segments, decoded.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        self.captured.iter().map(Segment::as_str).collect()
    }

    /// The one segment that stands for an id or a name.
    ///
    /// # Errors
    /// 400 naming `id`.
    pub fn id(&self) -> Result<String, ApiError> {
        self.id_at(0, "id")
    }

    /// One of several segments that stand for ids.
    ///
    /// # Errors
    /// 400 naming it.
    pub fn id_at(&self, place: usize, name: &str) -> Result<String, ApiError> {
        let text = self.captured.get(place).map_or("", Segment::as_str);
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=128).contains(&text.len()) && text.bytes().all(is_word) {
            return Ok(text.to_owned());
        }
        Err(ApiError::invalid(name, "an id is 1 to 128 of `A-Z a-z 0-9 _ -`"))
    }

    /// A header that may be given once, as text.
    ///
    /// # Errors
    /// 400 naming the header.
    pub fn header(&self, name: &HeaderName, shown: &'static str) -> Result<Option<String>, ApiError> {
        let mut values = self.request.headers().get_all(name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        match (value.to_str(), values.next()) {
            (Ok(text), None) => Ok(Some(text.to_owned())),
            (_, Some(_)) => Err(ApiError::invalid(shown, "is given twice")),
            (Err(_), None) => Err(ApiError::invalid(shown, "must be ASCII")),
        }
    }

    /// The body, which can be taken once; the headers go with it.
    ///
    /// # Errors
    /// 400 naming the field, 408, 413 or 415.
    pub async fn body<T: DeserializeOwned>(&mut self) -> Result<T, ApiError> {
        let request = std::mem::take(&mut self.request);
        let Json(body) = Json::from_request(request, &self.case.app).await?;
        Ok(body)
    }

    /// The text of a body that is a document of the engine, which can be taken once.
    ///
    /// # Errors
    /// 400, 408, 413 or 415.
    pub async fn document(&mut self) -> Result<String, ApiError> {
        let request = std::mem::take(&mut self.request);
        let Document(text) = Document::from_request(request, &self.case.app).await?;
        Ok(text)
    }

    /// The body, which may be left out; the headers go with it.
    ///
    /// # Errors
    /// As [`body`](Self::body).
    pub async fn optional_body<T: DeserializeOwned + Default>(&mut self) -> Result<T, ApiError> {
        let request = std::mem::take(&mut self.request);
        let OptionalJson(body) = OptionalJson::from_request(request, &self.case.app).await?;
        Ok(body.unwrap_or_default())
    }

    /// Refuses a body with anything in it.
    ///
    /// # Errors
    /// As [`body`](Self::body).
    pub async fn no_body(&mut self) -> Result<(), ApiError> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Empty {}
        let request = std::mem::take(&mut self.request);
        let OptionalJson::<Empty>(_) = OptionalJson::from_request(request, &self.case.app).await?;
        Ok(())
    }
}
