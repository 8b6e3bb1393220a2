use alloc::string::ToString as _;

use serde_json::{Value as Json, json};

use crate::call;
use crate::vectors::{cases, parse, text};

fn vectors() -> Json {
    parse(include_str!("../../../tests/vectors/lint.json"))
}

fn lint(case: &Json) -> Json {
    let mut call = json!({ "op": "lint" });
    for name in ["policy", "grant", "now"] {
        if let Some(value) = case.get(name) {
            call[name] = value.clone();
        }
    }
    parse(str::from_utf8(&call::answer(call.to_string().as_bytes()).json).unwrap())
}

#[test]
fn what_is_doubtful_is_warned_of_where_it_stands() {
    for case in cases(&vectors()["cases"]) {
        let mut answer = lint(case);
        for warning in answer["warnings"].as_array_mut().unwrap() {
            let message = warning.as_object_mut().unwrap().remove("message").unwrap();
            assert!(text(&message).len() > 10, "a warning says what to do: {case}");
        }
        assert_eq!(answer["warnings"], case["warnings"], "{case}");
    }
}

#[test]
fn what_is_wrong_is_an_error_and_no_warning() {
    for case in cases(&vectors()["errors"]) {
        let error = lint(&case["call"])["error"].clone();
        assert_eq!((&error["code"], &error["field"]), (&case["code"], &case["field"]), "{case}");
    }
}
