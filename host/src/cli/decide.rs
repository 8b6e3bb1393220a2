//! `warded decide`: what a chain of grants and a policy come to for a request, and why. It asks nobody and consumes nothing.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use warded_core::decide::Link;
use warded_core::document::{Item, Value as Document};
use warded_core::error::{Error, ErrorCode, Place};
use warded_core::explain::explain;
use warded_core::grant::Grant;
use warded_core::policy::Policy;
use warded_core::request::Request;
use warded_core::time::Millis;
use warded_core::usage::Usage;

use super::diagnostic::{Diagnostic, Source, SourceError};

mod report;

/// The flags of `decide`.
#[derive(Debug, Args)]
pub struct DecideArgs {
    /// A grant, once for each link of the chain: agent first, then token, then narrower tokens
    #[arg(long, value_name = "FILE", required = true)]
    pub grant: Vec<PathBuf>,
    /// The operator's rules; without them, what the grants allow is allowed
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// What is asked; without `now` it is asked now
    #[arg(long, value_name = "FILE")]
    pub request: PathBuf,
    /// What has been used: the list `usages` of an earlier decision, or one usage for a single grant
    #[arg(long, value_name = "FILE")]
    pub usage: Option<PathBuf>,
    /// Print the explanation as JSON
    #[arg(long)]
    pub json: bool,
}

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The decision cannot be printed.
    #[error("the decision cannot be printed: {0}")]
    Print(#[from] io::Error),
    /// A file cannot be used.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A document is wrong; where has been shown.
    #[error("`{name}` is not a {kind} that can be used")]
    Wrong {
        /// The file.
        name: String,
        /// What it should be.
        kind: &'static str,
    },
}

/// Decides, prints the decision with its explanation, and answers whether it is an allow.
///
/// # Errors
/// A file cannot be read, or its document is wrong, which is shown on `err`.
pub fn decide(
    args: &DecideArgs,
    now: Millis,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<bool, DecideError> {
    let grants = args.grant.iter().map(|path| {
        let source = Source::read(path)?;
        judge(&source, "grant", err, Grant::from_json(source.bytes()))
    });
    let grants = grants.collect::<Result<Vec<_>, _>>()?;
    let policy = args.policy.as_deref().map(|path| {
        let source = Source::read(path)?;
        judge(&source, "policy", err, Policy::from_json(source.bytes()))
    });
    let policy = policy.transpose()?;
    let usages = match &args.usage {
        Some(path) => {
            let source = Source::read(path)?;
            judge(&source, "usage", err, usages(source.bytes(), &grants))?
        }
        None => grants.iter().map(|_| Usage::default()).collect(),
    };
    let source = Source::read(&args.request)?;
    let document = judge(&source, "request", err, with_now(source.bytes(), now))?;
    let request = Request::from_document(&Item::new(&document, Place::Root));
    let request = judge(&source, "request", err, request.map_err(|error| error.located(source.bytes())))?;
    let links: Vec<_> = grants.iter().zip(&usages).map(|(grant, usage)| Link { grant, usage }).collect();
    let explanation = explain(&links, policy.as_ref(), &request);
    let explanation: Value = serde_json::from_str(&explanation).unwrap_or_default();
    if args.json {
        writeln!(out, "{explanation}")?;
    } else {
        let names: Vec<_> = args.grant.iter().map(|path| path.display().to_string()).collect();
        report::write(&explanation, &names, out)?;
    }
    Ok(explanation.pointer("/decision/decision").and_then(Value::as_str) == Some("allow"))
}

/// Shows what is wrong with a file, if anything is.
fn judge<T>(
    source: &Source,
    kind: &'static str,
    err: &mut dyn Write,
    read: Result<T, Error>,
) -> Result<T, DecideError> {
    match read {
        Ok(read) => Ok(read),
        Err(error) => {
            Diagnostic::of_error(&error).show(source, err)?;
            Err(DecideError::Wrong { name: source.name().to_owned(), kind })
        }
    }
}

/// A request's document, asked now if it does not say when.
fn with_now(json: &[u8], now: Millis) -> Result<Document, Error> {
    let mut document = Document::parse(json)?;
    let is_timed = document.field("now").is_some();
    if let (false, Document::Object(fields)) = (is_timed, &mut document) {
        fields.push(("now".to_owned(), Document::Integer(now.as_u64())));
    }
    Ok(document)
}

/// A usage for each grant: a list of them, or for a single grant just its own.
fn usages(json: &[u8], grants: &[Grant]) -> Result<Vec<Usage>, Error> {
    let document = Document::parse(json)?;
    let one = std::slice::from_ref(&document);
    let entries = if let Document::List(entries) = &document { entries.as_slice() } else { one };
    if entries.len() != grants.len() {
        return Err(Error::because(ErrorCode::OutOfRange, "expected one usage for each grant"));
    }
    let is_list = matches!(document, Document::List(_));
    let read = |(index, (entry, grant)): (usize, (&Document, &Grant))| {
        let place = if is_list { Place::Index(&Place::Root, index) } else { Place::Root };
        Usage::from_document(&Item::new(entry, place), grant).map_err(|error| error.located(json))
    };
    entries.iter().zip(grants).enumerate().map(read).collect()
}
