//! `warded audit checkpoints`: what proves later that nothing was changed, if it is kept elsewhere.

use clap::Args;
use serde_json::Value;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::plain::plain;
use super::super::session::{PageFlags, Session};
use super::super::show::List;

const CHECKPOINTS: List = List {
    what: "checkpoints",
    items: "items",
    columns: &["seq", "created_at", "checkpoint.link", "checkpoint.key_id"],
};

/// The flags of `audit checkpoints`.
#[derive(Debug, Args)]
pub struct CheckpointsArgs {
    /// How many.
    #[command(flatten)]
    pages: PageFlags,
}

impl CheckpointsArgs {
    /// Lists checkpoints, newest first.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let answer = session.gather(|| Call::get(&["audit", "checkpoints"]), &self.pages, &CHECKPOINTS)?;
        session.entries(&answer, &CHECKPOINTS)?;
        match answer.get("public_key").and_then(Value::as_str) {
            Some(key) if !session.is_json() => session
                .say(&format!("they verify with {}, if that is the key that you kept elsewhere", plain(key))),
            _ => Ok(()),
        }
    }
}
