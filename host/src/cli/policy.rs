//! `warded policy`: the rules beside every grant, version by version.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::Value;

use super::client::call::{Body, Call};
use super::failure::Failure;
use super::input::read_text;
use super::session::{PageFlags, Session};
use super::show::List;

mod findings;

const POLICIES: List = List {
    what: "policies",
    items: "items",
    columns: &["version", "active", "shadow", "created_at", "created_by", "digest"],
};

/// `policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Let a version decide from now on
    Activate {
        /// The version
        version: u64,
        /// Only if this version is the active one now [default: look it up]
        #[arg(long, value_name = "VERSION")]
        instead_of: Option<u64>,
    },
    /// Store a document as the next version, which decides nothing yet
    Create {
        /// A policy in JSON, `-` for standard input
        file: PathBuf,
    },
    /// Show what a version says that another does not
    Diff {
        /// The version
        version: u64,
        /// Compared with this one [default: the active one]
        #[arg(long, value_name = "VERSION")]
        from: Option<u64>,
    },
    /// Let the server look for what is wrong or doubtful in a document, and store nothing
    Lint {
        /// A policy in JSON, `-` for standard input
        file: PathBuf,
    },
    /// List versions, newest first
    List {
        /// How much.
        #[command(flatten)]
        pages: PageFlags,
    },
    /// Show where the shadow would have decided otherwise
    Report,
    /// Let the version decide that did before the active one
    Rollback {
        /// Only if this version is the active one now [default: look it up]
        #[arg(long, value_name = "VERSION")]
        instead_of: Option<u64>,
    },
    /// Compare a version with the active one on every request; it changes nothing
    Shadow {
        /// The version
        #[arg(required_unless_present = "stop")]
        version: Option<u64>,
        /// Compare no more
        #[arg(long, conflicts_with = "version")]
        stop: bool,
    },
    /// Show a version and its document
    Show {
        /// The version
        version: u64,
    },
    /// Say what requests come to, and whether that is as expected
    Test {
        /// A JSON file: `cases`, and at most one of `version` and `document`; `-` for standard input
        file: PathBuf,
        /// Test this version [default: the active one]
        #[arg(long, value_name = "VERSION")]
        version: Option<u64>,
    },
}

impl PolicyCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// The server refuses, a test fails, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Activate { version, instead_of } => {
                let version = version.to_string();
                switch(session, &["policies", &version, "activate"], *instead_of)
            }
            Self::Create { file } => session.record(&Call::post(&["policies"], document(file)?)),
            Self::Diff { version, from } => {
                let call = Call::get(&["policies", &version.to_string(), "diff"]).query("from", *from);
                findings::diff(session, &call)
            }
            Self::Lint { file } => findings::lint(session, file),
            Self::List { pages } => session.pages(|| Call::get(&["policies"]), pages, &POLICIES),
            Self::Report => session.record(&Call::get(&["policies", "shadow"])),
            Self::Rollback { instead_of } => switch(session, &["policies", "rollback"], *instead_of),
            Self::Shadow { version: Some(version), .. } => {
                session.record(&Call::post(&["policies", &version.to_string(), "shadow"], Body::new()))
            }
            Self::Shadow { version: None, .. } => {
                session.done(&Call::delete(&["policies", "shadow"]), "nothing is compared any more")
            }
            Self::Show { version } => show(session, *version),
            Self::Test { file, version } => {
                let body = document(file)?;
                let body = if version.is_some() { body.parsed()?.maybe("version", *version) } else { body };
                findings::test(session, &Call::post(&["policies", "test"], body))
            }
        }
    }
}

/// The server takes the change only from whoever knows what it replaces.
fn switch(session: &mut Session<'_>, segments: &[&str], instead_of: Option<u64>) -> Result<(), Failure> {
    let active = match instead_of {
        Some(version) => version,
        None => {
            let state = session.client.send(&Call::get(&["policies"]))?.json()?;
            let active = state.get("active").and_then(Value::as_u64);
            active.ok_or_else(|| {
                Failure::Failed("the server does not say which version is active".to_owned())
            })?
        }
    };
    session.record(&Call::post(segments, Body::new().with("active", active)))
}

/// The document itself is what people want to see, and to keep in a file.
fn show(session: &mut Session<'_>, version: u64) -> Result<(), Failure> {
    let mut answer = session.client.send(&Call::get(&["policies", &version.to_string()]))?.json()?;
    if session.is_json() {
        return session.print_json(&answer);
    }
    let document = answer.get_mut("document").map(Value::take).unwrap_or_default();
    if let Some(fields) = answer.as_object_mut() {
        fields.shift_remove("document");
    }
    session.beside(&answer)?;
    session.print_pretty(&document)
}

/// A document of one's own. It is sent as it is, so that the places that the server names are those of the file.
fn document(file: &Path) -> Result<Body, Failure> {
    Ok(Body::raw(read_text(file)?.expose().as_bytes()))
}
