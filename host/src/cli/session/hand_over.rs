//! What the server shows once: it goes where somebody said, or is not made.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::super::client::call::Call;
use super::super::client::problem::waiting;
use super::super::failure::Failure;
use super::super::plain::plain;
use super::super::private_file::PrivateFile;
use super::{Session, take_secret};

/// Where something goes that the server shows once.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct HandOver {
    /// Write what is secret to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print what is secret
    #[arg(long)]
    pub reveal: bool,
}

impl Session<'_> {
    /// Makes a call whose answer holds something that is shown once, and hands it over as asked.
    ///
    /// # Errors
    /// Nobody said where it should go, which is found before anything is sent; or the server refuses.
    pub fn hand_over(&mut self, call: &Call, to: &HandOver) -> Result<(), Failure> {
        to.is_settled()?;
        // Before the call: what cannot be kept must not be made.
        let file = to.output.as_deref().map(PrivateFile::named).transpose()?;
        let sent = self.client.send(call)?;
        let (status, mut answer) = (sent.status(), sent.json()?);
        if status == 202 {
            return self.pending(&answer);
        }
        if to.reveal && self.json {
            return self.print_json(&answer);
        }
        let secret = take_secret(&mut answer);
        if let (Some(path), Some(file), Some(secret)) = (&to.output, file, &secret) {
            file.fill(&[secret.as_bytes(), b"\n"])?;
            self.say(&format!("it is in {}, and shown nowhere again", path.display()))?;
        }
        match (secret, answer.as_object()) {
            // The output is the secret alone, so that a script can take it.
            (Some(secret), Some(fields)) if to.reveal => {
                self.view.record(fields, self.err)?;
                Ok(writeln!(self.out, "{}", plain(&secret))?)
            }
            _ => self.thing(answer),
        }
    }

    /// The answer that people must approve it first.
    fn pending(&mut self, answer: &Value) -> Result<(), Failure> {
        if self.json {
            self.print_json(answer)?;
        }
        let id = answer.get("approval_id").and_then(Value::as_str).unwrap_or_default();
        Err(Failure::NeedsApproval(format!("approval {} is needed: {}", plain(id), waiting(id))))
    }
}

impl HandOver {
    /// Whether somebody said where it should go.
    ///
    /// # Errors
    /// Nobody did.
    pub fn is_settled(&self) -> Result<(), Failure> {
        if self.reveal || self.output.is_some() {
            return Ok(());
        }
        Err(Failure::Usage(
            "it is shown this once: add --output FILE to keep it in a file, or --reveal to print it"
                .to_owned(),
        ))
    }
}
