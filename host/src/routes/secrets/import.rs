//! `POST /v1/secrets/import`: a dotenv file, all of it or nothing.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use warded_core::path::{Path, PathBuf};
use warded_core::secret::Secret;

use super::super::call::Call;
use super::super::work::carry_out;
use super::fields::{Wanted, fits, object_or_null, secret_text};
use super::parse_path;
use super::write::write;
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Stop, Subject};
use crate::body::not_null;
use crate::dotenv::{self, Entry};
use crate::error::{ApiCode, ApiError};
use crate::openapi::Operation;
use crate::openapi::words::{Metadata, SecretPath, SecretType, Tier};
use crate::permission::ImportSecrets;
use crate::reply::json;

/// A dotenv file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Import")]
struct ImportIn {
    #[schemars(with = "SecretPath")]
    namespace: String,
    /// `KEY=value` lines: 1 to 500 keys.
    #[serde(deserialize_with = "secret_text")]
    #[schemars(with = "String")]
    content: Secret<String>,
    /// `custom` keeps what is stored.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<SecretType>")]
    secret_type: Option<String>,
    /// Raises the tier that is stored; a lower one keeps it.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<Tier>")]
    access_tier: Option<String>,
    /// At most 8 KiB of JSON; `null` keeps what is stored.
    #[serde(default, deserialize_with = "object_or_null")]
    #[schemars(with = "Metadata")]
    metadata: Option<Map<String, Value>>,
}

/// What was written.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Imported")]
struct ImportOut<'a> {
    namespace: &'a str,
    imported: &'a [String],
    imported_count: usize,
    keys: &'a [String],
    skipped: usize,
}

pub(in super::super) const IMPORT: Operation =
    Operation::new("import_secrets", "Write a dotenv file, all of it or nothing")
        .body::<ImportIn>()
        .answer::<ImportOut<'_>>(200)
        .codes(&[ApiCode::PathTaken]);

pub(in super::super) async fn import(mut call: Call<ImportSecrets>) -> Result<Response, ApiError> {
    let body: ImportIn = call.body().await?;
    let namespace = PathBuf::from(parse_path("namespace", &body.namespace)?);
    let tier = body.access_tier.as_deref();
    let wanted = Wanted::parse(body.secret_type.as_deref(), tier, body.metadata.as_ref())?;
    let entries = parse(&body.content, &namespace)?;
    let case = call.case(Subject::at(namespace.as_str()));
    let keys: Vec<String> = entries.iter().map(|(_, entry)| entry.key.clone()).collect();
    let named = keys.clone();
    carry_out(case, move |authority| write_all(authority, &entries, &named, &wanted)).await?;
    let out = ImportOut {
        namespace: &body.namespace,
        imported: &keys,
        imported_count: keys.len(),
        keys: &keys,
        skipped: 0,
    };
    Ok(json(StatusCode::OK, &out))
}

/// The entries of a file with their paths.
fn parse(content: &Secret<String>, namespace: &PathBuf) -> Result<Vec<(PathBuf, Entry)>, ApiError> {
    let at = |line: usize, rule: &str| ApiError::invalid("content", format!("line {line}: {rule}"));
    let entries = dotenv::parse(content.expose()).map_err(|malformed| at(malformed.line, malformed.rule))?;
    if entries.is_empty() {
        return Err(ApiError::invalid("content", "no `KEY=value` in it"));
    }
    let placed = |entry: Entry| {
        if !fits(&entry.value) {
            return Err(at(entry.line, "a value has at most 64 KiB"));
        }
        let path = format!("{namespace}/{}", entry.key);
        let path = Path::parse(&path).map_err(|error| at(entry.line, &error.to_string()))?;
        Ok((PathBuf::from(path), entry))
    };
    entries.into_iter().map(placed).collect()
}

/// Each key is decided on its own path and tier. One use is spent: the decisions all start from the stored usage, so the last one's is it.
fn write_all(
    authority: &mut Effect<'_>,
    entries: &[(PathBuf, Entry)],
    keys: &[String],
    wanted: &Wanted,
) -> Result<(), Stop> {
    for (path, entry) in entries {
        write(authority, path.as_path(), wanted, &entry.value, None)?;
    }
    let mut event = authority.event(EventType::SecretImported);
    event.details.push(("keys", Detail::List(keys.to_vec())));
    authority.record(event);
    Ok(())
}
