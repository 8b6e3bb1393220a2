//! Listings: what lies below a namespace, decided item by item.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use warded_core::path::{Path, PathBuf};
use warded_core::pattern::{Pattern, PatternBuf};

use super::super::call::Call;
use super::super::cursor::{self, CURSOR};
use super::super::survey::{Survey, may_see, survey};
use super::description::SecretOut;
use super::list_deleted::{DELETED, list_deleted};
use super::parse_path;
use crate::audit::Detail;
use crate::audit::mask::mask_tokens;
use crate::authorize::{Authority, Case, Stop, Subject};
use crate::error::ApiError;
use crate::openapi::{Operation, Parameter};
use crate::permission::ReadSecret;
use crate::query::Query;
use crate::reply::json;
use crate::store::{Read, SecretRow};

/// How many secrets one listing looks at; a cursor leads to the rest.
const MOST: u64 = 10_000;
/// How many rows are read at a time.
pub(super) const BATCH: u64 = 1_000;

/// The parameter `limit` of a listing.
pub(super) const LIMIT: Parameter = Parameter::number("limit", "Items at most", 1, BATCH);

/// Which part of a listing.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    /// Items at most; absent means all that one answer holds.
    limit: Option<u64>,
    /// Only what sorts after this path.
    after: Option<String>,
}

impl Page {
    /// `limit` and `cursor`; `None` if neither is there.
    pub(super) fn parse(query: &mut Query, namespace: Option<Path<'_>>) -> Result<Option<Self>, ApiError> {
        let limit = query.take_number("limit", 1, 1_000)?;
        let after = query.take("cursor").map(|text| after(&text, namespace)).transpose()?;
        Ok((limit.is_some() || after.is_some()).then_some(Self { limit, after }))
    }
}

/// A cursor is the last path looked at.
fn after(text: &str, namespace: Option<Path<'_>>) -> Result<String, ApiError> {
    cursor::decode(text, |path| path.starts_with(&prefix(namespace)) && Path::parse(path).is_ok())
}

pub(super) fn prefix(namespace: Option<Path<'_>>) -> String {
    namespace.map(|path| format!("{path}/")).unwrap_or_default()
}

/// One page of a listing.
pub(super) struct Listing {
    namespace: String,
    items: Vec<SecretRow>,
    next: Option<String>,
}

/// Secrets without their values: live ones in the order of their paths, or deleted ones.
#[derive(Serialize, JsonSchema)]
pub(super) struct ListingOut<'a> {
    namespace: &'a str,
    items: Vec<SecretOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Leads on, if there is more.
    next_cursor: Option<String>,
}

impl Listing {
    pub(super) fn answer(&self) -> Response {
        let items = self.items.iter().map(SecretOut::listed).collect();
        answer(&self.namespace, items, self.next.as_deref().map(cursor::encode))
    }
}

pub(super) fn answer(namespace: &str, items: Vec<SecretOut>, next_cursor: Option<String>) -> Response {
    // The namespace is the caller's own text, and could be a token in the wrong place.
    let namespace = mask_tokens(namespace);
    json(StatusCode::OK, &ListingOut { namespace: &namespace, items, next_cursor })
}

pub(in super::super) const LIST: Operation = Operation::new("list_secrets", "Secrets without their values")
    .query(&[Parameter::text("namespace", "Only what lies below it"), DELETED, LIMIT, CURSOR])
    .answer::<ListingOut<'_>>(200);

pub(in super::super) async fn list(mut call: Call<ReadSecret>) -> Result<Response, ApiError> {
    let namespace = call.query.take("namespace").filter(|text| !text.is_empty());
    let namespace: Option<PathBuf> =
        namespace.map(|text| parse_path("namespace", &text).map(PathBuf::from)).transpose()?;
    if call.query.take("deleted").is_some_and(|word| word == "true") {
        return list_deleted(call, namespace).await;
    }
    let page = Page::parse(&mut call.query, namespace.as_ref().map(PathBuf::as_path))?.unwrap_or_default();
    let subject = namespace.as_ref().map(|path| Subject::at(path.as_str())).unwrap_or_default();
    Ok(list_below(call.case(subject), namespace, page).await?.answer())
}

/// A namespace, or everything, and which part of it.
struct Below {
    namespace: Option<PathBuf>,
    pattern: PatternBuf,
    page: Page,
}

/// Lists what lies below a namespace, or everything.
pub(super) async fn list_below(
    case: Case,
    namespace: Option<PathBuf>,
    page: Page,
) -> Result<Listing, ApiError> {
    let pattern = pattern(namespace.as_ref())?;
    survey(case, Below { namespace, pattern, page }).await
}

/// The pattern of what lies below a namespace, or of everything.
pub(super) fn pattern(namespace: Option<&PathBuf>) -> Result<PatternBuf, ApiError> {
    namespace.map_or_else(everything, |path| Ok(Pattern::below(path.as_path())))
}

/// The pattern of every path.
pub(in super::super) fn everything() -> Result<PatternBuf, ApiError> {
    PatternBuf::parse("*").map_err(|error| ApiError::from_core("path", &error))
}

impl Survey for Below {
    type Found = Listing;

    fn pattern(&self) -> Pattern<'_> {
        self.pattern.as_pattern()
    }

    /// The items that the caller may see, and the path to go on from if there are more.
    fn collect<S: Read + ?Sized>(&self, authority: &mut Authority<'_, S>) -> Result<Listing, Stop> {
        let namespace = self.namespace.as_ref().map(PathBuf::as_path);
        let named = namespace.map(|path| path.to_string()).unwrap_or_default();
        let mut listing = Listing { namespace: named, items: Vec::new(), next: None };
        let (prefix, limit) = (prefix(namespace), self.page.limit.unwrap_or(MOST));
        let (mut after, mut seen) = (self.page.after.clone(), 0_u64);
        loop {
            let rows = authority.store.secrets(&prefix, after.as_deref(), BATCH)?;
            let is_last = (rows.len() as u64) < BATCH;
            for row in rows {
                if listing.items.len() as u64 >= limit || seen >= MOST {
                    return Ok(Listing { next: after, ..listing });
                }
                seen = seen.saturating_add(1);
                after = Some(row.path.clone());
                if may_see(authority, &row)? {
                    listing.items.push(row);
                }
            }
            if is_last {
                return Ok(listing);
            }
        }
    }

    fn details(&self, found: &Listing) -> Vec<(&'static str, Detail)> {
        vec![("items", Detail::Integer(u64::try_from(found.items.len()).unwrap_or(u64::MAX)))]
    }
}
