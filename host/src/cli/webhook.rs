//! `warded webhook`: who is told of what happens.

use std::path::Path;

use clap::{Args, Subcommand};

use super::client::call::{Body, Call};
use super::failure::Failure;
use super::input::read_text;
use super::session::{HandOver, Session, Sure};
use super::show::List;

const WEBHOOKS: List = List {
    what: "webhooks",
    items: "items",
    columns: &["id", "url", "kinds", "waiting", "dropped", "disabled_at", "created_at"],
};

/// `webhook …`
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Tell an address of things from now on; it gets a secret that verifies what it is sent
    Add(AddArgs),
    /// List webhooks
    List,
    /// Tell an address no more
    Remove {
        /// The webhook's id
        webhook: String,
        /// Confirmation.
        #[command(flatten)]
        sure: Sure,
    },
    /// Send something to see whether it arrives
    Test {
        /// The webhook's id
        webhook: String,
    },
}

/// The flags of `webhook add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Where to send to, `-` for standard input: an address that has a secret in it is no argument
    #[arg(value_name = "URL")]
    address: String,
    /// What it wants to hear of, such as approval.requested or audit.checkpoint; may be repeated
    #[arg(long = "kind", value_name = "KIND", required = true)]
    kinds: Vec<String>,
    /// Where its secret goes.
    #[command(flatten)]
    to: HandOver,
}

impl WebhookCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Add(args) => args.run(session),
            Self::List => session.list(&Call::get(&["webhooks"]), &WEBHOOKS),
            Self::Remove { webhook, sure } => {
                session.confirm(&format!("this ends the webhook {webhook} and its secret"), sure)?;
                session.done(&Call::delete(&["webhooks", webhook]), &format!("{webhook} is removed"))
            }
            Self::Test { webhook } => {
                session.record(&Call::post(&["webhooks", webhook, "test"], Body::new()))
            }
        }
    }
}

impl AddArgs {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        self.to.is_settled()?;
        let piped = (self.address == "-").then(|| read_text(Path::new("-"))).transpose()?;
        let url = piped.as_ref().map_or(self.address.as_str(), |text| text.expose().trim());
        let body = Body::new().with("url", url).with("kinds", self.kinds.as_slice());
        session.hand_over(&Call::post(&["webhooks"], body), &self.to)
    }
}
