//! A command at work: it calls the server and shows what comes back, for people or as JSON.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};
use warded_core::time::Millis;

use super::client::Client;
use super::client::call::Call;
use super::connection::Connection;
use super::failure::Failure;
use super::plain::{plain, plain_lines};
use super::show::{List, View};

mod hand_over;
mod pages;

pub use hand_over::HandOver;
pub use pages::PageFlags;

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
        self.require_terminal(what)?;
        write!(self.err, "{what}, which cannot be undone. Type yes to go on: ")?;
        self.err.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() == "yes" { Ok(()) } else { Err(Failure::Failed("nothing was done".to_owned())) }
    }

    /// Whether somebody is there to be asked.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn require_terminal(&self, what: &str) -> Result<(), Failure> {
        if io::stdin().is_terminal() && io::stderr().is_terminal() {
            return Ok(());
        }
        Err(Failure::Usage(format!("{what}, which cannot be undone: add --yes if it is meant")))
    }
}

/// Takes what is secret out of a document.
fn take_secret(answer: &mut Value) -> Option<String> {
    let fields = answer.as_object_mut()?;
    let taken =
        SECRET_FIELDS.iter().filter_map(|name| fields.shift_remove(*name)).filter_map(|value| match value {
            Value::String(text) => Some(text),
            _ => None,
        });
    // All of them are taken, and the first is the one handed over.
    taken.collect::<Vec<_>>().into_iter().next()
}

fn terminal_width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    comfy_table::Table::new().width()
}
