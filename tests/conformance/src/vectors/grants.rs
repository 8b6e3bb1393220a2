//! Questions about many paths, and about two grants.

use serde_json::{Value, json};

use super::{add, entries, field, refused};
use crate::Case;

/// Which of many paths may be reached.
pub(super) fn filters(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "filters") {
        let mut call = json!({
            "op": "filter", "chain": field(case, "chain"), "request": field(case, "request"), "paths": field(case, "paths"),
        });
        if let (Some(call), Some(policy)) = (call.as_object_mut(), case.get("policy")) {
            call.insert("policy".into(), policy.clone());
        }
        add(cases, "filter.json filters", index, call, json!({ "indices": field(case, "indices") }));
    }
    for (index, case) in entries(file, "errors") {
        let mut call = field(case, "call");
        call.as_object_mut().expect("a call").insert("op".into(), json!("filter"));
        let place = field(case, "field");
        let expected = refused(&field(case, "code"), place.as_str().expect("a field"));
        add(cases, "filter.json errors", index, call, expected);
        if let Some(added) = cases.last_mut() {
            added.package = case.get("package").cloned();
        }
    }
}

/// Whether a grant is no wider than another.
pub(super) fn narrowings(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "narrows") {
        let call = json!({ "op": "narrows", "outer": field(case, "outer"), "inner": field(case, "inner") });
        let wider = field(case, "wider");
        let result = wider.as_array().is_some_and(Vec::is_empty);
        add(cases, "narrows.json narrows", index, call, json!({ "result": result, "wider": wider }));
    }
}
