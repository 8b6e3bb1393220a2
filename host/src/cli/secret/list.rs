//! `warded secret list`: all pages, one after the other.

use clap::Args;
use serde_json::Value;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::session::Session;
use super::super::show::List;

const SECRETS: List = List {
    what: "secrets",
    items: "items",
    columns: &["namespace", "key", "version", "secret_type", "access_tier", "updated_at"],
};

/// The most of a page.
const PAGE: u64 = 1_000;

/// The flags of `secret list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// A namespace; without it, all
    namespace: Option<String>,
    /// At most so many, and say how to go on
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=PAGE))]
    limit: Option<u64>,
    /// Go on where another listing ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl ListArgs {
    pub(super) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let mut all = self.page(session, self.cursor.as_deref())?;
        if self.limit.is_none() {
            while let Some(cursor) = all.get("next_cursor").and_then(Value::as_str).map(str::to_owned) {
                let page = self.page(session, Some(&cursor))?;
                join(&mut all, page);
            }
        }
        session.entries(&all, &SECRETS)
    }

    fn page(&self, session: &Session<'_>, cursor: Option<&str>) -> Result<Value, Failure> {
        let call = Call::get(&["secrets"])
            .query("namespace", self.namespace.as_deref())
            .query("limit", Some(self.limit.unwrap_or(PAGE)))
            .query("cursor", cursor);
        session.client.send(&call)?.json()
    }
}

/// Adds the entries of a page, and takes its cursor.
fn join(all: &mut Value, mut page: Value) {
    let cursor = page.get_mut("next_cursor").map(Value::take);
    let more = page.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    if let Some(items) = all.get_mut("items").and_then(Value::as_array_mut) {
        items.extend(more);
    }
    if let Some(fields) = all.as_object_mut() {
        fields.shift_remove("next_cursor");
        fields.extend(cursor.map(|cursor| ("next_cursor".to_owned(), cursor)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_become_one_list_that_has_no_next() {
        let mut all = json!({ "namespace": "a", "items": [1], "next_cursor": "x" });
        join(&mut all, json!({ "namespace": "a", "items": [2, 3], "next_cursor": "y" }));
        assert_eq!(all["next_cursor"], "y");
        join(&mut all, json!({ "namespace": "a", "items": [] }));
        assert_eq!(all, json!({ "namespace": "a", "items": [1, 2, 3] }));
    }
}
