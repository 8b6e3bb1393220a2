//! Looking at many secrets, each decided for itself: done beside the writer, and recorded by it.
//!
//! Thousands of decisions would hold up everybody who waits for the one writer, and none of them changes anything.
//! So they are taken on a state that was committed just before; the writer decides the request itself, spends its use and records it.
//! Where the caller's grants or the policy are others by then, it looks again.

use std::sync::Arc;

use warded_core::crypto::token::TokenKind;
use warded_core::decision::Outcome;
use warded_core::path::Path;
use warded_core::pattern::Pattern;
use warded_core::tier::Tier;

use super::work::{carry_out, look_up};
use crate::audit::{Detail, EventType};
use crate::authorize::{Ask, Asker, Authority, Case, Stop};
use crate::error::ApiError;
use crate::store::{Read, SecretRow};

/// What is looked at.
pub(super) trait Survey: Send + Sync + 'static {
    /// What is found.
    type Found: Send + 'static;

    /// What must be covered whole.
    fn pattern(&self) -> Pattern<'_>;
    /// Looks.
    fn collect<S: Read + ?Sized>(&self, authority: &mut Authority<'_, S>) -> Result<Self::Found, Stop>;
    /// What the record says of it.
    fn details(&self, found: &Self::Found) -> Vec<(&'static str, Detail)>;
}

/// Decides, looks and records. One use is spent, however much is found.
pub(super) async fn survey<T: Survey>(case: Case, survey: T) -> Result<T::Found, ApiError> {
    let survey = Arc::new(survey);
    let looked = Arc::clone(&survey);
    let early = look_up(case.clone(), move |view| {
        view.refuse_as(EventType::SecretListed);
        if view.decide(ask(&*looked, view.asker()))?.outcome() != Outcome::Allow {
            // The writer refuses it, or asks people.
            return Ok(None);
        }
        Ok(Some((looked.collect(view)?, view.basis())))
    })
    .await?;
    let (found, known) = early.unzip();
    let noted = found.as_ref().map(|found| survey.details(found)).unwrap_or_default();
    let again = carry_out(case, move |authority| {
        authority.refuse_as(EventType::SecretListed);
        authority.require(ask(&*survey, authority.asker()))?;
        let is_as_known = known.as_ref() == Some(&authority.basis());
        let again = if is_as_known { None } else { Some(survey.collect(authority)?) };
        let mut event = authority.event(EventType::SecretListed);
        let details = again.as_ref().map_or_else(|| noted.clone(), |again| survey.details(again));
        event.details.extend(details);
        authority.record(event);
        Ok(again)
    })
    .await?;
    again.or(found).ok_or_else(ApiError::unauthorized)
}

fn ask<'a, T: Survey>(survey: &'a T, asker: &Asker) -> Ask<'a> {
    Ask::listing(looking(asker), "read", survey.pattern())
}

/// The resource under which a caller sees what there is: operators see it without values, an agent's scopes know no difference.
pub(super) fn looking(asker: &Asker) -> &'static str {
    if asker.kind == TokenKind::ApiKey { "metadata" } else { "secrets" }
}

/// Whether the caller may know of a secret.
pub(super) fn may_see<S: Read + ?Sized>(authority: &Authority<'_, S>, row: &SecretRow) -> Result<bool, Stop> {
    let Ok(path) = Path::parse(&row.path) else { return Ok(false) };
    // What operators see has no value in it, so no tier either.
    let tier = if authority.is_operator() { Tier::Standard } else { row.tier };
    let ask = Ask::path(looking(authority.asker()), "read", path).at(tier);
    Ok(authority.decide(ask)?.outcome() == Outcome::Allow)
}
