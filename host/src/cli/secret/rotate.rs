//! `warded secret rotate`: a new value, and an end to every token that could know the old one.

use clap::Args;

use super::super::client::call::{Body, Call};
use super::super::failure::Failure;
use super::super::input::ValueFlags;
use super::super::session::{HandOver, Session};
use super::address::Address;

/// The flags of `secret rotate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --generate, the new value is read from standard input or a file, as by `secret set`."
)]
pub struct RotateArgs {
    /// namespace/KEY
    path: Address,
    /// Let the server make the value, for the types custom and db_credential
    #[arg(long, conflicts_with_all = ["from_file", "exact"])]
    generate: bool,
    /// The new value.
    #[command(flatten)]
    value: ValueFlags,
    /// Rotate only if this is the newest version
    #[arg(long, value_name = "NUMBER")]
    if_version: Option<u64>,
    /// Where a value goes that the server made.
    #[command(flatten)]
    to: HandOver,
}

impl RotateArgs {
    pub(super) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let path = self.path.action("rotate");
        if self.generate {
            return session.hand_over(&self.call(&path, Body::new()), &self.to);
        }
        if self.to.is_settled().is_ok() {
            return Err(Failure::Usage(
                "--output and --reveal are for a value that the server makes: add --generate".to_owned(),
            ));
        }
        let value = self.value.read()?;
        session.record(&self.call(&path, Body::new().with("new_value", value.expose().as_str())))
    }

    fn call(&self, path: &[&str], body: Body) -> Call {
        Call::post(path, body).header("If-Match", self.if_version)
    }
}
