//! The published vectors of the primitives, each as calls; `tests/vectors/published/README.md` says where they come from.

use serde_json::{Map, Value, json};

use crate::{Case, entries, field};

macro_rules! tables {
    ($($name:ident)*) => { $(
        fn $name() -> Vec<Value> {
            rows(include_str!(concat!("../../vectors/published/", stringify!($name), ".json")))
        }
    )* };
}

tables! { aes_256_gcm argon2id hmac_sha256 pbkdf2_sha256 sha256 }

/// The rows of a table as objects; the table names its columns once.
fn rows(text: &str) -> Vec<Value> {
    let table: Value = serde_json::from_str(text).expect("a table");
    let columns: Vec<&str> = entries(&table, "columns").filter_map(|(_, name)| name.as_str()).collect();
    let row = |(_, row): (usize, &Value)| {
        let values =
            row.as_array().filter(|values| values.len() == columns.len()).expect("a value for each column");
        columns
            .iter()
            .map(|name| (*name).to_owned())
            .zip(values.iter().cloned())
            .collect::<Map<_, _>>()
            .into()
    };
    entries(&table, "cases").map(row).collect()
}

/// What the engine's own primitives must answer.
pub(crate) fn primitives(cases: &mut Vec<Case>) {
    for row in &sha256() {
        add(cases, row, "sha256", &["data"], &["digest"]);
    }
    for row in &hmac_sha256() {
        let (tag, published) = (text(row, "tag"), text(row, "published"));
        // Some tags are published cut, and some to be refused: what is computed must begin with the former, and not with the latter.
        assert_eq!(tag.starts_with(published), field(row, "valid") == true, "{row}");
        add(cases, row, "hmac_sha256", &["key", "data"], &["tag"]);
    }
    for row in &aes_256_gcm() {
        sealed(cases, row);
    }
    let ours = serde_json::from_str(include_str!("../../vectors/primitives.json")).expect("a vector file");
    for (_, row) in entries(&ours, "sha256") {
        add(cases, row, "sha256", &["data"], &["digest"]);
    }
    for (_, row) in entries(&ours, "hmac_sha256") {
        add(cases, row, "hmac_sha256", &["key", "data"], &["tag"]);
    }
    for (_, row) in entries(&ours, "aes_256_gcm") {
        sealed(cases, row);
    }
    for (_, row) in entries(&ours, "kbkdf_counter") {
        add(cases, &with_length(row), "kbkdf", &["key", "label", "context", "length"], &["derived"]);
    }
}

/// Sealing and opening; a row without a plaintext must not open.
fn sealed(cases: &mut Vec<Case>, row: &Value) {
    add(cases, row, "aes_gcm_open", &["key", "nonce", "aad", "sealed"], &["plaintext"]);
    if field(row, "plaintext").is_null() {
        if let Some(refused) = cases.last_mut() {
            refused.expected = json!({ "error": { "code": "seal_rejected" } });
        }
    } else {
        add(cases, row, "aes_gcm_seal", &["key", "nonce", "aad", "plaintext"], &["sealed"]);
    }
}

/// What keys are derived from passphrases: not a part of the engine, so not for every implementation.
///
/// # Panics
/// A table is not as expected.
#[must_use]
pub fn derivations() -> Vec<Case> {
    let mut cases = Vec::new();
    for (op, rows, inputs) in [
        ("pbkdf2_sha256", pbkdf2_sha256(), &["password", "salt", "iterations", "length"][..]),
        (
            "argon2id",
            argon2id(),
            &[
                "password",
                "salt",
                "secret",
                "associated_data",
                "memory",
                "iterations",
                "parallelism",
                "length",
            ],
        ),
    ] {
        for row in &rows {
            add(&mut cases, &with_length(row), op, inputs, &["derived"]);
        }
    }
    cases
}

/// A row with how many bytes are to be derived.
fn with_length(row: &Value) -> Value {
    let mut row = row.as_object().cloned().expect("a row");
    let length = row.get("derived").and_then(Value::as_str).expect("hex").len() / 2;
    row.insert("length".into(), json!(length));
    row.into()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).expect("text")
}

fn add(cases: &mut Vec<Case>, row: &Value, op: &str, inputs: &[&str], outputs: &[&str]) {
    let some = |names: &[&str]| {
        names.iter().map(|name| ((*name).to_owned(), field(row, name))).collect::<Map<_, _>>()
    };
    let mut call = some(inputs);
    call.insert("op".into(), json!(op));
    let id = format!("{op}, {}", text(row, "source"));
    cases.push(Case { id, call: call.into(), package: None, expected: some(outputs).into() });
}
