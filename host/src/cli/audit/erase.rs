//! `warded audit erase`.

use clap::Args;

use super::super::client::call::{Body, Call};
use super::super::failure::Failure;
use super::super::session::{Session, Sure};

/// The flags of `audit erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// Which.
    #[command(flatten)]
    which: Which,
    /// Why; the audit keeps this
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Confirmation.
    #[command(flatten)]
    sure: Sure,
}

/// Each that is given must hold.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Which {
    /// Records of who did it, by id
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// Records about a path
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// Records from before this time, such as 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
}

impl EraseArgs {
    /// Erases records.
    ///
    /// # Errors
    /// Nobody said yes, or the server refuses.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        session
            .confirm("this erases what those records say, and keeps their places in the chain", &self.sure)?;
        let body = Body::new()
            .maybe("actor_id", self.which.actor.as_deref())
            .maybe("path", self.which.path.as_deref())
            .maybe("before", self.which.before.as_deref())
            .maybe("reason", self.reason.as_deref());
        session.record(&Call::post(&["audit", "erase"], body))
    }
}
