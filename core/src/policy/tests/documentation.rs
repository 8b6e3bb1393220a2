use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::policy::Policy;

const PAGE: &str = include_str!("../../../../docs/policy.md");

/// The blocks of JSON on the page, each with what stands behind `json` in its first line.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut blocks = Vec::new();
    let mut rest = PAGE;
    while let Some((_, behind)) = rest.split_once("```json") {
        let (expected, behind) = behind.split_once('\n').unwrap();
        let (block, behind) = behind.split_once("```").unwrap();
        blocks.push((expected.trim(), block));
        rest = behind;
    }
    blocks
}

#[test]
fn every_block_is_a_policy_or_is_refused_as_the_page_says() {
    let blocks = blocks();
    assert!(blocks.len() > 30);
    for (expected, block) in blocks {
        let is_rule = !block.contains("\"rules\"");
        let text = if is_rule { format!(r#"{{"version":1,"rules":[{block}]}}"#) } else { block.into() };
        let refusal = Policy::from_json(text.as_bytes()).err().map_or_else(String::new, |error| {
            assert!(error.position().is_some(), "{error}");
            format!("{} {}", error.code().name(), error.field().map_or("", |field| field.as_str()))
        });
        assert_eq!(refusal, expected, "{block}");
    }
}
