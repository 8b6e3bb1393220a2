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

/// The flags of `secret list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// A namespace; without it, all
    namespace: Option<String>,
    /// How much.
    #[command(flatten)]
    pages: PageFlags,
}

impl ListArgs {
    pub(super) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let namespace = self.namespace.as_deref();
        session.pages(|| Call::get(&["secrets"]).query("namespace", namespace), &self.pages, &SECRETS)
    }
}
