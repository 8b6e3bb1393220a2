//! A refusal of the server in one line: what it is, why, and what to do.

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::plain::plain;
use crate::error::ApiCode;

/// The failure that an answer of status 300 and above comes to.
#[must_use]
pub(super) fn failure(status: u16, retry_after: Option<&str>, answer: Option<&Value>) -> Failure {
    let Some((answer, code)) =
        answer.and_then(|answer| Some((answer, answer.pointer("/error/code")?.as_str()?)))
    else {
        return Failure::Failed(format!(
            "the answer is HTTP {status} and not Warded's: look whether --url names the server, or something before it that is out of order"
        ));
    };
    let mut line = format!("{}: {}", plain(code), plain(text(answer, "/error/message")));
    for error in list(answer, "/errors") {
        let (field, message) = (plain(text(error, "/field")), plain(text(error, "/message")));
        // A single field is in the message already.
        if !(line.contains(&*field) && line.contains(&*message)) {
            line += &format!("; {field}: {message}");
        }
    }
    let reasons: Vec<_> =
        list(answer, "/error/reasons").iter().filter_map(Value::as_str).map(plain).collect();
    if !reasons.is_empty() {
        line += &format!(" ({})", reasons.join(", "));
    }
    if let Some(hint) = hint(code, retry_after, answer) {
        line += &format!(": {hint}");
    }
    if let Some(id) = answer.get("request_id").and_then(Value::as_str) {
        line += &format!(" [{}]", plain(id));
    }
    if code == ApiCode::ApprovalRequired.name() {
        Failure::NeedsApproval(line)
    } else {
        Failure::Failed(line)
    }
}

/// What to do next, where the message does not say it already.
fn hint(code: &str, retry_after: Option<&str>, answer: &Value) -> Option<String> {
    let code = ApiCode::ALL.iter().find(|known| known.name() == code)?;
    let hint = match code {
        ApiCode::ApprovalDenied => "`warded approval list --status denied` says by whom and why".to_owned(),
        ApiCode::ApprovalExpired => "repeat the command to ask anew".to_owned(),
        ApiCode::ApprovalRequired => return approval(answer),
        ApiCode::AuditUnavailable | ApiCode::EngineUnavailable | ApiCode::Unavailable => {
            "nothing was done: repeat the command, and see the server's log if it stays so".to_owned()
        }
        ApiCode::Internal => "the server's log has the request's id".to_owned(),
        ApiCode::IpNotAllowed => "ask from an address that the key allows".to_owned(),
        ApiCode::NewValueRequired => "give the value on standard input or with --from-file".to_owned(),
        ApiCode::RateLimited => format!("wait {} s and repeat the command", plain(retry_after?)),
        ApiCode::ScopeDenied if told(answer, "own_agent") || told(answer, "own_request") => {
            "somebody else must decide it".to_owned()
        }
        ApiCode::ScopeDenied => "use a key whose role or scopes cover it".to_owned(),
        ApiCode::SecretNotFound => "`warded secret list` shows what there is".to_owned(),
        ApiCode::Unauthorized => {
            "name a key that is valid with --key-file, WARDED_KEY_FILE or WARDED_API_KEY".to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

/// What to do about an approval that was opened.
fn approval(answer: &Value) -> Option<String> {
    let id =
        ["/error/approval_id", "/approval_id"].iter().find_map(|place| answer.pointer(place)?.as_str())?;
    Some(waiting(id))
}

/// How people approve, and what to do then.
#[must_use]
pub(in crate::cli) fn waiting(id: &str) -> String {
    format!("somebody entitled must run `warded approval approve {}`; then repeat the command", plain(id))
}

fn told(answer: &Value, reason: &str) -> bool {
    list(answer, "/error/reasons").iter().any(|one| one == reason)
}

fn text<'a>(value: &'a Value, place: &str) -> &'a str {
    value.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, place: &str) -> &'a [Value] {
    value.pointer(place).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_one_line_that_says_what_to_do() {
        let answer = json!({
            "error": { "code": "SCOPE_DENIED", "message": "the credential does not cover it", "reasons": ["scope_missing", "ip_unknown"] },
            "request_id": "req_1",
        });
        let expected = "SCOPE_DENIED: the credential does not cover it (scope_missing, ip_unknown): use a key whose role or scopes cover it \
                        [req_1]";
        let failure = failure(403, None, Some(&answer));
        assert_eq!((failure.to_string().as_str(), failure.exit_status()), (expected, 1));
    }

    #[test]
    fn fields_waits_and_approvals_are_told() {
        let of = |code: &str, more: Value| {
            let mut answer = json!({ "error": { "code": code, "message": "m" } });
            answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            failure(400, Some("7"), Some(&answer))
        };
        let one = json!({ "errors": [{ "field": "m", "message": "m" }] });
        assert_eq!(of("VALIDATION_FAILED", one).to_string(), "VALIDATION_FAILED: m");
        let fields = json!({ "errors": [{ "field": "ttl", "message": "too long" }, { "field": "name", "message": "taken" }] });
        assert_eq!(
            of("VALIDATION_FAILED", fields).to_string(),
            "VALIDATION_FAILED: m; ttl: too long; name: taken"
        );
        assert_eq!(
            of("RATE_LIMITED", json!({})).to_string(),
            "RATE_LIMITED: m: wait 7 s and repeat the command"
        );
        let asked = of("APPROVAL_REQUIRED", json!({ "approval_id": "apr_1" }));
        assert_eq!(asked.exit_status(), 3);
        assert!(asked.to_string().contains("`warded approval approve apr_1`"), "{asked}");
    }

    #[test]
    fn who_asks_is_told_that_somebody_else_decides() {
        let answer =
            json!({ "error": { "code": "SCOPE_DENIED", "message": "m", "reasons": ["own_request"] } });
        let line = failure(403, None, Some(&answer)).to_string();
        assert_eq!(line, "SCOPE_DENIED: m (own_request): somebody else must decide it");
    }

    #[test]
    fn a_stranger_cannot_write_on_the_terminal() {
        let answer = json!({ "error": { "code": "X\u{1b}[2J", "message": "a\nb", "reasons": ["\u{7}"] }, "request_id": "\u{1b}" });
        assert!(!failure(500, None, Some(&answer)).to_string().contains(char::is_control));
        assert!(failure(502, None, None).to_string().contains("HTTP 502"));
    }
}
