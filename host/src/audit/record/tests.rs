use super::*;
use crate::audit::{Actor, ActorType, EventType, Origin};

fn event() -> Event {
    let actor = Actor { kind: ActorType::Agent, id: "agt_1".to_owned() };
    let origin = Origin { request_id: "req_1".to_owned(), ip: Some("::ffff:10.1.2.3".parse().unwrap()) };
    let mut event = Event::new(EventType::SecretRead, actor, Some(origin));
    event.path = Some("production/KEY".to_owned());
    event.details =
        vec![("version", Detail::Integer(3)), ("scopes", Detail::List(vec!["b\"é\u{1f}".to_owned()]))];
    event
}

#[test]
fn a_record_is_canonical_and_complete() {
    let event = event();
    let (bytes, columns) = record(&event, "evt_1", 7, Millis::new(1_780_000_000_123).unwrap()).unwrap();
    let expected = r#"{"actor":{"id":"agt_1","type":"agent"},"details":{"scopes":["b\"é\u001f"],"version":3},"event_type":"secret.read","id":"evt_1","ip":"10.1.2.3","outcome":"allow","path":"production/KEY","reasons":[],"request_id":"req_1","resource_id":null,"resource_type":"secret","seq":7,"time":"2026-05-28T20:26:40.123Z"}"#;
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    assert_eq!(columns.ip.as_deref(), Some("10.1.2.3"));
    assert_eq!(columns.path.as_deref(), Some("production/KEY"));
}

#[test]
fn a_token_is_masked_in_every_text() {
    let token = "wds_0123456789abcdefghijABCDEFGHIJ0123456789abcdefghi";
    let mut event = event();
    event.actor.id = token.to_owned();
    event.path = Some(format!("a/{token}"));
    event.resource_id = Some(token.to_owned());
    event.origin.as_mut().unwrap().request_id = token.to_owned();
    event.details = vec![("a", Detail::Text(token.to_owned())), ("b", Detail::List(vec![token.to_owned()]))];
    let (bytes, columns) = record(&event, "evt_1", 1, Millis::ZERO).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("wds_0"), "{text}");
    assert_eq!((columns.actor_id.as_ref(), columns.path.as_deref()), ("wds_***", Some("a/wds_***")));
}

#[test]
fn a_time_is_read_as_it_is_written_and_no_other_way() {
    for millis in [0, 1, 999, 1_780_000_000_120, 253_402_207_200_000] {
        let time = Millis::new(millis).unwrap();
        assert_eq!(parse_time(&time_text(time).unwrap()), Some(time));
    }
    for other in ["2026-05-28T20:26:40Z", "2026-05-28T22:26:40.123+02:00", "2026-05-28 20:26:40.123Z", ""] {
        assert_eq!(parse_time(other), None, "{other}");
    }
    assert_eq!(time_text(Millis::MAX), Err(RecordError::Time));
}
