//! `GET /v1/secrets?deleted=true`: what was deleted and can still be restored. What is destroyed first comes first.

use axum::response::Response;
use warded_core::path::PathBuf;
use warded_core::pattern::{Pattern, PatternBuf};

use super::super::call::Call;
use super::super::cursor::Moment;
use super::super::survey::{Survey, may_see, survey};
use super::description::SecretOut;
use super::list::{BATCH, answer, pattern, prefix};
use crate::audit::Detail;
use crate::authorize::{Authority, Stop, Subject};
use crate::error::ApiError;
use crate::id::Prefix;
use crate::openapi::Parameter;
use crate::permission::ReadSecret;
use crate::store::{DeletedRow, Read};

/// The parameter that asks for it.
pub(super) const DELETED: Parameter = Parameter::word(
    "deleted",
    "`true` for what operators can restore, not for what is live; what is destroyed first comes first",
    &["false", "true"],
);

/// The same as for live secrets, for operators: no agent restores anything.
pub(super) async fn list_deleted(
    mut call: Call<ReadSecret>,
    namespace: Option<PathBuf>,
) -> Result<Response, ApiError> {
    let limit = call.query.take_number("limit", 1, BATCH)?.unwrap_or(BATCH);
    let after = call.query.take("cursor");
    let after = after.map(|text| Moment::decode(&text, |id| Prefix::Secret.begins(id))).transpose()?;
    let subject = namespace.as_ref().map(|path| Subject::at(path.as_str())).unwrap_or_default();
    let named = namespace.as_ref().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let prefix = prefix(namespace.as_ref().map(PathBuf::as_path));
    let deleted = Deleted { pattern: pattern(namespace.as_ref())?, prefix, limit, after };
    let Found { items, next } = survey(call.case(subject), deleted).await?;
    Ok(answer(&named, items, next.as_ref().map(Moment::encode)))
}

/// What is asked for.
struct Deleted {
    pattern: PatternBuf,
    prefix: String,
    limit: u64,
    after: Option<Moment>,
}

struct Found {
    items: Vec<SecretOut>,
    next: Option<Moment>,
}

impl Survey for Deleted {
    type Found = Found;

    fn pattern(&self) -> Pattern<'_> {
        self.pattern.as_pattern()
    }

    fn collect<S: Read + ?Sized>(&self, authority: &mut Authority<'_, S>) -> Result<Found, Stop> {
        if !authority.is_operator() {
            return Err(authority.refuse_kind());
        }
        let retention = authority.app.config.deleted_retention;
        let after = self.after.as_ref().map(Moment::parts);
        let rows = authority.store.deleted_below(&self.prefix, after, BATCH)?;
        let may_be_more = rows.len() as u64 == BATCH;
        let mut found = Found { items: Vec::new(), next: None };
        for row in rows {
            if found.items.len() as u64 >= self.limit {
                return Ok(found);
            }
            found.next = Some(place(&row));
            if may_see(authority, &row.secret)? {
                found.items.push(SecretOut::deleted(&row, retention));
            }
        }
        Ok(Found { next: found.next.filter(|_| may_be_more), ..found })
    }

    fn details(&self, found: &Found) -> Vec<(&'static str, Detail)> {
        let items = u64::try_from(found.items.len()).unwrap_or(u64::MAX);
        vec![("items", Detail::Integer(items)), ("view", Detail::Text("deleted".to_owned()))]
    }
}

fn place(row: &DeletedRow) -> Moment {
    Moment { at: row.deleted_at, which: row.secret.id.clone() }
}
