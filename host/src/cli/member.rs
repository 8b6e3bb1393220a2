//! `warded member`: people and their keys.

use clap::{Args, Subcommand, ValueEnum};

use super::FolderFlags;
use super::client::call::Call;
use super::connection::{Nothing, To};
use super::failure::Failure;
use super::session::Session;
use crate::store::Role;

/// `member …`
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Add a member to a data folder that no server is using, and say in which file the key is
    Create(MemberArgs),
    /// Show whose key is used, and their role
    Me(To<Nothing>),
}

/// The flags of `member create`.
#[derive(Debug, Args)]
pub struct MemberArgs {
    /// What the member may do
    #[arg(long)]
    pub role: RoleArg,
    /// The member's address
    #[arg(long, value_parser = parse_line)]
    pub email: String,
    /// The member's name
    #[arg(long, value_parser = parse_line)]
    pub name: String,
    /// Print the key instead of writing it to a file
    #[arg(long)]
    pub reveal: bool,
    /// The folders.
    #[command(flatten)]
    pub folders: FolderFlags,
}

/// A role on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleArg {
    /// Everything
    Admin,
    /// Audit only
    Auditor,
    /// Secrets, agents, policies and approvals
    Editor,
    /// Metadata only, never a value
    Viewer,
}

impl RoleArg {
    /// The name of the file of such a member's key, without its ending.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
        }
    }
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Auditor => Self::Auditor,
            RoleArg::Editor => Self::Editor,
            RoleArg::Viewer => Self::Viewer,
        }
    }
}

fn parse_line(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() || text.len() > 254 || text.chars().any(char::is_control) {
        return Err("expected 1 to 254 characters on one line");
    }
    Ok(text.to_owned())
}

/// Shows who the key belongs to.
///
/// # Errors
/// The server refuses, or nothing can be written.
pub fn me(session: &mut Session<'_>) -> Result<(), Failure> {
    session.record(&Call::get(&["me"]))
}
