use super::*;

fn ask(json: &str) -> (u16, String) {
    let answer = answer(json.as_bytes());
    (answer.status, String::from_utf8(answer.json).unwrap())
}

#[test]
fn a_result_has_status_zero_and_an_error_its_number() {
    assert_eq!(ask(r#"{"op":"covers","outer":"a:*:*","inner":"a:b:c"}"#), (0, r#"{"result":true}"#.into()));
    let (status, json) = ask(r#"{"op":"covers","outer":"a:*:*","inner":"a:b:/"}"#);
    assert_eq!(status, ErrorCode::InvalidPattern.number());
    assert!(json.starts_with(r#"{"error":{"code":"invalid_pattern","message":"`inner`: "#), "{json}");
    assert!(json.ends_with(r#","field":"inner"}}"#), "{json}");
}

#[test]
fn what_is_not_a_call_is_refused() {
    for (json, code) in [
        ("", ErrorCode::InvalidJson),
        ("[]", ErrorCode::WrongType),
        ("{}", ErrorCode::MissingField),
        (r#"{"op":"grant"}"#, ErrorCode::UnknownOperation),
        (r#"{"op":"errors","x":1}"#, ErrorCode::UnknownField),
        (r#"{"op":"parse_path"}"#, ErrorCode::MissingField),
    ] {
        assert_eq!(ask(json).0, code.number(), "{json}");
    }
}

#[test]
fn overlapping_says_which_scopes_are_reached_inside_the_namespaces() {
    let call = r#"{"op":"overlapping","scopes":["secrets:read:a/*","secrets:write:b/x"],"within":["a","c"],
        "among":["secrets:*:a/b/*","secrets:*:b/*","secrets:*:c/*","secrets:read:a/x"]}"#;
    assert_eq!(ask(call), (0, r#"{"indices":[0,3]}"#.into()));
}
