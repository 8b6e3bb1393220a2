//! `warded member`: people and their keys.

use clap::{Args, Subcommand, ValueEnum};

use super::FolderFlags;
use super::client::call::{Body, Call};
use super::connection::{Nothing, Remote, To};
use super::failure::Failure;
use super::session::{Session, Sure};
use super::show::List;
use crate::store::Role;

pub mod key;

use key::KeyCommand;

const MEMBERS: List = List {
    what: "members",
    items: "items",
    columns: &["email", "id", "name", "role", "status", "created_at"],
};

/// `member …`
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Add a member to a data folder that no server is using, and say in which file the key is
    Create(MemberArgs),
    /// Add a member; keys are made with `member key add`
    Invite(To<InviteArgs>),
    /// Make, list and end members' keys
    Key(Remote<KeyCommand>),
    /// List members
    List(To<Nothing>),
    /// Show whose key is used, and their role
    Me(To<Nothing>),
    /// Remove a member and end all their keys
    Remove(To<RemoveArgs>),
    /// Change what a member may do, at once
    Role(To<ChangeArgs>),
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

/// The flags of `member invite`.
#[derive(Debug, Args)]
pub struct InviteArgs {
    /// The member's address
    email: String,
    /// The member's name
    #[arg(long)]
    name: String,
    /// What the member may do
    #[arg(long)]
    role: RoleArg,
}

/// The flags of `member remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The member's id
    member: String,
    /// Confirmation.
    #[command(flatten)]
    sure: Sure,
}

/// The flags of `member role`.
#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// The member's id
    member: String,
    /// What the member may do
    role: RoleArg,
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

/// Lists members.
///
/// # Errors
/// The server refuses, or nothing can be written.
pub fn list(session: &mut Session<'_>) -> Result<(), Failure> {
    session.list(&Call::get(&["members"]), &MEMBERS)
}

/// Shows whose key is used.
///
/// # Errors
/// The server refuses, or nothing can be written.
pub fn me(session: &mut Session<'_>) -> Result<(), Failure> {
    session.record(&Call::get(&["me"]))
}

impl InviteArgs {
    /// Adds the member.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let body = Body::new()
            .with("email", self.email.as_str())
            .with("name", self.name.as_str())
            .with("role", Role::from(self.role).word());
        session.record(&Call::post(&["members"], body))
    }
}

impl RemoveArgs {
    /// Removes the member.
    ///
    /// # Errors
    /// Nobody said yes, or the server refuses.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        session
            .confirm(&format!("this removes the member {} and ends their keys", self.member), &self.sure)?;
        session.done(&Call::delete(&["members", &self.member]), &format!("{} is removed", self.member))
    }
}

impl ChangeArgs {
    /// Changes the role.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let body = Body::new().with("role", Role::from(self.role).word());
        session.record(&Call::patch(&["members", &self.member], body))
    }
}
