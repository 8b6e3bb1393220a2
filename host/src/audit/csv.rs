//! The CSV form of an export: readable columns, beside what verification needs.
//!
//! A line is of one kind: `header` and `checkpoint` carry their NDJSON line in the column `record`, base64; a `record` carries there the bytes
//! that were hashed. What stands in the readable columns is made of those bytes, and compared with them when the export is verified.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The first line.
pub const COLUMNS: [&str; 18] = [
    "kind",
    "seq",
    "time",
    "event_type",
    "actor_type",
    "actor_id",
    "resource_type",
    "resource_id",
    "path",
    "outcome",
    "reasons",
    "ip",
    "request_id",
    "details",
    "record",
    "salt",
    "leaf",
    "link",
];
/// Where what is read by people begins and ends.
const READABLE: std::ops::Range<usize> = 2..14;

/// A line's cells: kind and seq, what people read, and what is verified.
pub type Cells = [String; COLUMNS.len()];

/// What a line is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// `header`, `record` or `checkpoint`.
    pub kind: &'static str,
    /// The place in the chain.
    pub seq: Option<u64>,
    /// The record, or the NDJSON line.
    pub bytes: &'a [u8],
    /// Salt, leaf and link in hex, or nothing.
    pub hashes: [&'a str; 3],
}

impl Parts<'_> {
    /// Writes the line.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_line(out, &self.cells());
    }

    fn cells(&self) -> Cells {
        let mut cells = Cells::default();
        let [kind, seq, ..] = &mut cells;
        self.kind.clone_into(kind);
        *seq = self.seq.map(|seq| seq.to_string()).unwrap_or_default();
        if self.kind == "record" {
            for (cell, text) in cells.iter_mut().skip(READABLE.start).zip(readable(self.bytes)) {
                *cell = harmless(text);
            }
        }
        let [.., record, salt, leaf, link] = &mut cells;
        *record = STANDARD.encode(self.bytes);
        let [its_salt, its_leaf, its_link] = self.hashes;
        (*salt, *leaf, *link) = (its_salt.to_owned(), its_leaf.to_owned(), its_link.to_owned());
        cells
    }
}

/// Writes a line of CSV (RFC 4180), every cell in quotes.
pub fn write_line(out: &mut Vec<u8>, cells: &[impl AsRef<str>]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend(cell.as_ref().replace('"', "\"\"").bytes());
        out.push(b'"');
    }
    out.extend(b"\r\n");
}

/// What people read of a record, in the order of the columns; nothing of one that was erased or left out.
fn readable(record: &[u8]) -> Vec<String> {
    let Ok(record) = serde_json::from_slice::<Value>(record) else { return Vec::new() };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    let field = |name: &str| text(record.get(name));
    let actor = |name| text(record.get("actor").and_then(|actor| actor.get(name)));
    let reasons = record.get("reasons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let reasons: Vec<_> = reasons.iter().map(|reason| text(Some(reason))).collect();
    vec![
        field("time"),
        field("event_type"),
        actor("type"),
        actor("id"),
        field("resource_type"),
        field("resource_id"),
        field("path"),
        field("outcome"),
        reasons.join(" "),
        field("ip"),
        field("request_id"),
        field("details"),
    ]
}

/// The text with a quote before it where a spreadsheet would take it for a formula, also behind blanks and quotes, or in full width.
fn harmless(text: String) -> String {
    let begins = text.trim_start_matches(|char: char| char.is_whitespace() || matches!(char, '"' | '\''));
    let formula = begins.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if formula || text.starts_with(['\t', '\r', '\n']) { format!("'{text}") } else { text }
}

/// Reads a line as its cells; `None` for what is not a line of so many.
#[must_use]
pub fn parse(line: &str) -> Option<Cells> {
    let mut rest = line.strip_suffix('\r').unwrap_or(line);
    let mut cells = Cells::default();
    let last = cells.len().checked_sub(1)?;
    for (index, cell) in cells.iter_mut().enumerate() {
        let (text, after) = take_cell(rest)?;
        *cell = text;
        rest = if index == last { after } else { after.strip_prefix(',')? };
    }
    rest.is_empty().then_some(cells)
}

fn take_cell(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let (cell, after) = text.split_at_checked(text.find(',').unwrap_or(text.len()))?;
        return (!cell.contains('"')).then(|| (cell.to_owned(), after));
    };
    let mut cell = String::new();
    loop {
        let (before, after) = rest.split_once('"')?;
        cell.push_str(before);
        let Some(more) = after.strip_prefix('"') else { return Some((cell, after)) };
        cell.push('"');
        rest = more;
    }
}

/// The NDJSON line of a line of CSV, and the column whose text is not that of the record; `None` for what is no line of an export.
#[must_use]
pub fn to_ndjson(line: &str) -> Option<(Vec<u8>, Option<&'static str>)> {
    let cells = parse(line)?;
    let [kind, seq, .., record, salt, leaf, link] = &cells;
    let bytes = STANDARD.decode(record).ok()?;
    // A record in the guise of another line would be verified and not be seen.
    let (kind, begins) = KINDS.into_iter().find(|(known, _)| known == kind)?;
    if !bytes.starts_with(begins.as_bytes()) {
        return None;
    }
    let number: Option<u64> = if seq.is_empty() { None } else { Some(seq.parse().ok()?) };
    let parts = Parts { kind, seq: number, bytes: &bytes, hashes: [salt, leaf, link] };
    let expected = parts.cells();
    let mut shown = READABLE.zip(COLUMNS.into_iter().skip(READABLE.start));
    let wrong = shown.find(|(index, _)| cells.get(*index) != expected.get(*index)).map(|(_, name)| name);
    if kind != "record" {
        return Some((bytes, wrong));
    }
    let seq = number?;
    let mut text = format!(r#"{{"seq":{seq},"record":"#).into_bytes();
    if bytes.is_empty() && salt.is_empty() {
        text.extend(br#"null,"salt":null"#);
    } else {
        text.extend(&bytes);
        text.extend(format!(r#","salt":{}"#, Value::from(salt.as_str())).bytes());
    }
    text.extend(
        format!(r#","leaf":{},"link":{}}}"#, Value::from(leaf.as_str()), Value::from(link.as_str())).bytes(),
    );
    Some((text, wrong))
}

/// The kinds of line, and what the column `record` begins with in each.
const KINDS: [(&str, &str); 3] =
    [("header", "{\"format\":"), ("record", ""), ("checkpoint", "{\"checkpoint\":")];

#[cfg(test)]
mod tests;
