//! `warded lint --server`: agents whose scopes reach far, and those that nobody uses.

use jiff::Timestamp;
use serde_json::{Value, json};
use warded_core::time::Millis;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::session::{PageFlags, Session};
use super::super::show::List;
use super::ask;

/// What is read of each is not a matter of columns.
const AGENTS: List = List { what: "agents", items: "items", columns: &[] };
const FINDINGS: List = List { what: "findings", items: "findings", columns: &["agent", "code", "message"] };
/// A quarter of a year without a request.
const IDLE: i64 = 90 * 86_400_000;
/// An agent's grant has no end of its own: its tokens have.
const NOT_OF_AGENTS: &str = "no_expiry";

/// Looks at the active agents of a server, and answers whether there is nothing to say.
///
/// # Errors
/// The server refuses, or nothing can be written.
pub fn lint(session: &mut Session<'_>, now: Millis) -> Result<bool, Failure> {
    let answer = session.gather(|| Call::get(&["agents"]), &PageFlags::default(), &AGENTS)?;
    let agents = answer.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let active = agents.iter().filter(|agent| agent.get("active") != Some(&Value::Bool(false)));
    let findings: Vec<_> = active.flat_map(|agent| findings(agent, now)).collect();
    let is_well = findings.is_empty();
    session.entries(&json!({ "findings": findings }), &FINDINGS)?;
    Ok(is_well)
}

fn findings(agent: &Value, now: Millis) -> Vec<Value> {
    let name = agent.get("name").cloned().unwrap_or_default();
    let found = |code: &Value, message: &Value| json!({ "agent": name, "code": code, "message": message });
    let warnings = warnings(agent);
    let reach =
        warnings.iter().filter_map(|warning| Some(found(warning.get("code")?, warning.get("message")?)));
    let seen = usage(agent, now).map(|(code, message)| found(&code.into(), &message.into()));
    reach.filter(|finding| finding["code"] != NOT_OF_AGENTS).chain(seen).collect()
}

/// What the engine says of a grant with the agent's scopes and networks.
fn warnings(agent: &Value) -> Vec<Value> {
    let mut grant = json!({ "scopes": agent.get("allowed_scopes") });
    if let (Some(fields), Some(networks)) =
        (grant.as_object_mut(), agent.get("ip_policy").filter(|list| !list.is_null()))
    {
        fields.insert("ip_allowlist".to_owned(), networks.clone());
    }
    let mut answer = ask(&json!({ "op": "lint", "grant": grant }));
    answer.get_mut("warnings").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default()
}

fn usage(agent: &Value, now: Millis) -> Option<(&'static str, &'static str)> {
    let Some(last) = agent.get("last_active_at").and_then(Value::as_str) else {
        return Some((
            "never_seen",
            "it never made a request: delete it, or find out why its key is not used",
        ));
    };
    let last: Timestamp = last.parse().ok()?;
    let since = i64::try_from(now.as_u64()).ok()?.checked_sub(last.as_millisecond())?;
    (since > IDLE).then_some(("idle", "it made no request for 90 days: disable it, or delete it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(agent: &Value) -> Vec<String> {
        let now = Millis::new(1_700_000_000_000).unwrap();
        findings(agent, now).iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn agents_that_reach_far_or_do_nothing_are_named() {
        let agent = |scope: &str, networks: Value, last: Value| json!({ "name": "a", "allowed_scopes": [scope], "ip_policy": networks, "last_active_at": last });
        let recently = json!("2023-11-14T00:00:00Z");
        assert_eq!(codes(&agent("secrets:read:staging/app/*", Value::Null, recently.clone())), [""; 0]);
        assert_eq!(codes(&agent("secrets:read:staging/app/*", Value::Null, Value::Null)), ["never_seen"]);
        assert_eq!(
            codes(&agent("secrets:read:staging/app/*", Value::Null, json!("2023-08-01T00:00:00Z"))),
            ["idle"]
        );
        assert_eq!(
            codes(&agent("secrets:*:*", Value::Null, recently.clone())),
            ["any_action", "bare_star", "no_allowlist"]
        );
        assert_eq!(codes(&agent("secrets:read:production/app/*", json!(["10.0.0.0/8"]), recently)), [""; 0]);
    }

    #[test]
    fn words_of_another_client_are_no_scopes_and_are_left_alone() {
        let agent = json!({ "name": "a", "allowed_scopes": ["read:secrets"], "last_active_at": null });
        assert_eq!(codes(&agent), ["never_seen"]);
    }
}
