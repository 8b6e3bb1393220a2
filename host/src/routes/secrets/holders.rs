//! The live tokens whose read or write scopes cover a path.

use warded_core::decision::Outcome;
use warded_core::path::{Path, PathBuf};

use super::super::work::look_up;
use super::rotate::rotating;
use crate::authorize::{Authority, Case, Effect, Stop, scopes};
use crate::error::ApiError;
use crate::store::{LiveToken, Read, StoreError};
use crate::vocabulary::is_word;

/// How many tokens are read at a time.
const BATCH: u64 = 1_000;

/// Who held a path when it was looked for.
///
/// The engine is asked about every live token, which is no work for the one writer: it is done on a state that was committed just before.
/// The writer itself asks about the tokens issued since, and a token's scopes never change, so none is missed.
#[derive(Debug, Default)]
pub(super) struct Holders {
    ids: Vec<String>,
    /// The number of the newest token that was looked at.
    seen: u64,
}

impl Holders {
    /// Looks beside the writer, for a caller who may rotate; for another there is nothing to know before it is refused.
    pub(super) async fn look(case: Case, path: PathBuf) -> Result<Self, ApiError> {
        look_up(case, move |view| {
            let path = path.as_path();
            if view.decide(rotating(path))?.outcome() != Outcome::Allow {
                return Ok(Self::default());
            }
            let mut found = Self { ids: Vec::new(), seen: view.store.newest_token()? };
            let mut after = None;
            loop {
                let tokens = view.store.live_tokens_by_end(after, BATCH)?;
                found.add(view, path, &tokens)?;
                let Some(last) = tokens.last().filter(|_| tokens.len() as u64 == BATCH) else {
                    return Ok(found);
                };
                after = Some((last.expires_at, last.number));
            }
        })
        .await
    }

    fn add<S: Read + ?Sized>(
        &mut self,
        authority: &Authority<'_, S>,
        path: Path<'_>,
        tokens: &[LiveToken],
    ) -> Result<(), Stop> {
        // What a word stood for when the token was issued is in its grant alone, which is asked about by itself.
        let (by_word, plain): (Vec<_>, Vec<_>) =
            tokens.iter().partition(|token| token.scopes.iter().any(|scope| is_word(scope)));
        for token in by_word {
            let covers = |action| authority.is_covered_by(&token.grant, "secrets", action, path);
            if covers("read")? || covers("write")? {
                self.ids.push(token.id.clone());
            }
        }
        let held =
            plain.into_iter().flat_map(|token| token.scopes.iter().map(move |scope| (&token.id, scope)));
        let (ids, among): (Vec<&String>, Vec<String>) = held.map(|(id, scope)| (id, scope.clone())).unzip();
        let wanted = ["read", "write"].map(|action| format!("secrets:{action}:{path}"));
        // What overlaps a scope of one path covers it.
        let covering = authority.ask_guest(|guest| scopes::overlapping(guest, &wanted, &among, None))?;
        let mut found: Vec<_> = covering.into_iter().filter_map(|index| ids.get(index)).collect();
        found.dedup();
        self.ids.extend(found.into_iter().map(|id| (*id).clone()));
        Ok(())
    }

    /// Revokes them, and those issued since; answers which ones were alive.
    pub(super) fn revoke(&self, authority: &mut Effect<'_>, path: Path<'_>) -> Result<Vec<String>, Stop> {
        let mut newer = Self { ids: Vec::new(), seen: self.seen };
        loop {
            let tokens = authority.store.live_tokens_since(newer.seen, BATCH)?;
            newer.add(authority, path, &tokens)?;
            newer.seen = tokens.last().map_or(newer.seen, |last| last.number);
            if (tokens.len() as u64) < BATCH {
                break;
            }
        }
        let all = self.ids.iter().chain(&newer.ids);
        let revoked: Result<Vec<_>, StoreError> = all
            .filter_map(|id| match authority.store.revoke_live_token(id) {
                Ok(was_alive) => was_alive.then(|| Ok(id.clone())),
                Err(error) => Some(Err(error)),
            })
            .collect();
        Ok(revoked?)
    }
}
