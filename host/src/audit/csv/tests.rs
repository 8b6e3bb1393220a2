use super::*;

const RECORD: &str = r#"{"actor":{"id":"agt_1","type":"agent"},"details":{"b":1},"event_type":"secret.read","id":"evt_1","ip":"::1","outcome":"deny","path":"=1+1/KEY","reasons":["a","b"],"request_id":"req_1","resource_id":null,"resource_type":"secret","seq":7,"time":"2026-01-01T00:00:00.000Z"}"#;

fn line(kind: &'static str, bytes: &str) -> String {
    let mut out = Vec::new();
    Parts { kind, seq: Some(7), bytes: bytes.as_bytes(), hashes: ["aa", "bb", "cc"] }.write(&mut out);
    String::from_utf8(out).unwrap()
}

fn ndjson(line: &str) -> Option<(String, Option<&'static str>)> {
    to_ndjson(line.trim_end_matches('\n')).map(|(bytes, wrong)| (String::from_utf8(bytes).unwrap(), wrong))
}

#[test]
fn a_record_becomes_cells_and_its_line_again() {
    let line = line("record", RECORD);
    let cells = parse(line.trim_end()).unwrap();
    assert_eq!(
        cells[..14],
        [
            "record",
            "7",
            "2026-01-01T00:00:00.000Z",
            "secret.read",
            "agent",
            "agt_1",
            "secret",
            "",
            "'=1+1/KEY",
            "deny",
            "a b",
            "::1",
            "req_1",
            r#"{"b":1}"#
        ]
    );
    let expected = format!(r#"{{"seq":7,"record":{RECORD},"salt":"aa","leaf":"bb","link":"cc"}}"#);
    assert_eq!(ndjson(&line), Some((expected, None)));
}

#[test]
fn what_a_spreadsheet_would_take_for_a_formula_is_text() {
    for text in [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\tx", "\rx", "  =1", "\" =1", "'=1", "\u{a0}=1",
        "＝1", "＋1",
    ] {
        assert_eq!(harmless(text.to_owned()), format!("'{text}"), "{text:?}");
    }
    for text in ["", "a=1", "1-1", "agt_1", "2026-01-01", "a/@b", "{\"a\":\"=1\"}"] {
        assert_eq!(harmless(text.to_owned()), text);
    }
}

#[test]
fn a_readable_column_that_says_something_else_is_named() {
    let line = line("record", RECORD);
    for (from, to, column) in [
        ("\"deny\"", "\"allow\"", "outcome"),
        ("'=1+1/KEY", "a/KEY", "path"),
        ("agt_1\",", "agt_2\",", "actor_id"),
    ] {
        let (_, wrong) = ndjson(&line.replacen(from, to, 1)).unwrap();
        assert_eq!(wrong, Some(column));
    }
    let unquoted = line.replace("\"deny\"", "deny");
    assert_eq!(ndjson(&unquoted).unwrap().1, None, "quotes are for whoever needs them");
}

#[test]
fn a_record_cannot_pass_for_another_line() {
    assert_eq!(ndjson(&line("checkpoint", RECORD)), None);
    assert_eq!(ndjson(&line("header", RECORD)), None);
    let checkpoint = line("checkpoint", r#"{"checkpoint":{}}"#);
    assert_eq!(ndjson(&checkpoint), Some((r#"{"checkpoint":{}}"#.to_owned(), None)));
    assert_eq!(ndjson(&checkpoint.replacen("\"7\",\"\"", "\"7\",\"2026\"", 1)).unwrap().1, Some("time"));
}

#[test]
fn what_is_no_line_of_an_export_is_none() {
    let whole = line("record", RECORD);
    for text in ["", "a,b", "\"", &whole.replacen("\"record\"", "\"note\"", 1), &whole.replacen('"', "", 1)] {
        assert_eq!(ndjson(text), None, "{text:?}");
    }
    assert_eq!(ndjson(&whole.replacen("\"7\"", "\"seven\"", 1)), None);
    assert_eq!(ndjson(&format!("{},\"more\"", whole.trim_end())), None);
}

#[test]
fn an_erased_record_has_no_readable_text() {
    let mut out = Vec::new();
    Parts { kind: "record", seq: Some(7), bytes: b"", hashes: ["", "bb", "cc"] }.write(&mut out);
    let line = String::from_utf8(out).unwrap();
    let expected = r#"{"seq":7,"record":null,"salt":null,"leaf":"bb","link":"cc"}"#;
    assert_eq!(ndjson(&line), Some((expected.to_owned(), None)));
    let blamed = line.replacen("\"7\",\"\"", "\"7\",\"2026\"", 1);
    assert_eq!(ndjson(&blamed).unwrap().1, Some("time"));
}
