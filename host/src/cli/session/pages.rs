//! Lists that come in pages: all of them one after the other, or one.

use clap::Args;
use serde_json::Value;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::show::List;
use super::Session;

/// The most of a page.
const PAGE: u64 = 1_000;

/// How much of a list is wanted.
#[derive(Debug, Default, Args)]
pub struct PageFlags {
    /// At most so many, and say how to go on
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=PAGE))]
    limit: Option<u64>,
    /// Go on where another listing ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl Session<'_> {
    /// Shows a list: what was asked for of it, or all its pages as one.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn pages(&mut self, call: impl Fn() -> Call, flags: &PageFlags, list: &List) -> Result<(), Failure> {
        let answer = self.gather(call, flags, list)?;
        self.entries(&answer, list)
    }

    /// The same, to be worked with.
    ///
    /// # Errors
    /// The server refuses.
    pub fn gather(&self, call: impl Fn() -> Call, flags: &PageFlags, list: &List) -> Result<Value, Failure> {
        let page = |cursor: Option<&str>| {
            let call = call().query("limit", Some(flags.limit.unwrap_or(PAGE))).query("cursor", cursor);
            self.client.send(&call)?.json()
        };
        let mut all = page(flags.cursor.as_deref())?;
        if flags.limit.is_none() {
            while let Some(cursor) = all.get("next_cursor").and_then(Value::as_str).map(str::to_owned) {
                join(&mut all, page(Some(&cursor))?, list.items);
            }
        }
        Ok(all)
    }

    /// Shows one page of a list that nobody reads whole.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn page(&mut self, call: Call, flags: &PageFlags, list: &List) -> Result<(), Failure> {
        let call = call.query("limit", flags.limit).query("cursor", flags.cursor.as_deref());
        self.list(&call, list)
    }
}

/// Adds the entries of a page, and takes its cursor.
fn join(all: &mut Value, mut page: Value, items: &str) {
    let cursor = page.get_mut("next_cursor").map(Value::take);
    let more = page.get_mut(items).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    if let Some(entries) = all.get_mut(items).and_then(Value::as_array_mut) {
        entries.extend(more);
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
        join(&mut all, json!({ "namespace": "a", "items": [2, 3], "next_cursor": "y" }), "items");
        assert_eq!(all["next_cursor"], "y");
        join(&mut all, json!({ "namespace": "a", "items": [] }), "items");
        assert_eq!(all, json!({ "namespace": "a", "items": [1, 2, 3] }));
    }
}
