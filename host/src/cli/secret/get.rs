//! `warded secret get`.

use std::io::IsTerminal as _;

use clap::Args;
use serde_json::Value;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::plain::plain_lines;
use super::super::private_file::PrivateFile;
use super::super::session::{HandOver, Session};
use super::address::Address;

/// The flags of `secret get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// namespace/KEY
    path: Address,
    /// An older version
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    version: Option<u64>,
    /// Whether the value is wanted, and where.
    #[command(flatten)]
    to: HandOver,
}

impl GetArgs {
    pub(super) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let call = Call::get(&self.path.segments()).query("version", self.version);
        if self.to.is_settled().is_err() {
            if self.version.is_some() {
                return Err(Failure::Usage(
                    "--version is for a value, so add --reveal or --output FILE; `warded secret versions` lists them all".to_owned(),
                ));
            }
            return session.record(&call.query("view", Some("metadata")));
        }
        // Before the call, which can be the last that a token has.
        let file = self.to.output.as_deref().map(PrivateFile::named).transpose()?;
        let answer = session.client.send(&call)?.json()?;
        if answer.get("items").is_some() {
            let path = &self.path;
            return Err(Failure::Failed(format!(
                "{path} is a namespace: `warded secret list {path}` shows what it holds"
            )));
        }
        let value = answer.get("value").and_then(Value::as_str).unwrap_or_default();
        if let Some(file) = file {
            file.fill(&[value.as_bytes()])?;
            return session.thing(answer);
        }
        if session.is_json() {
            return session.print_json(&answer);
        }
        print(value, session)
    }
}

/// For a program, exactly the value; at a terminal, one that cannot steer it, and a line's end.
fn print(value: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let out = session.out();
    if std::io::stdout().is_terminal() {
        writeln!(out, "{}", plain_lines(value))?;
    } else {
        write!(out, "{value}")?;
    }
    Ok(out.flush()?)
}
