//! `warded secret`: values go in by standard input or a file, and come out only when asked for.

use clap::Subcommand;
use serde_json::Value;

use super::client::call::{Body, Call};
use super::failure::Failure;
use super::session::{PageFlags, Session, Sure};
use super::show::List;

pub mod address;
pub mod get;
pub mod import;
pub mod list;
pub mod rotate;
pub mod set;

use address::Address;
use get::GetArgs;
use import::ImportArgs;
use list::ListArgs;
use rotate::RotateArgs;
use set::SetArgs;

const NAMESPACES: List = List { what: "namespaces", items: "items", columns: &["namespace"] };
const DUE: List = List {
    what: "secrets that are due",
    items: "items",
    columns: &["namespace", "key", "secret_type", "access_tier", "environment", "written_at", "due_at"],
};
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
    /// Destroy a deleted secret with all its versions, for ever
    Destroy {
        /// namespace/KEY
        path: Address,
        /// Only the one with this id, of several that were deleted at the path
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        /// Confirmation.
        #[command(flatten)]
        sure: Sure,
    },
    /// List the secrets that are due to be rotated, the oldest first
    Due {
        /// How much.
        #[command(flatten)]
        pages: PageFlags,
    },
    /// Show what is known of a secret, and its value with --reveal
    Get(GetArgs),
    /// Store every line `KEY=value` of a dotenv file, all or nothing
    Import(ImportArgs),
    /// List the secrets of a namespace and below, without values
    List(ListArgs),
    /// List the namespaces that hold secrets
    Namespaces,
    /// Bring back a deleted secret
    Restore {
        /// namespace/KEY
        path: Address,
        /// The one with this id, of several that were deleted at the path [default: the last]
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
    /// Write an older version's value again, as a new version
    Rollback {
        /// namespace/KEY
        path: Address,
        /// The version whose value is wanted
        #[arg(long, value_name = "NUMBER")]
        version: u64,
        /// Only if this is the newest version
        #[arg(long, value_name = "NUMBER")]
        if_version: Option<u64>,
    },
    /// Give a secret a new value, and end every token that reaches it
    Rotate(RotateArgs),
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
            Self::Destroy { path, id, sure } => {
                session.confirm(&format!("this destroys what was deleted at {path}"), sure)?;
                let body = Body::new().maybe("id", id.as_deref());
                session.record(&Call::post(&path.action("destroy"), body))
            }
            Self::Due { pages } => session.pages(|| Call::get(&["rotations"]), pages, &DUE),
            Self::Get(args) => args.run(session),
            Self::Import(args) => args.run(session),
            Self::List(args) => args.run(session),
            Self::Namespaces => namespaces(session),
            Self::Restore { path, id } => {
                session.record(&Call::post(&path.action("restore"), Body::new().maybe("id", id.as_deref())))
            }
            Self::Rollback { path, version, if_version } => {
                let call = Call::post(&path.action("rollback"), Body::new().with("version", *version));
                session.record(&call.header("If-Match", *if_version))
            }
            Self::Rotate(args) => args.run(session),
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
