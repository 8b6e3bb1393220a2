use alloc::string::ToString as _;

use serde_json::json;

use crate::call;
use crate::vectors::{cases, parse};

#[test]
fn people_are_asked_for_exactly_what_is_asked() {
    for case in cases(&parse(include_str!("../../../tests/vectors/ask.json"))["cases"]) {
        let call = json!({ "op": "decide", "chain": case["chain"], "policy": case["policy"], "request": case["request"] });
        let answer = parse(str::from_utf8(&call::answer(call.to_string().as_bytes()).json).unwrap());
        assert_eq!(answer, case["answer"], "{case}");
    }
}
