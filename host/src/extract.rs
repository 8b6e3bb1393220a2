//! Who asks, and from where: the one place where requests are authenticated.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use warded_core::crypto::token::{self, TokenKind};

use crate::app::Shared;
use crate::audit::Origin;
use crate::error::{ApiCode, ApiError};
use crate::guest::GuestError;
use crate::rate_limit::{Rate, Standing};
use crate::store::{self, CallerId};

pub mod client_ip;
#[cfg(test)]
mod tests;

/// What is known of every request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The request's id and address, as every event of it says.
    pub origin: Origin,
    notes: Arc<Notes>,
}

/// What is found out on the way, for the answer's headers and for the log.
#[derive(Debug, Default)]
struct Notes {
    caller: OnceLock<Arc<str>>,
    standing: OnceLock<Standing>,
}

impl RequestContext {
    /// The context of a new request.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self { origin, notes: Arc::default() }
    }

    /// The principal, once authenticated.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.notes.caller.get().map(|principal| &**principal)
    }

    /// The bucket that was charged.
    #[must_use]
    pub fn standing(&self) -> Option<&Standing> {
        self.notes.standing.get()
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| ApiError::new(ApiCode::Internal, "the request has no context"))
    }
}

/// A caller whose credential is known. Whether it may do anything is decided later, in the transaction that does it.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// The credential's row.
    pub id: CallerId,
    /// The credential's kind.
    pub kind: TokenKind,
    /// SHA-256 of the credential.
    pub hash: [u8; 32],
    /// The request.
    pub context: RequestContext,
}

impl Authenticated {
    /// Authenticates a request, and charges it to a bucket of its principal, or of its address if that fails.
    ///
    /// # Errors
    /// 401, 429, or the failure of the look-up.
    pub async fn of(parts: &mut Parts, app: &Shared, rate: Rate) -> Result<Self, ApiError> {
        let context = RequestContext::from_request_parts(parts, app).await?;
        charge_address(app, &context, rate)?;
        let Some((text, kind)) = bearer(&parts.headers) else {
            may_fail(app, &context)?;
            return Err(failed(app, &context));
        };
        let hash = hash(app, text)?;
        let caller = match app.callers.find(&hash) {
            Some(caller) => caller,
            None => {
                may_fail(app, &context)?;
                look_up(app, hash).await?.ok_or_else(|| failed(app, &context))?
            }
        };
        let _ = context.notes.caller.set(Arc::clone(&caller.principal));
        match app.rate_limits.take(&caller.principal, rate, app.clock.now()) {
            Ok(standing) => note(&context, standing),
            Err(standing) => return Err(limited(&context, standing)),
        }
        Ok(Self { id: caller.id, kind, hash, context })
    }
}

/// Charges the address where the route does, before anything else is looked at.
///
/// # Errors
/// 429.
pub fn charge_address(app: &Shared, context: &RequestContext, rate: Rate) -> Result<(), ApiError> {
    match app.rate_limits.take_address(context.origin.ip, rate, app.clock.now()) {
        Ok(standing) => {
            note(context, standing);
            Ok(())
        }
        Err(standing) => Err(limited(context, standing)),
    }
}

/// The token of the one `Authorization` header, if it has a token's form.
fn bearer(headers: &HeaderMap) -> Option<(&str, TokenKind)> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
    let text = text.trim_start_matches(' ');
    let kind = token::parse(text).ok()?;
    scheme.eq_ignore_ascii_case("bearer").then_some((text, kind))
}

fn hash(app: &Shared, text: &str) -> Result<[u8; 32], ApiError> {
    match app.guest.hash_token(text) {
        Ok((_, hash)) => Ok(hash),
        Err(GuestError::Refused { .. }) => Err(ApiError::unauthorized()),
        Err(error) => {
            tracing::error!(%error, "a credential cannot be hashed");
            Err(ApiError::new(ApiCode::EngineUnavailable, "the engine failed, nothing was done"))
        }
    }
}

/// Before anything is looked up: an address that has failed too often waits.
fn may_fail(app: &Shared, context: &RequestContext) -> Result<(), ApiError> {
    app.rate_limits
        .check_address(context.origin.ip, app.clock.now())
        .map_err(|standing| limited(context, standing))
}

/// The bare 401, charged to the address.
fn failed(app: &Shared, context: &RequestContext) -> ApiError {
    note(context, app.rate_limits.charge_address(context.origin.ip, app.clock.now()));
    ApiError::unauthorized()
}

fn limited(context: &RequestContext, standing: Standing) -> ApiError {
    note(context, Some(standing));
    let mut error = ApiError::new(ApiCode::RateLimited, "too many requests, wait before the next");
    error.retry_after = standing.retry_after;
    error
}

fn note(context: &RequestContext, standing: Option<Standing>) {
    if let Some(standing) = standing {
        let _ = context.notes.standing.set(standing);
    }
}

async fn look_up(app: &Shared, hash: [u8; 32]) -> Result<Option<Known>, ApiError> {
    let store = Arc::clone(&app.store);
    let query = move || {
        store::query(&*store, |read| {
            let Some(id) = read.caller_by_hash(&hash)? else { return Ok(None) };
            let caller = read.caller(&id)?;
            Ok(caller.map(|caller| Known { id, principal: caller.principal.into() }))
        })
    };
    let found = tokio::task::spawn_blocking(query)
        .await
        .map_err(|_| ApiError::new(ApiCode::Unavailable, "the server is stopping"))?
        .map_err(|error| {
            tracing::error!(%error, "a credential cannot be looked up");
            store::unavailable(&error)
        })?;
    if let Some(known) = &found {
        app.callers.keep(hash, known);
    }
    Ok(found)
}

/// A credential's row and whose it is.
#[derive(Debug, Clone)]
struct Known {
    id: CallerId,
    principal: Arc<str>,
}

/// Credentials that were looked up before.
///
/// INVARIANT: rows of tokens and of API keys keep their hash and owner for ever, and are read again in the transaction that decides;
/// so nothing kept here can outlive a revocation. An agent's key can be replaced, so it is looked up each time.
#[derive(Debug, Default)]
pub struct KnownCallers(RwLock<HashMap<[u8; 32], Known>>);

/// About 2 MiB; beyond it the table starts anew.
const MOST_KNOWN: usize = 10_000;

impl KnownCallers {
    fn find(&self, hash: &[u8; 32]) -> Option<Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn keep(&self, hash: [u8; 32], known: &Known) {
        if matches!(known.id, CallerId::Agent(_)) {
            return;
        }
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MOST_KNOWN {
            table.clear();
        }
        table.insert(hash, known.clone());
    }
}

/// The address that a request comes from, as this server's settings say.
#[must_use]
pub fn client_address(app: &Shared, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
    let believed =
        client_ip::Believed { proxies: &app.config.trusted_proxies, header: app.config.forwarded_header };
    client_ip::client_ip(peer, headers, believed)
}
