//! What is to be said about a policy: warnings with their place, cases that are not as expected, and differences.

use std::path::Path;

use serde_json::Value;

use super::super::client::call::{Body, Call};
use super::super::diagnostic::{Diagnostic, Severity, Source};
use super::super::failure::Failure;
use super::super::plain::plain;
use super::super::session::Session;
use super::super::show::List;

const RESULTS: List =
    List { what: "cases", items: "results", columns: &["name", "passed", "decision.decision", "differs"] };

/// Lets the server look at a document and shows its warnings under the lines that they are about.
pub(super) fn lint(session: &mut Session<'_>, file: &Path) -> Result<(), Failure> {
    let source = Source::read(file).map_err(|error| Failure::Usage(error.to_string()))?;
    let body = Body::raw(source.bytes());
    let answer = session.client.send(&Call::post(&["policies", "lint"], body))?.json()?;
    let warnings = list(&answer, "warnings");
    if session.is_json() {
        session.print_json(&answer)?;
    } else {
        let out = session.out();
        warnings
            .iter()
            .try_for_each(|one| Diagnostic::of_document(Severity::Warning, one).show(&source, out))?;
    }
    match warnings.len() {
        0 => session.say(&format!("{}: nothing to say", source.name())),
        many => Err(Failure::Failed(format!("{}: {many} to look at", source.name()))),
    }
}

/// Shows what each case came to.
pub(super) fn test(session: &mut Session<'_>, call: &Call) -> Result<(), Failure> {
    let answer = session.client.send(call)?.json()?;
    session.entries(&answer, &RESULTS)?;
    match answer.get("failed").and_then(Value::as_u64) {
        Some(0) => Ok(()),
        failed => {
            Err(Failure::Failed(format!("{} of the cases came out otherwise", failed.unwrap_or_default())))
        }
    }
}

/// Shows what one version says and another does not, as a diff does.
pub(super) fn diff(session: &mut Session<'_>, call: &Call) -> Result<(), Failure> {
    let answer = session.client.send(call)?.json()?;
    if session.is_json() {
        return session.print_json(&answer);
    }
    let lines = lines(&answer);
    if lines.is_empty() {
        return session.say("both say the same");
    }
    let out = session.out();
    Ok(lines.iter().try_for_each(|line| writeln!(out, "{line}"))?)
}

fn lines(answer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for change in list(answer, "approvals") {
        let tier = change.get("tier").and_then(Value::as_str).unwrap_or_default();
        for (sign, name) in [('-', "from"), ('+', "to")] {
            lines.push(format!("{sign} approvals of {}: {}", plain(tier), shown(change, name)));
        }
    }
    for part in ["attributes", "rules"] {
        let Some(changes) = answer.get(part) else { continue };
        for (sign, name) in [('-', "removed"), ('+', "added")] {
            lines.extend(
                list(changes, name).iter().map(|one| format!("{sign} {part}: {}", plain(&one.to_string()))),
            );
        }
        for change in list(changes, "changed") {
            for (sign, name) in [('-', "from"), ('+', "to")] {
                lines.push(format!("{sign} {part}: {}", shown(change, name)));
            }
        }
    }
    lines
}

fn shown(value: &Value, name: &str) -> String {
    value.get(name).map(|part| plain(&part.to_string()).into_owned()).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_is_shown_as_lines_that_went_and_came() {
        let answer = json!({
            "from": 1, "to": 2, "approvals": [{ "tier": "critical", "from": 2, "to": 1 }],
            "attributes": { "added": [], "removed": [], "changed": [] },
            "rules": { "added": [{ "id": "b" }], "removed": [{ "id": "a" }],
                       "changed": [{ "id": "c", "from": { "id": "c", "effect": "deny" }, "to": { "id": "c", "effect": "allow" } }] },
        });
        let expected = [
            "- approvals of critical: 2",
            "+ approvals of critical: 1",
            "- rules: {\"id\":\"a\"}",
            "+ rules: {\"id\":\"b\"}",
            "- rules: {\"id\":\"c\",\"effect\":\"deny\"}",
            "+ rules: {\"id\":\"c\",\"effect\":\"allow\"}",
        ];
        assert_eq!(lines(&answer), expected);
        assert!(lines(&json!({ "from": 1, "to": 1 })).is_empty());
    }
}
