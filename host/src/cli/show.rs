//! The server's documents for people: lists as tables, one thing as its fields, times as how long ago and when.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Map, Value};
use warded_core::time::Millis;

use super::plain::plain;

mod when;

/// What a list holds, and which fields of an entry make its columns; a dot leads into a field that has fields.
#[derive(Debug)]
pub struct List {
    /// What the entries are, in plural.
    pub what: &'static str,
    /// The field of the answer in which they stand.
    pub items: &'static str,
    /// The fields shown.
    pub columns: &'static [&'static str],
}

/// How to show it.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The time from which others are told.
    pub now: Millis,
    /// The terminal's width; without one, lines are as long as they are.
    pub width: Option<u16>,
}

impl View {
    /// Writes the entries of a list as a table.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn list(self, list: &List, entries: &[Value], out: &mut dyn Write) -> io::Result<()> {
        let mut table = self.table();
        table.set_header(list.columns.iter().map(|column| title(column).to_uppercase()));
        for entry in entries {
            table.add_row(list.columns.iter().map(|column| self.cell(column, at(entry, column))));
        }
        print(table, out)
    }

    /// Writes the fields of an object, one on a line; of fields within fields, each with the way to it.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn record(self, object: &Map<String, Value>, out: &mut dyn Write) -> io::Result<()> {
        let mut table = self.table();
        self.add_fields("", object, &mut table);
        print(table, out)
    }

    /// Some fields of an object on one line.
    #[must_use]
    pub fn line(self, object: &Value, fields: &[&str]) -> String {
        let cells = fields.iter().map(|name| self.cell(name, at(object, name)));
        cells.collect::<Vec<_>>().join("  ")
    }

    fn add_fields(self, before: &str, object: &Map<String, Value>, table: &mut Table) {
        for (name, value) in object {
            let label = format!("{before}{}", plain(&title(name)));
            match value {
                Value::Object(fields) if !fields.is_empty() => {
                    self.add_fields(&format!("{label} "), fields, table);
                }
                value => {
                    table.add_row([label, self.cell(name, Some(value))]);
                }
            }
        }
    }

    fn table(self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty();
        match self.width {
            Some(width) => table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        table
    }

    /// A value as text. What the server says is somebody else's text: it cannot steer the terminal.
    fn cell(self, name: &str, value: Option<&Value>) -> String {
        match value {
            None | Some(Value::Null) => "-".to_owned(),
            Some(Value::Bool(is_so)) => if *is_so { "yes" } else { "no" }.to_owned(),
            Some(Value::String(text)) if is_time(name) => {
                when::when(text, self.now).unwrap_or_else(|| plain(text).into_owned())
            }
            Some(Value::String(text)) => plain(text).into_owned(),
            Some(Value::Array(entries)) if entries.is_empty() => "none".to_owned(),
            Some(Value::Array(entries)) => {
                let separator = if entries.iter().any(Value::is_object) { "\n" } else { ", " };
                let cells = entries.iter().map(|entry| self.cell(name, Some(entry)));
                cells.collect::<Vec<_>>().join(separator)
            }
            Some(Value::Object(fields)) if fields.is_empty() => "none".to_owned(),
            Some(Value::Object(fields)) => {
                let cells = fields
                    .iter()
                    .map(|(name, value)| format!("{}={}", plain(name), self.cell(name, Some(value))));
                cells.collect::<Vec<_>>().join(" ")
            }
            Some(Value::Number(number)) => number.to_string(),
        }
    }
}

/// The table with two spaces between its columns.
fn print(mut table: Table, out: &mut dyn Write) -> io::Result<()> {
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    writeln!(out, "{}", table.trim_fmt())
}

/// A field's name for people.
fn title(name: &str) -> String {
    name.strip_suffix("_at").unwrap_or(name).replace(['_', '.'], " ")
}

fn is_time(name: &str) -> bool {
    name.ends_with("_at") || matches!(name, "since" | "last_seen")
}

fn at<'a>(entry: &'a Value, column: &str) -> Option<&'a Value> {
    column.split('.').try_fold(entry, |value, name| value.get(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_700_000_000_000;
    const AGENTS: List = List {
        what: "agents",
        items: "items",
        columns: &["name", "active", "token_ceiling.tier", "created_at", "scopes"],
    };

    fn view(width: Option<u16>) -> View {
        View { now: Millis::new(NOW).unwrap(), width }
    }

    fn listed(width: Option<u16>, entries: &[Value]) -> String {
        let mut out = Vec::new();
        view(width).list(&AGENTS, entries, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_list_is_a_table_of_the_chosen_fields() {
        let entries = [
            json!({ "name": "shop", "active": true, "token_ceiling": { "tier": "critical" }, "created_at": "2023-11-14T22:12:20.000Z",
                    "scopes": ["a:b:c/*", "d:e:f"], "more": "unseen" }),
            json!({ "name": "idle", "active": false, "scopes": [] }),
        ];
        let expected = concat!(
            "NAME  ACTIVE  TOKEN CEILING TIER  CREATED                             SCOPES\n",
            "shop  yes     critical            1 min ago, 2023-11-14 22:12:20 UTC  a:b:c/*, d:e:f\n",
            "idle  no      -                   -                                   none\n",
        );
        assert_eq!(listed(None, &entries), expected);
    }

    #[test]
    fn a_table_fits_the_terminal_and_is_never_cut_for_a_pipe() {
        let long = "word ".repeat(60);
        let entries = [json!({ "name": long, "active": true })];
        assert!(listed(Some(60), &entries).lines().all(|line| line.chars().count() <= 60));
        assert!(listed(None, &entries).contains(long.trim_end()));
    }

    #[test]
    fn fields_are_shown_by_the_way_to_them_and_cannot_steer_the_terminal() {
        let object = json!({
            "id": "a\u{1b}[2J", "token_ceiling": { "ttl": 60 }, "limits": [{ "id": "x", "per": "day" }, { "id": "y" }], "metadata": {},
            "expires_at": "2023-11-14T23:13:20.000Z", "odd_at": "never\u{7}",
        });
        let mut out = Vec::new();
        view(None).record(object.as_object().unwrap(), &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        for text in [
            "a\\u{1b}[2J",
            "token ceiling ttl",
            "id=x per=day",
            "in 1 h, 2023-11-14 23:13:20 UTC",
            "never\\u{7}",
        ] {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        assert!(!shown.contains(|character: char| character.is_control() && character != '\n'));
    }
}
