//! `warded secret import`.

use std::path::PathBuf;

use clap::Args;

use super::super::client::call::{Body, Call};
use super::super::failure::Failure;
use super::super::input::read_text;
use super::super::session::Session;
use super::set::Kind;

/// The flags of `secret import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A dotenv file, `-` for standard input
    file: PathBuf,
    /// Where the keys go
    #[arg(long, value_name = "PATH")]
    namespace: String,
    /// What they are.
    #[command(flatten)]
    kind: Kind,
}

impl ImportArgs {
    pub(super) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let content = read_text(&self.file)?;
        let body =
            Body::new().with("namespace", self.namespace.as_str()).with("content", content.expose().as_str());
        session.record(&Call::post(&["secrets", "import"], self.kind.add_to(body)?))
    }
}
