//! The component in wasmtime: through its function `call`, and through the typed functions.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::cell::RefCell;

use serde_json::{Value, json};
use warded_conformance::{Case, cases, comparable, repository, run};
use wasmtime::component::{Component, Func, Instance, Linker, Val};
use wasmtime::{Engine, Store};

#[path = "component/jco.rs"]
mod jco;
#[path = "component/value.rs"]
mod value;

/// The name of the one interface that the component exports.
const INTERFACE: &str = "warded:engine/engine@0.1.0";

/// The component, instantiated without an import.
struct Host {
    store: RefCell<Store<()>>,
    instance: Instance,
}

impl Host {
    fn new() -> Self {
        let engine = Engine::default();
        let component =
            Component::from_file(&engine, repository("target/wasm/warded_component.wasm")).unwrap();
        assert_eq!(component.component_type().imports(&engine).count(), 0, "zero imports");
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
        Self { store: RefCell::new(store), instance }
    }

    fn function(&self, name: &str) -> Option<Func> {
        let mut store = self.store.borrow_mut();
        let interface = self.instance.get_export_index(&mut *store, None, INTERFACE).unwrap();
        let function = self.instance.get_export_index(&mut *store, Some(&interface), name)?;
        self.instance.get_func(&mut *store, function)
    }

    /// Calls a function whose arguments are named as the fields of a document; `None` if the types have no room for it.
    fn call(&self, name: &str, arguments: &Value) -> Option<Result<Value, Value>> {
        let function = self.function(name)?;
        let mut store = self.store.borrow_mut();
        let types = function.ty(&*store);
        let arguments = value::arguments(arguments, types.params())?;
        let mut results = [Val::Bool(false)];
        function.call(&mut *store, &arguments, &mut results).unwrap();
        let [result] = results;
        Some(value::result(&result, &types.results().next().unwrap()))
    }
}

#[test]
fn the_component_answers_every_call_as_expected() {
    let host = Host::new();
    let call = |case: &Case| {
        let answer = host.call("call", &json!({ "call": case.call.to_string() })).unwrap().unwrap();
        let document: Value = serde_json::from_str(answer["document"].as_str().unwrap()).unwrap();
        assert_eq!(answer["status"] != 0, document.get("error").is_some(), "{}", case.call);
        Some(document)
    };
    assert_eq!(run(call), cases().len());
}

#[test]
fn the_typed_functions_answer_as_the_documents_do() {
    let host = Host::new();
    let ran = run(|case| typed(&host, case));
    // What is left out has no function of its own, or is no value of the types: an unknown field, a negative number.
    assert!(ran > 300, "{ran}");
}

#[test]
fn an_error_carries_its_number_and_a_message() {
    let error =
        Host::new().call("covers", &json!({ "outer": "secrets", "inner": "a:b" })).unwrap().unwrap_err();
    assert_eq!(
        comparable(&json!({ "error": error })),
        json!({ "error": { "code": "invalid_scope", "field": "outer" } })
    );
    assert_eq!(error["number"], 14);
    assert!(error["message"].as_str().unwrap().starts_with("`outer`: "));
}

#[test]
fn bytes_that_are_no_compiled_grant_are_refused() {
    let request = json!({ "resource": "a", "action": "b", "now": 1 });
    let arguments = json!({ "chain": [{ "grant": "00" }], "request": request });
    let error = Host::new().call("decide", &arguments).unwrap().unwrap_err();
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_compiled"), &json!("chain[0].grant")));
}

#[test]
fn an_attribute_that_is_given_twice_is_refused() {
    let host = Host::new();
    // The vectors' objects cannot say this: the list is written by hand.
    let attribute = |value| json!({ "name": "branch", "value": { "text": value } });
    let request =
        json!({ "resource": "a", "action": "b", "now": 1, "attributes": [attribute("x"), attribute("y")] });
    let error = host.call("decide", &json!({ "chain": [], "request": request })).unwrap().unwrap_err();
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("duplicate_key"), &json!("request.attributes.branch"))
    );
}

/// Answers a case through the function of its operation.
fn typed(host: &Host, case: &Case) -> Option<Value> {
    let mut arguments = case.call.clone();
    let op = arguments.as_object_mut()?.remove("op")?;
    let op = op.as_str().filter(|op| *op != "call")?;
    let name = match op {
        "redact" if arguments.get("json").is_some() => "redact-json".to_owned(),
        "redact" => "redact-text".to_owned(),
        _ => op.replace('_', "-"),
    };
    host.function(&name)?;
    if let Err(error) = compile(host, op, &mut arguments)? {
        return Some(json!({ "error": error }));
    }
    match host.call(&name, &arguments)? {
        Ok(result) => Some(document(op, result, case)),
        Err(error) => Some(json!({ "error": error })),
    }
}

/// Puts compiled bytes in the place of grants and of the policy; the error of one stands where it does in the call.
fn compile(host: &Host, op: &str, arguments: &mut Value) -> Option<Result<(), Value>> {
    for list in ["chain", "grants"] {
        let entries = arguments.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (index, entry) in entries.enumerate() {
            match host.call("compile-grant", &json!({ "grant": entry.get("grant")? }))? {
                Ok(bytes) => entry["grant"] = bytes,
                Err(error) => return Some(Err(under(&format!("{list}[{index}]"), error))),
            }
        }
    }
    if op == "settle" {
        match host.call("compile-grant", &json!({ "grant": arguments.get("grant")? }))? {
            Ok(bytes) => arguments["grant"] = bytes,
            Err(error) => return Some(Err(error)),
        }
    }
    arguments.get_mut("policy").filter(|_| op != "make_bundle").map_or(Some(Ok(())), |policy| {
        // The function takes the text of a policy, a call its document too.
        let (text, place) =
            policy.as_str().map_or_else(|| (policy.to_string(), "policy"), |text| (text.to_owned(), ""));
        match host.call("compile-policy", &json!({ "policy": text }))? {
            Ok(_) if op == "compile_policy" => *policy = text.into(),
            Ok(bytes) => *policy = bytes,
            Err(error) => return Some(Err(under(place, error))),
        }
        Some(Ok(()))
    })
}

/// An error whose field stands further in.
fn under(place: &str, mut error: Value) -> Value {
    let parts = [place, error["field"].as_str().unwrap_or_default()];
    let field = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
    if !field.is_empty() {
        error["field"] = field.into();
    }
    error
}

/// A result as its document, which gives a name to what a function returns bare, and says `null` where a type has `none`.
fn document(op: &str, result: Value, case: &Case) -> Value {
    let name = match op {
        "audience_key" => "key",
        "compile_grant" | "compile_policy" => {
            return json!({ "bytes": result, "digest": case.expected["digest"] });
        }
        "covers" | "overlaps" | "verify_token" => "result",
        "decide" => return nulls(nulls(result, "limits", "retry_after"), "", "approval"),
        "hash_token" => "hash",
        "make_bundle" => "bytes",
        "open" => "plaintext",
        "open_bundle" => return nulls(nulls(result, "grants", "token_hash"), "", "policy"),
        "redact" if case.call.get("json").is_some() => "json",
        "redact" => "text",
        "reseal" | "seal" => "sealed",
        "settle" => "usage",
        _ => return result,
    };
    json!({ name: result })
}

/// Adds a field to each entry of a list, or to the value itself where there is no name of a list, as `null` if it is absent.
fn nulls(mut value: Value, list: &str, field: &str) -> Value {
    let objects = if list.is_empty() {
        vec![&mut value]
    } else {
        value[list].as_array_mut().unwrap().iter_mut().collect()
    };
    for object in objects {
        object.as_object_mut().unwrap().entry(field).or_insert(Value::Null);
    }
    value
}
