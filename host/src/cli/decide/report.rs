//! An explanation for people.

use std::io::{self, Write};

use serde_json::Value;
use warded_core::error::ErrorCode;
use warded_core::time::Millis;

use crate::timestamp::rfc3339;

/// Writes an explanation, in which the grants are called by their files.
///
/// # Errors
/// Nothing can be written.
pub(super) fn write(explanation: &Value, files: &[String], out: &mut dyn Write) -> io::Result<()> {
    let decision = &explanation["decision"];
    writeln!(out, "{}", text(&decision["decision"]))?;
    section("because", list(&decision["reasons"]), out, |reason, out| {
        let code = text(&reason["code"]);
        writeln!(out, "{code}: {}{}", message(code), source(reason, files, ", "))
    })?;
    section("decided by", list(&explanation["decided_by"]), out, |clause, out| {
        writeln!(out, "{}{}", text(&clause["clause"]), source(clause, files, " of "))
    })?;
    nearest(&explanation["nearest"], out)?;
    approval(&decision["approval"], out)?;
    section("limits", list(&decision["limits"]), out, |limit, out| {
        write!(out, "{} of {}: ", text(&limit["id"]), file(&limit["link"], files))?;
        write!(out, "{} left, all of it again at {}", limit["remaining"], time(&limit["reset"]))?;
        match &limit["retry_after"] {
            Value::Null => writeln!(out),
            at => writeln!(out, ", enough at {}", time(at)),
        }
    })?;
    section("rules", list(&explanation["rules"]), out, |rule, out| {
        let matched = if rule["matched"] == true { "for this request" } else { "not for this request" };
        write!(out, "{} ({}): {matched}", text(&rule["id"]), text(&rule["effect"]))?;
        match &rule["when"] {
            Value::Null => writeln!(out),
            Value::String(unknown) => writeln!(out, ", its condition is {unknown}"),
            truth => writeln!(out, ", its condition is {truth}"),
        }
    })?;
    let title = if decision["decision"] == "allow" { "usages to store" } else { "usages, unchanged" };
    section(title, list(&decision["usages"]), out, |usage, out| writeln!(out, "{usage}"))
}

/// A title and a line for each entry, nothing if there is none.
fn section(
    title: &str,
    entries: &[Value],
    out: &mut dyn Write,
    mut line: impl FnMut(&Value, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    for entry in entries {
        write!(out, "  ")?;
        line(entry, out)?;
    }
    Ok(())
}

fn nearest(nearest: &Value, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("nearest is rule {}, which lacks", text(&nearest["rule"]));
    section(&title, list(&nearest["missing"]), out, |missing, out| {
        write!(out, "{}", text(&missing["clause"]))?;
        match (missing["attribute"].as_str(), &missing["is"]) {
            (Some(attribute), Value::String(unknown)) => writeln!(out, ": {attribute} is {unknown}"),
            (Some(attribute), truth) => writeln!(out, ": the test of {attribute} is {truth}"),
            (None, _) => writeln!(out),
        }
    })
}

fn approval(approval: &Value, out: &mut dyn Write) -> io::Result<()> {
    if approval.is_null() {
        return Ok(());
    }
    let people = if approval["approvers"] == 1 { "person" } else { "people" };
    writeln!(out, "\napproval")?;
    writeln!(out, "  {} {people} must approve, tier {}", approval["approvers"], text(&approval["tier"]))?;
    writeln!(out, "  digest {}", text(&approval["digest"]))
}

/// Whose clause it is: a grant's, a rule's, or the policy's own.
fn source(clause: &Value, files: &[String], before: &str) -> String {
    match (&clause["link"], clause["rule"].as_str()) {
        (Value::Number(_), _) => format!("{before}{}", file(&clause["link"], files)),
        (_, Some(rule)) => format!("{before}rule {rule}"),
        _ => String::new(),
    }
}

fn file<'a>(link: &Value, files: &'a [String]) -> &'a str {
    let place = link.as_u64().and_then(|link| usize::try_from(link).ok());
    place.and_then(|place| files.get(place)).map_or("the chain", String::as_str)
}

fn message(code: &str) -> &'static str {
    ErrorCode::ALL.iter().find(|known| known.name() == code).map_or("", |known| known.message())
}

fn time(millis: &Value) -> String {
    let millis = millis.as_u64().and_then(|millis| Millis::new(millis).ok());
    millis.map(rfc3339).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
