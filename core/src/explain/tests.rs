use alloc::string::ToString as _;

use serde_json::json;

use crate::call;
use crate::vectors::{cases, parse};

#[test]
fn an_explanation_names_what_decided_and_what_was_missing() {
    for case in cases(&parse(include_str!("../../../tests/vectors/explain.json"))["cases"]) {
        let mut call = json!({ "op": "explain", "chain": case["chain"], "request": case["request"] });
        if let Some(policy) = case.get("policy") {
            call["policy"] = policy.clone();
        }
        let answer = parse(str::from_utf8(&call::answer(call.to_string().as_bytes()).json).unwrap());
        assert_eq!(answer, case["answer"], "{case}");
        call["op"] = json!("decide");
        let decision = parse(str::from_utf8(&call::answer(call.to_string().as_bytes()).json).unwrap());
        assert_eq!(answer["decision"], decision, "the decision that is explained is the one taken: {case}");
    }
}
