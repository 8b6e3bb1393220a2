//! The vector files, each as calls.

use serde_json::{Value, json};

use crate::Case;

mod grants;
mod policies;

macro_rules! vectors {
    ($($name:ident)*) => { $(
        fn $name() -> Value {
            serde_json::from_str(include_str!(concat!("../../vectors/", stringify!($name), ".json"))).expect("a vector file")
        }
    )* };
}

vectors! { ask bundle calls chain crypto decide explain filter ip lint narrows policy quota redact scope seal time token }

/// Every case of every file.
///
/// # Panics
/// A vector file is not as expected.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (index, case) in entries(&calls(), "calls") {
        add(&mut cases, "calls.json calls", index, field(case, "call"), field(case, "answer"));
    }
    decisions("decide.json", &decide(), &mut cases);
    decisions("quota.json", &quota(), &mut cases);
    settlements(&quota(), &mut cases);
    policies::decisions(&policy(), &mut cases);
    policies::refusals(&policy(), &mut cases);
    policies::answers("ask.json", "decide", &ask(), "cases", &mut cases);
    policies::answers("explain.json", "explain", &explain(), "cases", &mut cases);
    policies::warnings(&lint(), &mut cases);
    addresses(&ip(), &mut cases);
    scopes(&scope(), &mut cases);
    lifetimes(&time(), &mut cases);
    tokens(&token(), &mut cases);
    first_vectors(&crypto(), &mut cases);
    sealed(&seal(), &mut cases);
    chains(&chain(), &mut cases);
    bundles(&bundle(), &mut cases);
    redactions(&redact(), &mut cases);
    grants::filters(&filter(), &mut cases);
    grants::narrowings(&narrows(), &mut cases);
    crate::published::primitives(&mut cases);
    cases
}

/// The entries of a list, of which there must be some.
pub(crate) fn entries<'a>(file: &'a Value, list: &str) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
    let entries = file.get(list).and_then(Value::as_array).expect("a list of cases");
    assert!(!entries.is_empty(), "{list} is empty");
    entries.iter().enumerate()
}

/// A field of a case; `null` where it is absent.
pub(crate) fn field(case: &Value, name: &str) -> Value {
    case.get(name).cloned().unwrap_or_default()
}

fn add(cases: &mut Vec<Case>, list: &str, index: usize, call: Value, expected: Value) {
    cases.push(Case { id: format!("{list} #{}", index + 1), call, package: None, expected });
}

fn refused(code: &Value, field: &str) -> Value {
    assert!(code.is_string(), "a code");
    json!({ "error": { "code": code, "field": field } })
}

/// The answer of a parser: the canonical text, or the refusal of `text`.
fn canonical(text: &Value, code: &Value) -> Value {
    if code.is_null() { json!({ "canonical": text }) } else { refused(code, "text") }
}

fn decisions(name: &str, file: &Value, cases: &mut Vec<Case>) {
    let call = |case: &Value| json!({ "op": "decide", "chain": field(case, "chain"), "request": field(case, "request") });
    for (index, case) in entries(file, "decisions") {
        add(cases, &format!("{name} decisions"), index, call(case), field(case, "answer"));
    }
    for (index, case) in entries(file, "errors") {
        add_refused(cases, &format!("{name} errors"), index, call(case), case);
    }
}

fn settlements(file: &Value, cases: &mut Vec<Case>) {
    let call = |case: &Value| {
        let names = ["grant", "usage", "reserved", "actual", "reserved_at", "now"];
        let given = names.into_iter().filter_map(|name| Some((name.to_owned(), case.get(name)?.clone())));
        Value::Object([("op".to_owned(), json!("settle"))].into_iter().chain(given).collect())
    };
    for (index, case) in entries(file, "settlements") {
        add(cases, "quota.json settlements", index, call(case), field(case, "answer"));
    }
    for (index, case) in entries(file, "settlement_errors") {
        add_refused(cases, "quota.json settlement_errors", index, call(case), case);
    }
}

/// A call that is refused, with how the npm package differs.
fn add_refused(cases: &mut Vec<Case>, list: &str, index: usize, call: Value, case: &Value) {
    let place = field(case, "field");
    let expected = refused(&field(case, "code"), place.as_str().expect("a field"));
    add(cases, list, index, call, expected);
    if let Some(added) = cases.last_mut() {
        added.package = case.get("package").cloned();
    }
}

fn addresses(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "addresses") {
        let (text, expected) = (field(case, "input"), field(case, "canonical"));
        let code = if expected.is_null() { json!("invalid_ip") } else { Value::Null };
        let call = json!({ "op": "parse_address", "text": text });
        add(cases, "ip.json addresses", index, call, canonical(&expected, &code));
    }
    for (index, case) in entries(file, "networks") {
        let network = field(case, "input");
        for (list, inside) in [("contains", true), ("excludes", false)] {
            for address in case.get(list).and_then(Value::as_array).into_iter().flatten() {
                let call = json!({ "op": "contains", "network": network, "address": address });
                add(cases, "ip.json networks", index, call, json!({ "result": inside }));
            }
        }
        if field(case, "contains").is_null() {
            let host_bits =
                field(case, "comment").as_str().is_some_and(|why| why.starts_with("host bits set"));
            let code = if host_bits { "host_bits_set" } else { "invalid_network" };
            let call = json!({ "op": "parse_network", "text": network });
            add(cases, "ip.json networks", index, call, refused(&json!(code), "text"));
        }
    }
}

fn scopes(file: &Value, cases: &mut Vec<Case>) {
    for (list, op, before) in [
        ("paths", "parse_path", ""),
        ("patterns", "parse_scope", "secrets:read:"),
        ("scopes", "parse_scope", ""),
    ] {
        for (index, case) in entries(file, list) {
            let text = json!(format!("{before}{}", field(case, "input").as_str().expect("an input")));
            let call = json!({ "op": op, "text": text });
            add(cases, &format!("scope.json {list}"), index, call, canonical(&text, &field(case, "code")));
        }
    }
    for (list, op, a, b) in [("covers", "covers", "outer", "inner"), ("overlaps", "overlaps", "a", "b")] {
        for (index, case) in entries(file, list) {
            let call = json!({ "op": op, a: field(case, a), b: field(case, b) });
            let expected = json!({ "result": field(case, "answer") });
            add(cases, &format!("scope.json {list}"), index, call, expected);
        }
    }
    for (index, case) in entries(file, "allows") {
        let mut request =
            json!({ "resource": field(case, "resource"), "action": field(case, "action"), "now": 1 });
        if let (Some(request), path @ Value::String(_)) = (request.as_object_mut(), field(case, "path")) {
            request.insert("path".into(), path);
        }
        let allowed = field(case, "answer") == json!(true);
        let (decision, reasons, uses) = if allowed {
            ("allow", json!([]), 1)
        } else {
            ("deny", json!([{ "code": "scope_missing", "link": 0 }]), 0)
        };
        let call = json!({ "op": "decide", "chain": [{ "grant": { "scopes": field(case, "scopes") } }], "request": request });
        let usage = json!({ "revision": uses, "uses": uses, "last": uses });
        let expected = json!({ "decision": decision, "reasons": reasons, "usages": [usage], "limits": [], "approval": null });
        add(cases, "scope.json allows", index, call, expected);
    }
}

fn lifetimes(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "ttl") {
        let input = field(case, "input");
        let name = if input.is_string() { "text" } else { "seconds" };
        let code = field(case, "code");
        let expected =
            if code.is_null() { json!({ "ms": field(case, "ttl_ms") }) } else { refused(&code, name) };
        let call = json!({ "op": "parse_ttl", name: input, "ceiling_ms": field(case, "ceiling_ms") });
        add(cases, "time.json ttl", index, call, expected);
    }
}

fn minted(case: &Value) -> (Value, Value) {
    let token = field(case, "token");
    let display: String = token.as_str().expect("a token").chars().take(12).collect();
    (token, json!(display))
}

fn tokens(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "minted") {
        let (token, display) = minted(case);
        let (kind, hash) = (field(case, "kind"), field(case, "sha256"));
        let call = json!({ "op": "mint_token", "kind": kind, "bytes": field(case, "bytes") });
        let expected = json!({ "token": token, "hash": hash, "display": display });
        add(cases, "token.json minted", index, call, expected);
        let call = json!({ "op": "hash_token", "text": token });
        add(cases, "token.json minted", index, call, json!({ "hash": hash }));
        let call = json!({ "op": "verify_token", "text": token, "hash": hash });
        add(cases, "token.json minted", index, call, json!({ "result": true }));
    }
    for (index, case) in entries(file, "accepted") {
        let (token, display) = minted(case);
        let call = json!({ "op": "parse_token", "text": token });
        let expected = json!({ "kind": field(case, "kind"), "display": display });
        add(cases, "token.json accepted", index, call, expected);
    }
    for (index, case) in entries(file, "refused") {
        let call = json!({ "op": "parse_token", "text": field(case, "token") });
        add(cases, "token.json refused", index, call, refused(&json!("invalid_token"), "text"));
    }
}

/// The context of a case of `crypto.json`, whose absent fields are `null`.
fn context(case: &Value) -> Value {
    let names = ["purpose", "tenant", "object", "path", "version"];
    let fields = names.into_iter().filter_map(|name| {
        let value = field(case, name);
        (!value.is_null()).then(|| (name.to_owned(), value))
    });
    Value::Object(fields.collect())
}

fn first_vectors(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "seal") {
        let (keys, context) = (json!([field(case, "key")]), context(case));
        let (plaintext, sealed) = (field(case, "plaintext"), field(case, "sealed"));
        let call = json!({ "op": "seal", "keys": keys, "salt": field(case, "salt"), "context": context, "plaintext": plaintext });
        add(cases, "crypto.json seal", index, call, json!({ "sealed": sealed }));
        let call = json!({ "op": "open", "keys": keys, "context": context, "sealed": sealed });
        add(cases, "crypto.json seal", index, call, json!({ "plaintext": plaintext }));
    }
    for (index, case) in entries(file, "token") {
        let call = json!({ "op": "parse_token", "text": field(case, "token") });
        let expected = json!({ "kind": field(case, "kind"), "display": minted(case).1 });
        add(cases, "crypto.json token", index, call, expected);
    }
}

fn sealed(file: &Value, cases: &mut Vec<Case>) {
    let call = |case: &Value| json!({ "op": "open", "keys": field(case, "keys"), "context": field(case, "context"), "sealed": field(case, "sealed") });
    for (index, case) in entries(file, "opened") {
        add(cases, "seal.json opened", index, call(case), json!({ "plaintext": field(case, "plaintext") }));
    }
    for (index, case) in entries(file, "refused") {
        let expected = json!({ "error": { "code": field(case, "code") } });
        add(cases, "seal.json refused", index, call(case), expected);
    }
    for (index, case) in entries(file, "resealed") {
        let call = json!({ "op": "reseal", "keys": field(case, "keys"), "context": field(case, "context"), "salt": field(case, "salt"), "sealed": field(case, "sealed") });
        add(cases, "seal.json resealed", index, call, json!({ "sealed": field(case, "resealed") }));
    }
}

fn chains(file: &Value, cases: &mut Vec<Case>) {
    let call = |case: &Value| {
        let records = field(case, "records");
        let kept = |record: &Value| {
            let fields = record.as_object().expect("a record").iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
        };
        let records: Vec<Value> = records.as_array().expect("records").iter().map(kept).collect();
        json!({ "op": "verify_chain", "start_seq": field(case, "start_seq"), "previous_link": field(case, "previous_link"), "records": records })
    };
    for (index, case) in entries(file, "valid") {
        let records = field(case, "records");
        let last = records.as_array().and_then(|records| records.last());
        let link = last.map_or_else(|| field(case, "previous_link"), |record| field(record, "link"));
        let checked = records.as_array().map_or(0, Vec::len);
        add(cases, "chain.json valid", index, call(case), json!({ "checked": checked, "link": link }));
    }
    for (index, case) in entries(file, "broken") {
        let records = field(case, "records");
        let first_bad = field(case, "index").as_u64().unwrap_or_else(|| panic!("no index in {records}"));
        let expected = refused(&json!("chain_broken"), &format!("records[{first_bad}]"));
        add(cases, "chain.json broken", index, call(case), expected);
    }
}

fn bundles(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "audience_keys") {
        let call = json!({ "op": "audience_key", "key": field(case, "key"), "tenant": field(case, "tenant"), "audience": field(case, "audience") });
        add(cases, "bundle.json audience_keys", index, call, json!({ "key": field(case, "derived") }));
    }
    for (index, case) in entries(file, "made") {
        let mut call = field(case, "call");
        if let Some(call) = call.as_object_mut() {
            call.insert("op".into(), json!("make_bundle"));
        }
        add(cases, "bundle.json made", index, call, json!({ "bytes": field(case, "bytes") }));
    }
    let open = |case: &Value| json!({ "op": "open_bundle", "bytes": field(case, "bytes"), "key": field(case, "key"), "now": field(case, "now"), "audience": field(case, "audience"), "min_serial": field(case, "min_serial") });
    for (index, case) in entries(file, "opened") {
        add(cases, "bundle.json opened", index, open(case), field(case, "answer"));
    }
    for (index, case) in entries(file, "refused") {
        let expected = json!({ "error": { "code": field(case, "code") } });
        add(cases, "bundle.json refused", index, open(case), expected);
    }
}

fn redactions(file: &Value, cases: &mut Vec<Case>) {
    for (index, case) in entries(file, "texts") {
        let call = json!({ "op": "redact", "text": field(case, "text") });
        add(cases, "redact.json texts", index, call, json!({ "text": field(case, "masked") }));
    }
    for (index, case) in entries(file, "documents") {
        let mut call = json!({ "op": "redact", "json": field(case, "value").to_string() });
        if let (Some(call), Some(options)) = (call.as_object_mut(), case.get("options")) {
            call.insert("options".into(), options.clone());
        }
        let expected = json!({ "json": field(case, "masked").to_string() });
        add(cases, "redact.json documents", index, call, expected);
    }
    for (index, case) in entries(file, "verbatim") {
        let call = json!({ "op": "redact", "json": field(case, "json") });
        add(cases, "redact.json verbatim", index, call, json!({ "json": field(case, "masked") }));
        // In JavaScript a document is a value, which has no spaces.
        if let Some(added) = cases.last_mut() {
            added.package = Some(Value::Null);
        }
    }
    for (index, case) in entries(file, "errors") {
        let given = ["json", "text", "options"].into_iter();
        let given = given.filter_map(|name| Some((name.to_owned(), case.get(name)?.clone())));
        let call = std::iter::once(("op".to_owned(), json!("redact"))).chain(given);
        let place = field(case, "field");
        let expected = refused(&field(case, "code"), place.as_str().expect("a field"));
        add(cases, "redact.json errors", index, Value::Object(call.collect()), expected);
        if let Some(added) = cases.last_mut() {
            added.package = case.get("package").cloned();
        }
    }
}
