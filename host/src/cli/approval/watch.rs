//! `warded approval list --watch`: what comes and what changes, until Ctrl-C.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use super::super::client::Client;
use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::session::Session;

/// Soon enough for people, and a twentieth of what a key may ask.
const USUAL: Duration = Duration::from_secs(2);
/// The longest wait while the server does not answer.
const LONGEST: Duration = Duration::from_secs(30);
/// What is said of each.
const FIELDS: [&str; 6] = ["status", "id", "agent_id", "access_tier", "requested_scopes", "reason"];

/// Prints approvals as they come and change; Ctrl-C ends it well.
///
/// # Errors
/// The server refuses at first, or nothing can be written.
pub(super) fn watch(session: &mut Session<'_>, call: Call) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watched = runtime.block_on(follow(session, Arc::new(call)));
    // A request on its way need not be waited for.
    runtime.shutdown_background();
    watched
}

async fn follow(session: &mut Session<'_>, call: Arc<Call>) -> Result<(), Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut seen = Seen::default();
    let mut wait = USUAL;
    let mut said = None;
    loop {
        let client = Arc::clone(&session.client);
        let (call, known) = (Arc::clone(&call), seen.clone());
        let polled = tokio::task::spawn_blocking(move || known.poll(&client, &call));
        let polled = tokio::select! {
            polled = polled => polled.map_err(|error| Failure::Failed(format!("the watch broke off: {error}")))?,
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        };
        match polled {
            Ok((now, changed)) => {
                seen = now;
                changed.iter().try_for_each(|approval| session.line(approval, &FIELDS))?;
                (wait, said) = (USUAL, None);
            }
            Err(failure) if !seen.has_begun => return Err(failure),
            Err(failure) => {
                let failure = failure.to_string();
                if said.as_ref() != Some(&failure) {
                    session.say(&format!("warded: {failure}; trying again"))?;
                }
                (wait, said) = (wait.saturating_mul(2).min(LONGEST), Some(failure));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        }
    }
}

/// What was printed of each approval that is listed, or can still change.
#[derive(Debug, Clone, Default)]
struct Seen {
    has_begun: bool,
    states: BTreeMap<String, (String, usize)>,
}

impl Seen {
    /// Asks what there is, and answers it with what is new or changed, oldest first.
    fn poll(mut self, client: &Client, call: &Call) -> Result<(Self, Vec<Value>), Failure> {
        self.has_begun = true;
        let mut answer = client.send(call)?.json()?;
        let listed =
            answer.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        let mut current = Vec::new();
        // What is listed no longer has another state now, or stands on a later page.
        for id in self.missing(&listed) {
            current.push(client.send(&Call::get(&["approvals", &id]))?.json()?);
        }
        current.extend(listed.into_iter().rev());
        let changed = current.into_iter().filter(|approval| self.note(approval)).collect();
        Ok((self, changed))
    }

    /// The approvals that are listed no longer and can still change; the others are forgotten, or they would be asked for for ever.
    fn missing(&mut self, listed: &[Value]) -> Vec<String> {
        let is_listed = |id: &str| listed.iter().any(|approval| text(approval, "id") == id);
        self.states
            .retain(|id, (status, _)| is_listed(id) || matches!(status.as_str(), "pending" | "approved"));
        self.states.keys().filter(|id| !is_listed(id)).cloned().collect()
    }

    /// Remembers where an approval stands; whether that is new.
    fn note(&mut self, approval: &Value) -> bool {
        let (id, status) = (text(approval, "id"), text(approval, "status"));
        let voices = approval.get("approvals").and_then(Value::as_array).map_or(0, Vec::len);
        let state = (status.to_owned(), voices);
        self.states.insert(id.to_owned(), state.clone()) != Some(state)
    }
}

fn text<'a>(approval: &'a Value, name: &str) -> &'a str {
    approval.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_new_or_changed_is_told_once() {
        let mut seen = Seen::default();
        let pending = json!({ "id": "apr_1", "status": "pending", "approvals": [] });
        let half = json!({ "id": "apr_1", "status": "pending", "approvals": [{}] });
        let approved = json!({ "id": "apr_1", "status": "approved", "approvals": [{}, {}] });
        let told =
            [&pending, &pending, &half, &half, &approved, &approved].map(|approval| seen.note(approval));
        assert_eq!(told, [true, false, true, false, true, false]);
    }

    #[test]
    fn what_cannot_change_any_more_is_asked_for_once() {
        let mut seen = Seen::default();
        let all = ["pending", "approved", "consumed", "denied", "expired"]
            .map(|status| json!({ "id": format!("apr_{status}"), "status": status, "approvals": [] }));
        assert!(all.iter().all(|approval| seen.note(approval)));
        assert_eq!(seen.missing(&all), [""; 0], "all of them are listed");
        assert!(!all.iter().any(|approval| seen.note(approval)), "and were told");
        assert_eq!(seen.missing(&[]), ["apr_approved", "apr_pending"]);
        assert_eq!(seen.states.len(), 2);
    }
}
