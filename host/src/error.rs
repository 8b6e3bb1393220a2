//! The one error of the HTTP API and the one table from code to status.

use warded_core::{Error, ErrorCode};

use crate::guest::Position;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal;)*) => {
        /// What the caller is told. Codes are API: clients branch on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ApiCode { $($(#[$doc])* $variant,)* }

        impl ApiCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),* } }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status),* } }
        }
    };
}

codes! {
    /// Somebody has denied the approval, and it cannot be asked for again yet.
    ApprovalDenied = "APPROVAL_DENIED", 403;
    /// The approval was not used in time; the next request asks anew.
    ApprovalExpired = "APPROVAL_EXPIRED", 403;
    /// Approval is needed, and cannot be asked for here.
    ApprovalRequired = "APPROVAL_REQUIRED", 403;
    /// The audit record cannot be made durable, so nothing was done.
    AuditUnavailable = "AUDIT_UNAVAILABLE", 503;
    /// The state is not the one that the caller named, or the name is taken.
    Conflict = "CONFLICT", 409;
    /// The engine failed on this request; nothing was allowed.
    EngineUnavailable = "ENGINE_UNAVAILABLE", 503;
    /// The request's headers are too large.
    HeadersTooLarge = "HEADERS_TOO_LARGE", 431;
    /// A defect of the server.
    Internal = "INTERNAL", 500;
    /// The source address is not allowed.
    IpNotAllowed = "IP_NOT_ALLOWED", 403;
    /// The route does not have this method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405;
    /// The server does not make values of this type; the caller must give one.
    NewValueRequired = "NEW_VALUE_REQUIRED", 400;
    /// There is no such route or object.
    NotFound = "NOT_FOUND", 404;
    /// The path is a namespace already, or lies below a secret.
    PathTaken = "PATH_TAKEN", 409;
    /// The body is too large.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413;
    /// Too many requests.
    RateLimited = "RATE_LIMITED", 429;
    /// The body did not arrive in time.
    RequestTimeout = "REQUEST_TIMEOUT", 408;
    /// The credential does not cover the request.
    ScopeDenied = "SCOPE_DENIED", 403;
    /// There is no such secret.
    SecretNotFound = "SECRET_NOT_FOUND", 404;
    /// No credential, or not a valid one.
    Unauthorized = "UNAUTHORIZED", 401;
    /// The server is stopping or has too much to do.
    Unavailable = "UNAVAILABLE", 503;
    /// The body is not JSON.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415;
    /// The address is too long.
    UriTooLong = "URI_TOO_LONG", 414;
    /// The request is malformed; the fields are named.
    ValidationFailed = "VALIDATION_FAILED", 400;
}

/// A field of the request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where, such as `scopes[0]`.
    pub field: String,
    /// What is wrong there; never the value itself.
    pub message: String,
    /// Where it stands in a body that people write by hand.
    pub position: Option<Position>,
}

/// What a request is refused with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The code that clients branch on.
    pub code: ApiCode,
    /// One sentence that says what to do.
    pub message: String,
    /// The engine's reason codes, outermost link first.
    pub reasons: Vec<&'static str>,
    /// The fields that are wrong.
    pub errors: Vec<FieldError>,
    /// Seconds until the request may be repeated.
    pub retry_after: Option<u64>,
    /// The approval that the request waits for.
    pub approval_id: Option<String>,
}

impl ApiError {
    /// An error with its sentence.
    pub fn new(code: ApiCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            reasons: Vec::new(),
            errors: Vec::new(),
            retry_after: None,
            approval_id: None,
        }
    }

    /// The bare 401: the same for a bad form and for an unknown token.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(ApiCode::Unauthorized, "a valid bearer token is required")
    }

    /// A malformed field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let mut error = Self::new(ApiCode::ValidationFailed, format!("`{field}`: {message}"));
        error.errors.push(FieldError { field, message, position: None });
        error
    }

    /// What the core says of a field of the request.
    #[must_use]
    pub fn from_core(field: &str, error: &Error) -> Self {
        let inner = error.clone().without_field();
        match error.field() {
            Some(place) => Self::invalid(format!("{field}.{}", place.as_str()), inner.to_string()),
            None => Self::invalid(field, inner.to_string()),
        }
    }

    /// The same error, with the place in the body of each field that it names.
    #[must_use]
    pub fn at(mut self, position: Option<Position>) -> Self {
        for error in &mut self.errors {
            error.position = position;
        }
        self
    }

    /// The same error with the engine's reasons.
    #[must_use]
    pub fn with_reasons(mut self, reasons: impl IntoIterator<Item = ErrorCode>) -> Self {
        for reason in reasons.into_iter().map(ErrorCode::name) {
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        }
        self
    }
}
