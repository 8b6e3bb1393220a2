//! `POST /v1/audit/erase`: takes the text of records away, and leaves their places in the chain.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warded_core::path::Path;

use super::super::call::Call;
use super::super::work::carry_out;
use crate::audit::{Detail, EventType, erasures};
use crate::authorize::{Effect, Stop, Subject};
use crate::body::not_null;
use crate::error::ApiError;
use crate::openapi::Operation;
use crate::openapi::words::{FreeText, Timestamp};
use crate::permission::EraseAudit;
use crate::reply::json;
use crate::serve::ERASED_AT_ONCE;
use crate::store::audit::Erasure;
use crate::text::check_free_text;
use crate::timestamp::parse_time;

/// What is to be erased: of `actor_id`, `path` and `before` at least one, and each that is given must hold.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Erasure")]
struct EraseIn {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<FreeText>")]
    actor_id: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    path: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Timestamp>")]
    before: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<FreeText>")]
    reason: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Erased")]
struct ErasedOut {
    erased: u64,
}

/// What is to be erased, and what the audit keeps of the wish.
#[derive(Clone)]
struct Wish {
    erasure: Erasure,
    details: Vec<(&'static str, Detail)>,
}

pub(in super::super) const ERASE: Operation =
    Operation::new("erase_audit", "Erase records, and leave their places in the chain")
        .body::<EraseIn>()
        .answer::<ErasedOut>(200);

pub(in super::super) async fn erase(mut call: Call<EraseAudit>) -> Result<Response, ApiError> {
    let wish = Wish::parse(call.body().await?)?;
    let mut out = ErasedOut { erased: 0 };
    loop {
        let wish = wish.clone();
        // One transaction for each piece: nobody waits for all of it, and what is done stays done.
        let case = call.case(Subject::default());
        let erased = carry_out(case, move |authority| erase_some(authority, &wish)).await?;
        out.erased = out.erased.saturating_add(erased);
        if erased < ERASED_AT_ONCE {
            return Ok(json(StatusCode::OK, &out));
        }
    }
}

fn erase_some(authority: &mut Effect<'_>, wish: &Wish) -> Result<u64, Stop> {
    authority.require_permission()?;
    let erased = authority.store.erase_audit(&wish.erasure, ERASED_AT_ONCE)?;
    let mut event = authority.event(EventType::AuditErased);
    event.details.extend(erasures::details(&erased));
    event.details.extend(wish.details.iter().cloned());
    authority.record(event);
    Ok(erased.count)
}

impl Wish {
    fn parse(body: EraseIn) -> Result<Self, ApiError> {
        let EraseIn { actor_id, path, before, reason } = body;
        let before_time = before.as_deref().map(|text| parse_time("before", text)).transpose()?;
        if let Some(path) = &path {
            Path::parse(path).map_err(|error| ApiError::from_core("path", &error))?;
        }
        for (name, text) in [("actor_id", &actor_id), ("reason", &reason)] {
            text.as_ref().map_or(Ok(()), |text| check_free_text(name, text))?;
        }
        let details = [("actor", &actor_id), ("path", &path), ("before", &before), ("reason", &reason)];
        let given = details.into_iter().filter_map(|(name, text)| Some((name, Detail::Text(text.clone()?))));
        let details = given.collect();
        let erasure = match (actor_id, path, before_time) {
            (None, None, None) => {
                return Err(ApiError::invalid(
                    "before",
                    "give one of `actor_id`, `path` and `before`, or several",
                ));
            }
            (None, None, Some(before)) => Erasure::Before(before),
            (actor_id, path, before) => Erasure::Subject { actor_id, path, before },
        };
        Ok(Self { erasure, details })
    }
}
