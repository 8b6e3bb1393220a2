use proptest::prelude::*;

use super::*;

fn parsed(content: &str) -> Vec<(String, String)> {
    let entries = parse(content).unwrap();
    entries.into_iter().map(|entry| (entry.key, entry.value.expose().clone())).collect()
}

#[track_caller]
fn assert_value(line: &str, value: &str) {
    assert_eq!(parsed(line), [("KEY".to_owned(), value.to_owned())], "{line:?}");
}

#[track_caller]
fn assert_malformed(content: &str, line: usize, rule: &str) {
    let malformed = parse(content).unwrap_err();
    assert_eq!(malformed.line, line, "{content:?}");
    assert!(malformed.rule.contains(rule), "{content:?}: {}", malformed.rule);
}

#[test]
fn a_value_without_quotes_ends_at_its_line_or_comment() {
    assert_value("KEY=value", "value");
    assert_value("KEY=", "");
    assert_value("  KEY =  a b  \n", "a b");
    assert_value("KEY=value # comment", "value");
    assert_value("KEY=value\t# comment", "value");
    assert_value("KEY= # comment", "");
    assert_value("KEY=#value", "#value");
    assert_value("KEY=a#b", "a#b");
    assert_value("KEY=a=b==", "a=b==");
    assert_value("KEY=it's \"so\"", "it's \"so\"");
    assert_value("KEY=a\\nb", "a\\nb");
    assert_value("\u{feff}KEY=value\r\n", "value");
}

#[test]
fn quotes_keep_what_they_hold() {
    assert_value("KEY='a # b \\n \"c\"'", "a # b \\n \"c\"");
    assert_value("KEY=\"a # b 'c'\"", "a # b 'c'");
    assert_value("KEY=\"\"", "");
    assert_value("KEY=''  # comment", "");
    assert_value("KEY=\"a\\nb\\r\\t\\\"\\\\n\\$\\`\"", "a\nb\r\t\"\\n$`");
    assert_value("KEY=\"\\x \\'\"", "\\x \\'");
    assert_value("KEY=\"a\\\\\"", "a\\");
}

#[test]
fn quoted_values_span_lines() {
    assert_value("KEY=\"-----BEGIN\nabc\n-----END\"\n", "-----BEGIN\nabc\n-----END");
    assert_value("KEY='a\nb'", "a\nb");
    assert_value("KEY=\"a\r\nb\rc\"\r\n", "a\nb\rc");
}

#[test]
fn nothing_is_expanded() {
    assert_value("KEY=$HOME/${X}`id`$(id)", "$HOME/${X}`id`$(id)");
    assert_value("KEY=\"$HOME ${X}\"", "$HOME ${X}");
}

#[test]
fn comments_blank_lines_and_export_are_understood() {
    let content = "# a\r\n\r\n \t\n  # b\nexport A=1\nexport\tB=2\nexport=3\nexported=4";
    let expected = [("A", "1"), ("B", "2"), ("export", "3"), ("exported", "4")];
    assert_eq!(parsed(content), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(parsed(""), []);
    assert_eq!(parsed("# only\n\n"), []);
}

#[test]
fn a_malformed_line_is_named_by_its_number() {
    assert_malformed("A=1\nB\n", 2, "expected");
    assert_malformed("A=1\n\n# c\nexport B\nC=2", 4, "expected");
    assert_malformed("=1", 1, "a key is");
    assert_malformed("A B=1", 1, "a key is");
    assert_malformed("A/B=1", 1, "a key is");
    assert_malformed("..=1", 1, "a key is");
    assert_malformed("É=1", 1, "a key is");
    assert_malformed(&format!("{}=1", "K".repeat(129)), 1, "a key is");
    assert_malformed("A=\"x\ny\nz\"\nB='1\n2", 4, "not closed");
    assert_malformed("A=\"x\\\"", 1, "not closed");
    assert_malformed("A=\"x\"y", 1, "follows");
    assert_malformed("A=1\nB=\"2\nC=3\"\nA=4", 4, "twice");
}

#[test]
fn five_hundred_keys_are_the_most() {
    let lines = |count: usize| (0..count).map(|n| format!("K{n}=\n")).collect::<String>();
    assert_eq!(parse(&lines(500)).unwrap().len(), 500);
    assert_malformed(&lines(501), 501, "500");
}

#[test]
fn a_megabyte_of_blanks_is_read_at_once() {
    assert_malformed(&format!("{}x", "\n".repeat(1 << 20)), (1 << 20) + 1, "expected");
    assert_value(&format!("KEY=a{}b", " ".repeat(1 << 20)), &format!("a{}b", " ".repeat(1 << 20)));
}

/// As `ass env export` writes it: quoted only if it must be, and three characters escaped.
fn exported(value: &str) -> String {
    let plain = !value.contains(|c: char| c.is_whitespace() || "\"'\\#$`".contains(c));
    if plain {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

proptest! {
    #[test]
    fn what_the_published_client_exports_is_read_back(
        values in prop::collection::vec("([ -~]|\n|\r|\t|é|\\\\n){0,24}", 0..6),
    ) {
        let entries: Vec<_> = (0..).map(|n: u32| format!("K{n}")).zip(values).collect();
        let content: String = entries.iter().map(|(key, value)| format!("{key}={}\n", exported(value))).collect();
        prop_assert_eq!(parsed(&format!("# Exported\n\n{content}")), entries);
    }

    #[test]
    fn any_text_is_parsed_or_refused_by_line(content in "([A-C]|[ =#\"'\\\\\n\r\t]|export |é){0,60}") {
        if let Err(malformed) = parse(&content) {
            prop_assert!((1..=content.matches('\n').count() + 1).contains(&malformed.line));
        }
    }

    #[test]
    fn any_text_at_all_does_not_panic(content in "\\PC{0,200}") {
        let _ = parse(&content);
    }
}
