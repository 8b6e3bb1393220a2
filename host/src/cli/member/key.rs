//! `warded member key`: the keys with which people speak to the server.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::super::client::call::{Body, Call};
use super::super::failure::Failure;
use super::super::session::{HandOver, Session, Sure};
use super::super::show::List;

const KEYS: List = List {
    what: "keys",
    items: "items",
    columns: &[
        "id",
        "name",
        "api_key_prefix",
        "active",
        "approve",
        "ip_allowlist",
        "expires_at",
        "last_used_at",
    ],
};

/// `member key …`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key
    Add(AddArgs),
    /// List keys, without their text
    List {
        /// Whose.
        #[command(flatten)]
        whose: Whose,
    },
    /// End a key at once
    Remove {
        /// The key's id
        key: String,
        /// Whose.
        #[command(flatten)]
        whose: Whose,
        /// Confirmation.
        #[command(flatten)]
        sure: Sure,
    },
}

/// The member whose keys are meant.
#[derive(Debug, Args)]
pub struct Whose {
    /// The member's id [default: whose key is used]
    #[arg(long, value_name = "ID")]
    member: Option<String>,
}

/// The flags of `member key add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// What it is for, such as `laptop`
    name: String,
    /// Whose.
    #[command(flatten)]
    whose: Whose,
    /// Let it decide approvals
    #[arg(long)]
    approve: bool,
    /// When it ends, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// An address or network that it may be used from; may be repeated
    #[arg(long = "ip", value_name = "CIDR")]
    networks: Vec<String>,
    /// Where it goes.
    #[command(flatten)]
    to: HandOver,
}

impl Whose {
    fn id(&self, session: &Session<'_>) -> Result<String, Failure> {
        if let Some(id) = &self.member {
            return Ok(id.clone());
        }
        let me = session.client.send(&Call::get(&["me"]))?.json()?;
        let id = me.get("id").and_then(Value::as_str);
        id.map(str::to_owned)
            .ok_or_else(|| Failure::Failed("the server does not say whose key it is".to_owned()))
    }
}

impl KeyCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Add(args) => args.run(session),
            Self::List { whose } => {
                session.list(&Call::get(&["members", &whose.id(session)?, "keys"]), &KEYS)
            }
            Self::Remove { key, whose, sure } => {
                session.confirm(&format!("this ends the key {key}"), sure)?;
                let member = whose.id(session)?;
                session.done(&Call::delete(&["members", &member, "keys", key]), &format!("{key} is revoked"))
            }
        }
    }
}

impl AddArgs {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        self.to.is_settled()?;
        let body = Body::new()
            .with("name", self.name.as_str())
            .maybe("approve", self.approve.then_some(true))
            .maybe("expires_at", self.expires_at.as_deref())
            .list("ip_allowlist", &self.networks);
        let member = self.whose.id(session)?;
        session.hand_over(&Call::post(&["members", &member, "keys"], body), &self.to)
    }
}
