//! A command at work: it calls the server and shows what comes back, for people or as JSON.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};
use warded_core::time::Millis;

use super::client::Client;
use super::client::call::Call;
use super::client::problem::waiting;
use super::connection::Connection;
use super::failure::Failure;
use super::input::create_private;
use super::plain::{plain, plain_lines};
use super::show::{List, View};

/// The fields in which the server hands over something that may not be shown by accident.
const SECRET_FIELDS: [&str; 5] = ["api_key", "token", "value", "signing_secret", "secret"];

/// A server, and where to show what it says.
#[expect(missing_debug_implementations, reason = "writers have none")]
pub struct Session<'a> {
    /// The server.
    pub client: Arc<Client>,
    json: bool,
    view: View,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

/// Where something goes that the server shows once.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct HandOver {
    /// Write it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print it
    #[arg(long)]
    pub reveal: bool,
}

/// A promise to mean it.
#[derive(Debug, Args)]
pub struct Sure {
    /// Do it without asking, although it cannot be undone
    #[arg(long)]
    pub yes: bool,
}

impl<'a> Session<'a> {
    /// Finds the server and the key; nothing is sent yet.
    ///
    /// # Errors
    /// One of them is missing or cannot be used.
    pub fn new(
        connection: &Connection,
        now: Millis,
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
    ) -> Result<Self, Failure> {
        let client = Client::new(connection, crate::config::environment, err)?;
        Ok(Self {
            client: Arc::new(client),
            json: connection.json,
            view: View { now, width: terminal_width() },
            out,
            err,
        })
    }

    /// Whether scripts read the output.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Where the output goes.
    pub fn out(&mut self) -> &mut dyn Write {
        self.out
    }

    /// Says something to people beside the output.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn say(&mut self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(self.err, "{line}")?)
    }

    /// Makes a call and shows the entries of the answer.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn list(&mut self, call: &Call, list: &List) -> Result<(), Failure> {
        let answer = self.client.send(call)?.json()?;
        self.entries(&answer, list)
    }

    /// Shows the entries of an answer.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn entries(&mut self, answer: &Value, list: &List) -> Result<(), Failure> {
        if self.json {
            return self.print_json(answer);
        }
        let entries = answer.get(list.items).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if entries.is_empty() {
            self.say(&format!("no {}", list.what))?;
        } else {
            self.view.list(list, entries, self.out)?;
        }
        match answer.get("next_cursor") {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(cursor)) => self.say(&format!("there is more: --cursor {}", plain(cursor))),
            Some(cursor) => self.say(&format!("there is more: --cursor {cursor}")),
        }
    }

    /// Makes a call and shows the thing that is answered.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn record(&mut self, call: &Call) -> Result<(), Failure> {
        let answer = self.client.send(call)?.json()?;
        self.thing(answer)
    }

    /// Shows one thing; what is secret in it stays hidden.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn thing(&mut self, mut answer: Value) -> Result<(), Failure> {
        take_secret(&mut answer);
        match (&answer, self.json) {
            (Value::Object(fields), false) => Ok(self.view.record(fields, self.out)?),
            (answer, _) => self.print_json(answer),
        }
    }

    /// Shows a thing beside the output, to people who are about to decide on it.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn beside(&mut self, thing: &Value) -> Result<(), Failure> {
        if let Some(fields) = thing.as_object() {
            self.view.record(fields, self.err)?;
        }
        Ok(())
    }

    /// Shows some fields of a thing on one line; all of it as JSON on one line.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn line(&mut self, thing: &Value, fields: &[&str]) -> Result<(), Failure> {
        if self.json {
            self.print_json(thing)?;
        } else {
            writeln!(self.out, "{}", self.view.line(thing, fields))?;
        }
        Ok(self.out.flush()?)
    }

    /// Makes a call and says what was done by it.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn done(&mut self, call: &Call, what: &str) -> Result<(), Failure> {
        let mut answer = self.client.send(call)?.json()?;
        take_secret(&mut answer);
        match (self.json, answer.is_null()) {
            (true, true) => self.print_json(&json!({})),
            (true, false) => self.print_json(&answer),
            (false, _) => self.say(what),
        }
    }

    /// Makes a call whose answer holds something that is shown once, and hands it over as asked.
    ///
    /// # Errors
    /// Nobody said where it should go, which is found before anything is sent; or the server refuses.
    pub fn hand_over(&mut self, call: &Call, to: &HandOver) -> Result<(), Failure> {
        to.is_settled()?;
        // Before the call: what cannot be kept must not be made.
        let file = to.output.as_deref().map(create_private).transpose()?;
        let sent = self.client.send(call).and_then(|answer| Ok((answer.status(), answer.json()?)));
        let (status, mut answer) = match sent {
            Ok(sent) => sent,
            Err(failure) => {
                discard(to.output.as_deref());
                return Err(failure);
            }
        };
        if status == 202 {
            discard(to.output.as_deref());
            return self.pending(&answer);
        }
        if to.reveal && self.json {
            return self.print_json(&answer);
        }
        let secret = take_secret(&mut answer);
        if let (Some(path), Some(mut file), Some(secret)) = (&to.output, file, &secret) {
            let written = writeln!(file, "{secret}").and_then(|()| file.sync_all());
            written.map_err(|error| {
                Failure::Failed(format!("`{}` cannot be written: {error}", path.display()))
            })?;
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

    /// Prints a document as the server wrote it.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn print_json(&mut self, document: &Value) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{document}")?)
    }

    /// Prints a document for people to read, and to keep in a file.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn print_pretty(&mut self, document: &Value) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{}", plain_lines(&format!("{document:#}")))?)
    }

    /// Asks at the terminal before what cannot be undone; without one, `--yes` must have been given.
    ///
    /// # Errors
    /// Nobody said yes.
    pub fn confirm(&mut self, what: &str, sure: &Sure) -> Result<(), Failure> {
        if sure.yes {
            return Ok(());
        }
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Err(Failure::Usage(format!("{what}, which cannot be undone: add --yes if it is meant")));
        }
        write!(self.err, "{what}, which cannot be undone. Type yes to go on: ")?;
        self.err.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() == "yes" { Ok(()) } else { Err(Failure::Failed("nothing was done".to_owned())) }
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

/// Takes what is secret out of a document.
pub(super) fn take_secret(answer: &mut Value) -> Option<String> {
    let fields = answer.as_object_mut()?;
    let taken =
        SECRET_FIELDS.iter().filter_map(|name| fields.shift_remove(*name)).filter_map(|value| match value {
            Value::String(text) => Some(text),
            _ => None,
        });
    // All of them are taken, and the first is the one handed over.
    taken.collect::<Vec<_>>().into_iter().next()
}

/// Removes the file of a call that came to nothing.
fn discard(path: Option<&Path>) {
    // What is left behind is empty, and the next attempt names it.
    let _ = path.map(std::fs::remove_file);
}

fn terminal_width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    comfy_table::Table::new().width()
}
