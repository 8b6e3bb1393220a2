//! `warded agent`: those that ask for credentials.

use clap::{Args, Subcommand, ValueEnum};

use super::client::call::{Body, Call};
use super::failure::Failure;
use super::session::{HandOver, Session, Sure};
use super::show::List;

const AGENTS: List = List {
    what: "agents",
    items: "items",
    columns: &["name", "id", "active", "allowed_namespaces", "allowed_scopes", "last_active_at"],
};

/// `agent …`
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Make an agent and its key
    Create(CreateArgs),
    /// Revoke an agent for ever, with all its tokens
    Delete {
        /// The agent's id or name
        agent: String,
        /// Confirmation.
        #[command(flatten)]
        sure: Sure,
    },
    /// List agents
    List,
    /// Show an agent
    Show {
        /// The agent's id or name
        agent: String,
    },
}

/// What an agent may do.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// 1 to 64 of A-Z a-z 0-9 _ -; a name is never used again
    name: String,
    /// A namespace it may use, or `*`; may be repeated
    #[arg(long = "namespace", value_name = "PATH", required = true)]
    namespaces: Vec<String>,
    /// A scope it may use, such as `secrets:read:production/payments/*`; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Where its requests and those of its tokens may come from.
    #[command(flatten)]
    bounds: Bounds,
    /// Where its key goes.
    #[command(flatten)]
    to: HandOver,
}

/// What bounds an agent besides its scopes.
#[derive(Debug, Args)]
pub struct Bounds {
    /// An address or network that its requests may come from; may be repeated
    #[arg(long = "ip", value_name = "CIDR")]
    networks: Vec<String>,
    /// The longest life of its tokens, such as 15m
    #[arg(long, value_name = "TIME")]
    max_ttl: Option<String>,
    /// The highest tier of its tokens
    #[arg(long, value_name = "TIER")]
    max_tier: Option<Tier>,
}

/// How dangerous a secret is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Tier {
    /// Nobody needs to approve
    Standard,
    /// One person approves
    Sensitive,
    /// Two people approve
    Critical,
}

impl Tier {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Sensitive => "sensitive",
            Self::Critical => "critical",
        }
    }
}

impl Bounds {
    fn add_to(&self, body: Body) -> Body {
        let ceiling =
            Body::new().maybe("ttl", self.max_ttl.as_deref()).maybe("tier", self.max_tier.map(Tier::word));
        let body = body.list("ip_policy", &self.networks);
        if ceiling.is_empty() { body } else { body.with("token_ceiling", ceiling) }
    }
}

impl AgentCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Create(args) => {
                let body = Body::new()
                    .with("name", args.name.as_str())
                    .maybe("description", args.description.as_deref())
                    .with("allowed_namespaces", args.namespaces.as_slice())
                    .with("allowed_scopes", args.scopes.as_slice());
                session.hand_over(&Call::post(&["agents"], args.bounds.add_to(body)), &args.to)
            }
            Self::Delete { agent, sure } => {
                session.confirm(&format!("this ends the agent `{agent}` and its tokens"), sure)?;
                session.done(
                    &Call::delete(&["agents", agent]),
                    &format!("{agent} is revoked, with all its tokens"),
                )
            }
            Self::List => session.list(&Call::get(&["agents"]), &AGENTS),
            Self::Show { agent } => session.record(&Call::get(&["agents", agent])),
        }
    }
}
