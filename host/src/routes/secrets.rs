//! `/v1/secrets…`: what is stored at a path, and what lies below one.

use axum::http::header;
use warded_core::path::{Path, PathBuf};

use super::call::Call;
use crate::error::ApiError;
use crate::openapi::Parameter;
use crate::permission::Permission;

mod delete;
mod deleted;
mod description;
mod fields;
mod generate;
mod holders;
mod import;
mod list;
mod list_deleted;
mod put;
mod read;
mod rollback;
mod rotate;
mod sealing;
mod update;
mod write;

pub(super) use delete::{DELETE, delete};
pub(super) use deleted::{DESTROY, RESTORE, destroy, restore};
pub(super) use import::{IMPORT, import};
pub(super) use list::{LIST, everything, list};
pub(super) use put::{PUT, put};
pub(super) use read::{LIST_BELOW, READ, read};
pub(super) use rollback::{ROLLBACK, rollback};
pub(super) use rotate::{ROTATE, rotate};
pub(super) use update::{UPDATE, update};

/// The longest value: 64 KiB.
const MAX_VALUE: usize = 64 * 1024;
/// How many versions of a secret are kept; the next write destroys the oldest.
const MAX_VERSIONS: u64 = 100;

/// What the target of a request names.
#[derive(Debug)]
struct Address {
    path: PathBuf,
    /// One raw segment, however many encoded slashes it holds: a namespace.
    is_namespace: bool,
}

impl Address {
    fn of<P: Permission>(call: &Call<P>) -> Result<Self, ApiError> {
        let segments = call.segments();
        // The route that is the word `import` itself captures nothing; read, it is a namespace like any other.
        let text = if segments.is_empty() { THE_WORD_IMPORT.to_owned() } else { segments.join("/") };
        let path = parse_path("path", &text)?;
        Ok(Self { path: path.into(), is_namespace: segments.len() < 2 })
    }

    /// The address of one secret.
    fn of_secret<P: Permission>(call: &Call<P>) -> Result<PathBuf, ApiError> {
        let address = Self::of(call)?;
        if address.is_namespace {
            return Err(ApiError::invalid(
                "path",
                "a namespace and a key are needed, such as `production/KEY`",
            ));
        }
        Ok(address.path)
    }
}

/// The path that a field or the target names.
fn parse_path<'a>(field: &str, text: &'a str) -> Result<Path<'a>, ApiError> {
    Path::parse(text).map_err(|error| ApiError::from_core(field, &error))
}

/// The header of compare-and-set.
const IF_MATCH: Parameter =
    Parameter::number("If-Match", "Act only if this is the newest version", 1, u64::MAX);

/// The version that the caller has seen: a plain number, since versions are what replies give.
fn if_match<P: Permission>(call: &Call<P>) -> Result<Option<u64>, ApiError> {
    let Some(text) = call.header(&header::IF_MATCH, "If-Match")? else { return Ok(None) };
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let version = text.parse().ok().filter(|version| is_number && *version > 0);
    version.map(Some).ok_or_else(|| ApiError::invalid("If-Match", "expected a version, such as `3`"))
}

const THE_WORD_IMPORT: &str = "import";
