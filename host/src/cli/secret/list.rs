//! `warded secret list`.

use clap::Args;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::session::{PageFlags, Session};
use super::super::show::List;

const SECRETS: List = List {
    what: "secrets",
    items: "items",
    columns: &["namespace", "key", "version", "secret_type", "access_tier", "updated_at"],
};

const DELETED: List = List {
    what: "deleted secrets",
    items: "items",
    columns: &["namespace", "key", "id", "version", "access_tier", "deleted_at", "destroyed_at"],
};

/// The flags of `secret list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// A namespace; without it, all
    namespace: Option<String>,
    /// What was deleted and can still be restored, what is destroyed first coming first
    #[arg(long)]
    deleted: bool,
    /// How much.
    #[command(flatten)]
    pages: PageFlags,
}

impl ListArgs {
    pub(super) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let namespace = self.namespace.as_deref();
        let (deleted, list) = if self.deleted { (Some(true), &DELETED) } else { (None, &SECRETS) };
        let call = || Call::get(&["secrets"]).query("namespace", namespace).query("deleted", deleted);
        session.pages(call, &self.pages, list)
    }
}
