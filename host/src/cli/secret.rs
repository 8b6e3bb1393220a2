//! `warded secret`: values go in by standard input or a file, and come out only when asked for.

use clap::Subcommand;
use serde_json::Value;

use super::client::call::Call;
use super::failure::Failure;
use super::session::Session;
use super::show::List;

pub mod address;
pub mod get;
pub mod import;
pub mod list;
pub mod set;

use address::Address;
use get::GetArgs;
use import::ImportArgs;
use list::ListArgs;
use set::SetArgs;

const NAMESPACES: List = List { what: "namespaces", items: "items", columns: &["namespace"] };
const VERSIONS: List =
    List { what: "versions", items: "items", columns: &["version", "created_at", "created_by"] };

/// `secret …`
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Delete a secret; it can be restored until it is destroyed
    Delete {
        /// namespace/KEY
        path: Address,
    },
    /// Show what is known of a secret, and its value with --reveal
    Get(GetArgs),
    /// Store every line `KEY=value` of a dotenv file, all or nothing
    Import(ImportArgs),
    /// List the secrets of a namespace and below, without values
    List(ListArgs),
    /// List the namespaces that hold secrets
    Namespaces,
    /// Store a value, as a new secret or a new version
    Set(SetArgs),
    /// List the versions of a secret, without values
    Versions {
        /// namespace/KEY
        path: Address,
    },
}

impl SecretCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::Delete { path } => {
                session.done(&Call::delete(&path.segments()), &format!("{path} is deleted"))
            }
            Self::Get(args) => args.run(session),
            Self::Import(args) => args.run(session),
            Self::List(args) => args.run(session),
            Self::Namespaces => namespaces(session),
            Self::Set(args) => args.run(session),
            Self::Versions { path } => {
                session.list(&Call::get(&path.segments()).query("view", Some("versions")), &VERSIONS)
            }
        }
    }
}

fn namespaces(session: &mut Session<'_>) -> Result<(), Failure> {
    let mut answer = session.client.send(&Call::get(&["namespaces"]))?.json()?;
    if !session.is_json() {
        let entries = answer.get_mut("items").and_then(Value::as_array_mut);
        entries
            .into_iter()
            .flatten()
            .for_each(|name| *name = serde_json::json!({ "namespace": name.take() }));
    }
    session.entries(&answer, &NAMESPACES)
}
