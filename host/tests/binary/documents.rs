//! The commands that look at grants and policies.

use std::fs;

use serde_json::{Value, json};

use super::server::Place;

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

fn place(files: &[(&str, &str)]) -> Place {
    let place = Place::new();
    for (name, content) in files {
        fs::write(place.path(name), content).unwrap();
    }
    place
}

/// Exit status, stdout and stderr.
fn run(place: &Place, args: &[&str]) -> (i32, String, String) {
    let output = place.run(args);
    let status = output.status.code().unwrap();
    (status, text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

const GRANT: &str = r#"{ "id": "tok_1", "scopes": ["secrets:read:production/payments/*"], "ip_allowlist": ["10.0.0.0/8"], "expires_at": 1780003600000, "max_uses": 5 }"#;
const POLICY: &str = r#"{
  "version": 1,
  "rules": [
    { "id": "readers", "effect": "allow", "actions": ["secrets:read"], "resources": ["production/payments/*"],
      "when": { "attribute": "ip", "cidr": ["10.1.0.0/16"] } },
    { "id": "ask-for-live", "effect": "require_approval", "resources": ["production/payments/stripe/LIVE"] }
  ]
}
"#;
const REQUEST: &str = r#"{ "resource": "secrets", "action": "read", "path": "production/payments/KEY", "ip": "10.1.2.3", "now": 1780000000000 }"#;

#[test]
fn a_policy_without_a_doubt_is_said_to_be_so() {
    let policy = POLICY.replace("production/payments/*", "production/payments/stripe/*");
    let (status, out, err) = run(&place(&[("p.json", &policy)]), &["lint", "p.json"]);
    assert_eq!((status, out.as_str(), err.as_str()), (0, "p.json: policy, nothing to say\n", ""));
}

#[test]
fn a_doubt_is_shown_with_its_line_and_a_caret_and_fails_the_check() {
    let policy = POLICY.replace("production/payments/*", "production/payments*");
    let place = place(&[("p.json", &policy)]);
    let (status, out, _) = run(&place, &["lint", "p.json"]);
    assert_eq!(status, 1, "{out}");
    assert!(out.starts_with("warning[star_without_slash]: "), "{out}");
    assert!(out.contains(" --> p.json:4:86\n"), "{out}");
    let lines: Vec<_> = out.lines().collect();
    let shown = lines.iter().position(|line| line.contains("\"readers\"")).unwrap();
    let caret = lines[shown + 1].find('^').unwrap();
    assert_eq!(lines[shown].find("\"production/payments*\""), Some(caret));
    assert_eq!(lines[shown + 1].matches('^').count(), "\"production/payments*\"".len());
    assert!(out.ends_with("p.json: policy, 1 warning\n"), "{out}");
    let (status, out, _) = run(&place, &["lint", "--json", "p.json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (status, &found["kind"], &found["error"], &found["file"]),
        (1, &json!("policy"), &Value::Null, &json!("p.json"))
    );
    let warning = &found["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["line"], &warning["column"]),
        (&json!("star_without_slash"), &json!(4), &json!(86))
    );
}

#[test]
fn an_error_is_shown_at_its_place() {
    let wrong = GRANT.replace("10.0.0.0/8", "10.0.0.1/8");
    let place = place(&[("g.json", &wrong), ("cut.json", "{\n  \"rules\": [\n"), ("bytes.json", "")]);
    let (status, out, _) = run(&place, &["lint", "g.json"]);
    assert_eq!(status, 1);
    assert!(
        out.starts_with(
            "error[host_bits_set]: `ip_allowlist[0]`: network has host bits set, did you mean `10.0.0.0/8`"
        ),
        "{out}"
    );
    assert!(out.contains("^^^^^^^^^^^^\n") && out.ends_with("g.json: grant, an error\n"), "{out}");
    let (status, out, _) = run(&place, &["lint", "--json", "g.json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (status, &found["error"]["code"], &found["warnings"]),
        (1, &json!("host_bits_set"), &json!([]))
    );
    assert!(run(&place, &["lint", "cut.json"]).1.starts_with("error[invalid_json]: "));
    fs::write(place.path("bytes.json"), b"\"\xff\"").unwrap();
    let (status, out, _) = run(&place, &["lint", "bytes.json"]);
    assert_eq!((status, out.starts_with("error[invalid_json]: ")), (1, true), "{out}");
}

#[test]
fn a_grant_is_looked_at_in_the_light_of_the_time() {
    let endless = r#"{ "scopes": ["secrets:*:*"] }"#;
    let (status, out, _) = run(&place(&[("g.json", endless)]), &["lint", "g.json", "--json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &found["kind"]), (1, &json!("grant")));
    assert!(!found["warnings"].as_array().unwrap().is_empty());
}

#[test]
fn a_file_that_cannot_be_read_is_one_line_on_stderr() {
    for args in [&["lint", "absent.json"][..], &["decide", "--grant", "absent.json", "--request", "r.json"]] {
        let (status, out, err) = run(&place(&[]), args);
        assert_eq!((status, out.as_str(), err.lines().count()), (1, "", 1), "{err}");
        assert!(err.starts_with("warded: `absent.json` cannot be read: "), "{err}");
    }
    let (status, _, err) = run(&place(&[]), &["decide", "--grant", "g.json"]);
    assert_eq!((status, err.contains("--request")), (2, true), "{err}");
}

#[test]
fn an_allow_is_explained_and_succeeds() {
    let place = place(&[("g.json", GRANT), ("p.json", POLICY), ("r.json", REQUEST)]);
    let (status, out, err) =
        run(&place, &["decide", "--grant", "g.json", "--policy", "p.json", "--request", "r.json"]);
    let expected = "allow\n\ndecided by\n  when of rule readers\n\nrules\n  \
        ask-for-live (require_approval): not for this request\n  readers (allow): for this request, its condition is true\n\n\
        usages to store\n  {\"revision\":1,\"uses\":1,\"last\":1780000000000}\n";
    assert_eq!((status, out.as_str(), err.as_str()), (0, expected, ""));
    let (status, out, _) = run(&place, &["decide", "--json", "--grant", "g.json", "--request", "r.json"]);
    let explanation: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &explanation["decision"]["decision"]), (0, &json!("allow")));
    assert_eq!(explanation["decided_by"], json!([{ "link": 0, "clause": "scopes" }]));
}

#[test]
fn a_refusal_says_whose_clause_it_was_and_fails() {
    let agent = r#"{ "scopes": ["secrets:*:*"], "limits": [{ "id": "rpm", "unit": "requests", "algorithm": { "window": { "limit": 1, "per": "minute" } } }] }"#;
    let usages = r#"[{ "uses": 1, "last": 1780000000000, "revision": 1, "limits": { "rpm": { "used": 1, "start": 1779999960000 } } }, { "uses": 5 }]"#;
    let request = REQUEST.replace("10.1.2.3", "10.2.2.3");
    let files =
        [("a.json", agent), ("g.json", GRANT), ("p.json", POLICY), ("r.json", &request), ("u.json", usages)];
    let arguments = [
        "decide",
        "--grant",
        "a.json",
        "--grant",
        "g.json",
        "--policy",
        "p.json",
        "--request",
        "r.json",
        "--usage",
        "u.json",
    ];
    let (status, out, _) = run(&place(&files), &arguments);
    assert_eq!(status, 1);
    for line in [
        "deny\n",
        "  uses_exhausted: the grant's uses are exhausted, g.json\n",
        "  no_rule_allows: ",
        "  max_uses of g.json\n",
        "nearest is rule readers, which lacks\n  when: the test of ip is false\n",
        "  rpm of a.json: ",
        "usages, unchanged\n",
    ] {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
}

#[test]
fn a_question_for_people_shows_what_they_would_approve() {
    let request = REQUEST.replace("payments/KEY", "payments/stripe/LIVE");
    let place = place(&[("g.json", GRANT), ("p.json", POLICY), ("r.json", &request)]);
    let (status, out, _) =
        run(&place, &["decide", "--grant", "g.json", "--policy", "p.json", "--request", "r.json"]);
    assert_eq!((status, out.starts_with("ask\n")), (1, true), "{out}");
    assert!(out.contains("approval\n  1 person must approve, tier standard\n  digest "), "{out}");
}

#[test]
fn a_request_without_a_time_is_asked_now() {
    let request = REQUEST.replace(r#", "now": 1780000000000"#, "");
    let (_, out, _) = run(
        &place(&[("g.json", r#"{ "scopes": ["secrets:read:*"] }"#), ("r.json", &request)]),
        &["decide", "--json", "--grant", "g.json", "--request", "r.json"],
    );
    let explanation: Value = serde_json::from_str(&out).unwrap();
    assert!(explanation["decision"]["usages"][0]["last"].as_u64().unwrap() > 1_700_000_000_000, "{out}");
}

#[test]
fn a_document_that_is_wrong_is_shown_on_stderr() {
    let good = [
        ("g.json", GRANT),
        ("r.json", REQUEST),
        ("two.json", "[{}, {}]"),
        ("u.json", r#"{ "uses": -1 }"#),
        ("x.json", r#"{ "resource": "Secrets" }"#),
    ];
    let place = place(&good);
    for (changed, code, kind) in [
        (["--grant", "r.json", "--request", "r.json"], "missing_field", "grant"),
        (["--grant", "g.json", "--request", "x.json"], "invalid_text", "request"),
        (["--grant", "g.json", "--request", "g.json"], "missing_field", "request"),
    ] {
        let (status, out, err) = run(&place, &[&["decide"], &changed[..]].concat());
        assert_eq!((status, out.as_str()), (1, ""), "{err}");
        assert!(
            err.starts_with(&format!("error[{code}]: "))
                && err.contains(&format!("is not a {kind} that can be used")),
            "{err}"
        );
    }
    for usage in ["two.json", "u.json"] {
        let (status, _, err) =
            run(&place, &["decide", "--grant", "g.json", "--request", "r.json", "--usage", usage]);
        assert_eq!((status, err.contains(&format!("`{usage}` is not a usage"))), (1, true), "{err}");
    }
}
