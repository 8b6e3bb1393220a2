//! `warded token`: what agents hand to jobs and sub-agents.

use clap::{Args, Subcommand};

use super::client::call::{Body, Call};
use super::failure::Failure;
use super::session::{HandOver, PageFlags, Session};
use super::show::List;

pub mod revoke;

use revoke::RevokeArgs;

const TOKENS: List = List {
    what: "tokens",
    items: "items",
    columns: &["token_id", "agent_id", "active", "scopes", "access_tier", "uses", "max_uses", "expires_at"],
};

/// `token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Issue a scoped token, with an agent's key
    Issue(IssueArgs),
    /// List tokens, newest first: all, or an agent's own with its key
    List {
        /// How much.
        #[command(flatten)]
        page: PageFlags,
    },
    /// End a token, or several, at once
    Revoke(RevokeArgs),
    /// Show a token and what remains of it
    Show {
        /// The token's id; without it, the scoped token that is used as key
        token: Option<String>,
    },
}

/// What a token may do.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// A scope, such as `secrets:read:production/payments/KEY`; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// How long it holds, such as 15m [default: 1h]
    #[arg(long, value_name = "TIME")]
    ttl: Option<String>,
    /// How often it may be used
    #[arg(long, value_name = "NUMBER")]
    max_uses: Option<u32>,
    /// An address or network that it may be used from; may be repeated
    #[arg(long = "ip", value_name = "CIDR")]
    networks: Vec<String>,
    /// Why, for those who approve
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where it goes.
    #[command(flatten)]
    to: HandOver,
}

impl TokenCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Issue(args) => {
                let body = Body::new()
                    .with("scopes", args.scopes.as_slice())
                    .maybe("ttl", args.ttl.as_deref())
                    .maybe("max_uses", args.max_uses)
                    .list("ip_allowlist", &args.networks)
                    .maybe("reason", args.reason.as_deref());
                session.hand_over(&Call::post(&["tokens"], body), &args.to)
            }
            Self::List { page } => session.page(Call::get(&["tokens"]), page, &TOKENS),
            Self::Revoke(args) => args.run(session),
            Self::Show { token } => {
                session.record(&Call::get(&["tokens", token.as_deref().unwrap_or("self")]))
            }
        }
    }
}
