//! `warded agent`: those that ask for credentials.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::client::call::{Body, Call};
use super::failure::Failure;
use super::input::read_text;
use super::session::{HandOver, PageFlags, Session, Sure};
use super::show::List;
use super::word;

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
    /// Stop an agent and its tokens until it is enabled again
    Disable {
        /// The agent's id or name
        agent: String,
    },
    /// Let a disabled agent go on
    Enable {
        /// The agent's id or name
        agent: String,
    },
    /// List agents that made no request for some time
    Idle {
        /// For so long, such as 30d
        #[arg(long = "for", value_name = "TIME", default_value = "30d")]
        time: String,
        /// How much.
        #[command(flatten)]
        pages: PageFlags,
    },
    /// List agents
    List {
        /// How much.
        #[command(flatten)]
        pages: PageFlags,
    },
    /// Make a new key for an agent
    RotateKey(RotateArgs),
    /// Show an agent
    Show {
        /// The agent's id or name
        agent: String,
    },
    /// Change what an agent may do; it reaches its tokens at once
    Update(UpdateArgs),
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

/// What changes.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The agent's id or name
    agent: String,
    /// The namespaces it may use from now on; may be repeated
    #[arg(long = "namespace", value_name = "PATH")]
    namespaces: Vec<String>,
    /// The scopes it may use from now on; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// What else bounds it.
    #[command(flatten)]
    bounds: Bounds,
}

/// The flags of `agent rotate-key`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The agent's id or name
    agent: String,
    /// How long the old key goes on, such as 1h [default: it ends at once]
    #[arg(long, value_name = "TIME")]
    overlap: Option<String>,
    /// Where the new key goes.
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
    /// A JSON file with a list of limits, which its own requests and those of its tokens share; `[]` takes them away
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
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

impl Bounds {
    fn add_to(&self, body: Body) -> Result<Body, Failure> {
        let ceiling =
            Body::new().maybe("ttl", self.max_ttl.as_deref()).maybe("tier", self.max_tier.and_then(word));
        let ceiling = (!ceiling.is_empty()).then_some(ceiling);
        let limits = self.limits.as_deref().map(read_limits).transpose()?;
        Ok(body.list("ip_policy", &self.networks).maybe("limits", limits).maybe("token_ceiling", ceiling))
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
                session.hand_over(&Call::post(&["agents"], args.bounds.add_to(body)?), &args.to)
            }
            Self::Delete { agent, sure } => {
                session.confirm(&format!("this ends the agent `{agent}` and its tokens"), sure)?;
                session.done(
                    &Call::delete(&["agents", agent]),
                    &format!("{agent} is revoked, with all its tokens"),
                )
            }
            Self::Disable { agent } => session.record(&switch(agent, false)),
            Self::Enable { agent } => session.record(&switch(agent, true)),
            Self::Idle { time, pages } => {
                session.pages(|| Call::get(&["agents"]).query("idle", Some(time)), pages, &AGENTS)
            }
            Self::List { pages } => session.pages(|| Call::get(&["agents"]), pages, &AGENTS),
            Self::RotateKey(args) => {
                let body = Body::new().maybe("overlap", args.overlap.as_deref());
                session.hand_over(&Call::post(&["agents", &args.agent, "rotate-key"], body), &args.to)
            }
            Self::Show { agent } => session.record(&Call::get(&["agents", agent])),
            Self::Update(args) => args.run(session),
        }
    }
}

impl UpdateArgs {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let body = Body::new()
            .maybe("description", self.description.as_deref())
            .list("allowed_namespaces", &self.namespaces)
            .list("allowed_scopes", &self.scopes);
        let body = self.bounds.add_to(body)?;
        if body.is_empty() {
            return Err(Failure::Usage("nothing is to change: see `warded agent update --help`".to_owned()));
        }
        session.record(&Call::patch(&["agents", &self.agent], body))
    }
}

fn read_limits(file: &Path) -> Result<Value, Failure> {
    let text = read_text(file)?;
    let wrong = |error| Failure::Usage(format!("`{}` is no JSON: {error}", file.display()));
    serde_json::from_str(text.expose()).map_err(wrong)
}

fn switch(agent: &str, active: bool) -> Call {
    Call::patch(&["agents", agent], Body::new().with("active", active))
}
