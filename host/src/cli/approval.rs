//! `warded approval`: what waits for people, and what they say.

use clap::{Args, Subcommand, ValueEnum};

use super::client::call::{Body, Call};
use super::failure::Failure;
use super::session::{PageFlags, Session, Sure};
use super::show::List;
use super::word;

mod watch;

const APPROVALS: List = List {
    what: "approvals",
    items: "items",
    columns: &[
        "id",
        "status",
        "agent_id",
        "access_tier",
        "requested_scopes",
        "reason",
        "required_approvals",
        "expires_at",
    ],
};

/// `approval …`
#[derive(Debug, Subcommand)]
pub enum ApprovalCommand {
    /// Look at what is asked, and approve it
    Approve {
        /// The approval's id
        approval: String,
        /// Confirmation.
        #[command(flatten)]
        sure: Sure,
    },
    /// Deny what is asked, for everybody
    Deny {
        /// The approval's id
        approval: String,
        /// Why, for those who ask
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// List approvals, newest first
    List(ListArgs),
    /// Show an approval: what is asked, by whom, and what people said
    Show {
        /// The approval's id
        approval: String,
    },
}

/// The flags of `approval list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those that stand so
    #[arg(long, value_name = "STATUS")]
    status: Option<Status>,
    /// Stay, and print each that comes or changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["limit", "cursor"])]
    watch: bool,
    /// How much.
    #[command(flatten)]
    page: PageFlags,
}

/// Where an approval stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Status {
    /// Approved, and not used yet
    Approved,
    /// Approved and used
    Consumed,
    /// Denied
    Denied,
    /// Nobody said enough in time, or nobody used it in time
    Expired,
    /// It waits for people
    Pending,
}

impl ListArgs {
    fn call(&self) -> Call {
        Call::get(&["approvals"]).query("status", self.status.and_then(word))
    }
}

impl ApprovalCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Approve { approval, sure } => approve(session, approval, sure),
            Self::Deny { approval, reason } => {
                let body = Body::new().maybe("reason", reason.as_deref());
                session.record(&Call::post(&["approvals", approval, "deny"], body))
            }
            Self::List(args) if args.watch => watch::watch(session, args.call()),
            Self::List(args) => session.page(args.call(), &args.page, &APPROVALS),
            Self::Show { approval } => session.record(&Call::get(&["approvals", approval])),
        }
    }
}

/// Nobody approves at a terminal what they have not seen.
fn approve(session: &mut Session<'_>, approval: &str, sure: &Sure) -> Result<(), Failure> {
    const WHAT: &str = "this approves what is asked";
    if !sure.yes {
        session.require_terminal(WHAT)?;
        let asked = session.client.send(&Call::get(&["approvals", approval]))?.json()?;
        session.beside(&asked)?;
    }
    session.confirm(WHAT, sure)?;
    session.record(&Call::post(&["approvals", approval, "approve"], Body::new()))
}
