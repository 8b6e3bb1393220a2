use super::*;
use crate::document::{Item, Value as Document};
use crate::error::Place;
use crate::vectors::{cases, parse, text};
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec;
use serde_json::Value;

mod properties;

fn vectors() -> Value {
    parse(include_str!("../../../tests/vectors/redact.json"))
}

fn options(case: &Value) -> Result<Options, Error> {
    let Some(options) = case.get("options") else { return Ok(Options::default()) };
    let document = Document::parse(options.to_string().as_bytes()).unwrap();
    Options::from_document(&Item::new(&document, Place::Root))
}

#[test]
fn text_is_masked_as_the_vectors_say() {
    let mut wrong = Vec::new();
    for case in cases(&vectors()["texts"]) {
        let masked = redact_text(text(&case["text"]), &Options::default()).unwrap();
        if masked != text(&case["masked"]) {
            wrong.push(format!(
                "{}\n  given    {}\n  expected {}\n  came     {masked}",
                case["why"], case["text"], case["masked"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documents_are_masked_as_the_vectors_say() {
    for case in cases(&vectors()["documents"]) {
        let options = options(case).unwrap();
        let masked = redact_json(case["value"].to_string().as_bytes(), &options).unwrap();
        assert_eq!(parse(&masked), case["masked"], "{}", case["why"]);
        assert_eq!(redact_json(masked.as_bytes(), &options), Ok(masked), "{}", case["why"]);
    }
}

#[test]
fn what_is_not_masked_keeps_its_bytes() {
    for case in cases(&vectors()["verbatim"]) {
        let masked = redact_json(text(&case["json"]).as_bytes(), &Options::default()).unwrap();
        assert_eq!(masked, text(&case["masked"]), "{}", case["why"]);
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let longest = "x".repeat(MAX_BYTES);
    assert_eq!(redact_text(&longest, &Options::default()).map(|text| text.len()), Ok(MAX_BYTES));
    let code = |result: Result<String, Error>| result.map_err(|error| error.code());
    let longer = longest + "x";
    assert_eq!(code(redact_text(&longer, &Options::default())), Err(ErrorCode::LimitExceeded));
    assert_eq!(
        code(redact_json(format!("\"{longer}\"").as_bytes(), &Options::default())),
        Err(ErrorCode::LimitExceeded)
    );
}

#[test]
fn what_a_mask_sets_free_is_masked_as_well() {
    // Between the two tokens stands what is one only when they have gone.
    let nested = "password=\"ghp_0123456789abcdefghij token=\" Bearer abc123DEF456";
    let masked = redact_text(nested, &Options::default()).unwrap();
    assert_eq!(redact_text(&masked, &Options::default()), Ok(masked.clone()));
    assert!(!masked.contains("ghp_") && !masked.contains("abc123"), "{masked}");
}

#[test]
fn the_numbers_of_many_masked_names_stay() {
    // A form like this one takes in the rest of the name, and the number with it.
    let names = vec![r#"{"cookie: a=b":1}"#; 12_000];
    let masked = redact_json(format!("[{}]", names.join(",")).as_bytes(), &Options::default()).unwrap();
    assert!(masked.ends_with(r#"[redacted]#12000":1}]"#), "{:?}", masked.get(masked.len() - 40..));
    assert_eq!(redact_json(masked.as_bytes(), &Options::default()), Ok(masked.clone()));
}
