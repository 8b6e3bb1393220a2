//! `warded lint`: what is wrong in a policy or a grant, and what is doubtful.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use warded_core::call;
use warded_core::document::Value as Document;
use warded_core::time::Millis;

use super::connection::Connection;
use super::diagnostic::{Diagnostic, Severity, Source, SourceError};

pub mod agents;

/// The flags of `lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// A policy or a grant in JSON, `-` for stdin
    #[arg(required_unless_present = "server", conflicts_with = "server")]
    pub file: Option<PathBuf>,
    /// Look at the agents of a server instead: what their scopes reach, and who was never seen
    #[arg(long)]
    pub server: bool,
    /// How to reach it.
    #[command(flatten)]
    pub connection: Connection,
}

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LintError {
    /// The findings cannot be printed.
    #[error("the findings cannot be printed: {0}")]
    Print(#[from] io::Error),
    /// The file cannot be used.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Looks at a file, prints what is to be said, and answers whether that is nothing.
///
/// # Errors
/// The file cannot be read.
pub fn lint(file: &Path, as_json: bool, now: Millis, out: &mut dyn Write) -> Result<bool, LintError> {
    let source = Source::read(file)?;
    let kind = kind_of(source.bytes());
    let answer = look_at(kind, &source, now);
    let error = answer.get("error");
    let warnings = answer.get("warnings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if as_json {
        let error = error.unwrap_or(&Value::Null);
        writeln!(
            out,
            "{}",
            json!({ "file": source.name(), "kind": kind, "error": error, "warnings": warnings })
        )?;
        return Ok(error.is_null() && warnings.is_empty());
    }
    if let Some(error) = error {
        Diagnostic::of_document(Severity::Error, error).show(&source, out)?;
    }
    for warning in warnings {
        Diagnostic::of_document(Severity::Warning, warning).show(&source, out)?;
    }
    let verdict = match (error.is_some(), warnings.len()) {
        (true, _) => "an error".to_owned(),
        (false, 0) => "nothing to say".to_owned(),
        (false, 1) => "1 warning".to_owned(),
        (false, many) => format!("{many} warnings"),
    };
    writeln!(out, "{}: {kind}, {verdict}", source.name())?;
    Ok(error.is_none() && warnings.is_empty())
}

/// A policy has rules, a grant has scopes; what has neither is called by what it has instead.
fn kind_of(bytes: &[u8]) -> &'static str {
    let document = Document::parse(bytes).ok();
    let has = |name| document.as_ref().is_some_and(|document| document.field(name).is_some());
    if has("rules") || (has("version") && !has("scopes")) { "policy" } else { "grant" }
}

/// The engine's answer: `{"warnings"}` or `{"error"}`.
fn look_at(kind: &str, source: &Source, now: Millis) -> Value {
    let Ok(text) = str::from_utf8(source.bytes()) else {
        return json!({ "error": { "code": "invalid_json", "message": "not valid JSON: not UTF-8" } });
    };
    ask(&match kind {
        "policy" => json!({ "op": "lint", "policy": text }),
        _ => json!({ "op": "lint", "grant": text, "now": now.as_u64() }),
    })
}

fn ask(call: &Value) -> Value {
    let answer = call::answer(call.to_string().as_bytes());
    serde_json::from_slice(&answer.json).unwrap_or_default()
}
