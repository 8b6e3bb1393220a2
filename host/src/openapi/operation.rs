//! What a route says of itself: a constant beside its handler.

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::parameter::Parameter;
use crate::error::ApiCode;
use crate::rate_limit::Rate;

/// The schema of a type, with what it refers to left in the generator.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

fn schema_of<T: JsonSchema + ?Sized>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A body that a route takes.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Its schema.
    pub schema: SchemaOf,
    /// Whether it must be there.
    pub required: bool,
}

/// What a success is answered with.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// Nothing.
    Empty,
    /// JSON of this schema.
    Json(SchemaOf),
    /// Text of this media type.
    Text(&'static str),
}

/// A status of success and its body.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub content: Content,
}

/// One thing that can be asked of a route.
///
/// `const LIST: Operation = Operation::new("list_tokens", "Tokens that are known").query(PARAMETERS).answer::<TokensOut>(200);`
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// What generated clients call it.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The path as described, where the pattern of the route covers several.
    pub path: Option<&'static str>,
    /// The parameters of the query; others are refused.
    pub query: &'static [Parameter],
    /// The headers that mean something here.
    pub headers: &'static [Parameter],
    /// The body.
    pub body: Option<Body>,
    /// The successes, with distinct statuses or media types.
    pub answers: [Option<Answer>; 4],
    /// The codes beside those that every route has.
    pub codes: &'static [ApiCode],
    /// The bucket that is charged.
    pub rate: Rate,
}

impl Operation {
    /// An operation without parameters, body and answers.
    #[must_use]
    pub const fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            path: None,
            query: &[],
            headers: &[],
            body: None,
            answers: [None; 4],
            codes: &[],
            rate: Rate::Principal,
        }
    }

    /// Described under this path, where the route's pattern covers several: `{*path}` is `{namespace}`, `{namespace}/{key}`, ….
    #[must_use]
    pub const fn at(self, path: &'static str) -> Self {
        Self { path: Some(path), ..self }
    }

    /// With parameters in the query.
    #[must_use]
    pub const fn query(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// With headers.
    #[must_use]
    pub const fn headers(self, headers: &'static [Parameter]) -> Self {
        Self { headers, ..self }
    }

    /// With a JSON body.
    #[must_use]
    pub const fn body<T: JsonSchema>(self) -> Self {
        Self { body: Some(Body { schema: schema_of::<T>, required: true }), ..self }
    }

    /// With a JSON body that may be left out.
    #[must_use]
    pub const fn optional_body<T: JsonSchema>(self) -> Self {
        Self { body: Some(Body { schema: schema_of::<T>, required: false }), ..self }
    }

    /// Answers this status with JSON.
    #[must_use]
    pub const fn answer<T: JsonSchema>(self, status: u16) -> Self {
        self.with(status, Content::Json(schema_of::<T>))
    }

    /// Answers 204 without a body.
    #[must_use]
    pub const fn empty(self) -> Self {
        self.with(204, Content::Empty)
    }

    /// Answers 200 with text of a media type.
    #[must_use]
    pub const fn text(self, media_type: &'static str) -> Self {
        self.with(200, Content::Text(media_type))
    }

    /// Fails with these codes too, beside those that every route has.
    #[must_use]
    pub const fn codes(self, codes: &'static [ApiCode]) -> Self {
        Self { codes, ..self }
    }

    /// Charges another bucket than the principal's common one.
    #[must_use]
    pub const fn rate(self, rate: Rate) -> Self {
        Self { rate, ..self }
    }

    const fn with(mut self, status: u16, content: Content) -> Self {
        let next = Some(Answer { status, content });
        self.answers = match self.answers {
            [None, ..] => [next, None, None, None],
            [a, None, ..] => [a, next, None, None],
            [a, b, None, _] => [a, b, next, None],
            [a, b, c, _] => [a, b, c, next],
        };
        self
    }

    /// The statuses of success.
    pub fn answers(&self) -> impl Iterator<Item = Answer> + '_ {
        self.answers.iter().flatten().copied()
    }
}

/// The words of a status, such as `Not Found`.
pub(super) fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}
