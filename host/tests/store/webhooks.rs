//! Webhooks and the durable queue of what is to be sent to them.

use serde_json::{Value, json};
use warded::store::query;
use warded::store::webhooks::{Delivery, WebhookRow};
use warded_core::time::Millis;

use super::fixture::{Fixture, at, version};

fn webhook(id: &str, kinds: &[&str]) -> WebhookRow {
    WebhookRow {
        id: id.to_owned(),
        url: "https://example.com/hook".to_owned(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        sealed_key: version(1).sealed_key,
        sealed_secret: vec![9; 80],
        created_at: at(1_000),
        created_by: "mem_1".to_owned(),
        disabled_at: None,
        waiting: 0,
        dropped: 0,
    }
}

fn due(fixture: &Fixture) -> Vec<Delivery> {
    query(&fixture.store, |read| read.due_deliveries()).unwrap()
}

/// One that wants two kinds and one that wants one.
fn filled() -> Fixture {
    let fixture = Fixture::new();
    fixture.write(|tx| {
        tx.add_webhook(&webhook("whk_both", &["approval.requested", "approval.denied"]))?;
        tx.add_webhook(&webhook("whk_one", &["approval.denied"]))
    });
    fixture
}

#[test]
fn an_announcement_waits_for_each_that_wants_it() {
    let fixture = filled();
    fixture.write(|tx| {
        tx.announce("approval.requested", &json!({ "approval_id": "apr_1" }))?;
        tx.announce("approval.denied", &json!({ "approval_id": "apr_2" }))?;
        tx.announce("audit.checkpoint", &json!({}))
    });
    let found = due(&fixture);
    let of: Vec<_> = found.iter().map(|one| (one.webhook_id.as_str(), one.kind.as_str())).collect();
    assert_eq!(of, [("whk_both", "approval.requested"), ("whk_one", "approval.denied")], "one each");
    let body: Value = serde_json::from_str(&found[0].body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["approval_id"]),
        (&json!("approval.requested"), &json!("apr_1"))
    );
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    let waiting = query(&fixture.store, |read| read.webhooks()).unwrap();
    assert_eq!(waiting.iter().map(|webhook| webhook.waiting).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn what_was_begun_comes_again_unless_it_ends() {
    let fixture = filled();
    fixture.write(|tx| tx.announce("approval.denied", &json!({})));
    let first = due(&fixture).remove(1);
    let id = first.id.clone();
    fixture.write(move |tx| {
        assert!(tx.begin_delivery(&id, Millis::MAX)?);
        Ok(())
    });
    assert_eq!(due(&fixture).len(), 1, "it is put off");
    let fixture = reopened(fixture);
    let id = first.id.clone();
    fixture.write(move |tx| tx.begin_delivery(&id, at(5)).map(drop));
    assert_eq!(due(&fixture)[1], Delivery { attempts: 2, ..first.clone() });
    assert_eq!(query(&fixture.store, |read| read.next_delivery()).unwrap(), Some(at(5)));
    let id = first.id;
    fixture.write(move |tx| {
        tx.end_delivery(&id)?;
        assert!(!tx.begin_delivery(&id, at(9))?, "it is gone");
        Ok(())
    });
    assert_eq!(due(&fixture).len(), 1);
}

fn reopened(fixture: Fixture) -> Fixture {
    let folder = fixture.close();
    let store =
        warded::store::sqlite::SqliteStore::open(folder.path(), warded::clock::Clock::system(), false)
            .unwrap();
    Fixture { folder, store }
}

#[test]
fn nothing_waits_for_a_webhook_that_is_gone_or_disabled() {
    let fixture = filled();
    fixture.write(|tx| {
        tx.announce("approval.denied", &json!({}))?;
        assert!(tx.delete_webhook("whk_one")?);
        assert!(!tx.delete_webhook("whk_one")?);
        tx.disable_webhook("whk_both")?;
        tx.announce("approval.denied", &json!({}))
    });
    assert_eq!(due(&fixture), []);
    assert_eq!(query(&fixture.store, |read| read.next_delivery()).unwrap(), None);
    let left = query(&fixture.store, |read| read.webhooks()).unwrap();
    assert_eq!((left.len(), left[0].waiting, left[0].disabled_at.is_some()), (1, 0, true));
    assert!(query(&fixture.store, |read| read.webhook("whk_one")).unwrap().is_none());
    let rows: u64 = rusqlite::Connection::open(fixture.database())
        .unwrap()
        .query_row("SELECT count(*) FROM data_keys WHERE object_id = 'whk_one'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 0, "its secret opens no more");
}

#[test]
fn a_queue_that_nobody_empties_is_bounded() {
    let fixture = filled();
    fixture.write(|tx| {
        for _ in 0..10_003 {
            tx.announce("approval.requested", &json!({}))?;
        }
        Ok(())
    });
    let webhook = query(&fixture.store, |read| read.webhook("whk_both")).unwrap().unwrap();
    assert_eq!((webhook.waiting, webhook.dropped), (10_000, 3));
}
