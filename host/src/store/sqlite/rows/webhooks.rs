//! Where approvals are announced, and what is still to be sent.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::{Value, json};
use warded_core::crypto::seal;
use warded_core::time::Millis;

use super::Rows;
use crate::audit::record::time_text;
use crate::id::{Prefix, new_id};
use crate::store::StoreError;
use crate::store::sqlite::values::{list, list_text, millis, optional_millis};
use crate::store::webhooks::{self, Delivery, MAX_WAITING, WebhookRow};

/// The version of the one data key that a webhook has.
const KEY_VERSION: u64 = 1;

const SELECT: &str = "SELECT w.id, w.url, w.kinds, k.sealed, w.sealed, w.created_at, w.created_by, w.disabled_at, \
    (SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id), w.dropped \
    FROM webhooks w JOIN data_keys k ON k.object_id = w.id WHERE w.deleted_at IS NULL";

fn find(connection: &Connection, id: &str) -> Result<Option<WebhookRow>, StoreError> {
    let sql = format!("{SELECT} AND w.id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], webhook).optional()?)
}

fn all(connection: &Connection) -> Result<Vec<WebhookRow>, StoreError> {
    let sql = format!("{SELECT} ORDER BY w.number");
    Ok(connection.prepare_cached(&sql)?.query_map([], webhook)?.collect::<Result<_, _>>()?)
}

fn webhook(row: &Row<'_>) -> rusqlite::Result<WebhookRow> {
    Ok(WebhookRow {
        id: row.get(0)?,
        url: row.get(1)?,
        kinds: list(row, 2)?,
        sealed_key: row.get(3)?,
        sealed_secret: row.get(4)?,
        created_at: millis(row, 5)?,
        created_by: row.get(6)?,
        disabled_at: optional_millis(row, 7)?,
        waiting: row.get(8)?,
        dropped: row.get(9)?,
    })
}

/// The first that is due of each webhook, in the order in which they fall due.
const DUE: &str = "SELECT d.id, d.webhook_id, d.kind, d.body, d.attempts FROM webhooks w \
    JOIN webhook_deliveries d ON d.number = (SELECT number FROM webhook_deliveries \
        WHERE webhook_id = w.id AND due_at <= ?1 ORDER BY due_at, number LIMIT 1) \
    WHERE w.deleted_at IS NULL AND w.disabled_at IS NULL ORDER BY w.number";

fn due(connection: &Connection, now: Millis) -> Result<Vec<Delivery>, StoreError> {
    let delivery = |row: &Row<'_>| {
        Ok(Delivery {
            id: row.get(0)?,
            webhook_id: row.get(1)?,
            kind: row.get(2)?,
            body: row.get(3)?,
            attempts: row.get(4)?,
        })
    };
    Ok(connection.prepare_cached(DUE)?.query_map([now.as_u64()], delivery)?.collect::<Result<_, _>>()?)
}

fn next_due(connection: &Connection) -> Result<Option<Millis>, StoreError> {
    let sql = "SELECT min((SELECT min(due_at) FROM webhook_deliveries WHERE webhook_id = w.id)) FROM webhooks w \
        WHERE w.deleted_at IS NULL AND w.disabled_at IS NULL";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| optional_millis(row, 0))?)
}

fn add(connection: &Connection, webhook: &WebhookRow) -> Result<(), StoreError> {
    let key_id =
        seal::key_id(&webhook.sealed_key).ok_or(StoreError::Damaged("a data key that is not sealed"))?;
    let sql = "INSERT INTO data_keys (object_id, version, key_id, sealed) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        webhook.id,
        KEY_VERSION,
        key_id.as_bytes(),
        webhook.sealed_key
    ])?;
    let sql = "INSERT INTO webhooks (id, url, kinds, sealed, created_at, created_by) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        webhook.id,
        webhook.url,
        list_text(&webhook.kinds),
        webhook.sealed_secret,
        webhook.created_at.as_u64(),
        webhook.created_by
    ])?;
    Ok(())
}

fn delete(connection: &Connection, id: &str, now: Millis) -> Result<bool, StoreError> {
    let sql = "UPDATE webhooks SET deleted_at = ?2, sealed = x'' WHERE id = ?1 AND deleted_at IS NULL";
    if connection.prepare_cached(sql)?.execute(params![id, now.as_u64()])? == 0 {
        return Ok(false);
    }
    connection.prepare_cached("DELETE FROM data_keys WHERE object_id = ?1")?.execute([id])?;
    forget(connection, id)?;
    Ok(true)
}

fn disable(connection: &Connection, id: &str, now: Millis) -> Result<(), StoreError> {
    let sql = "UPDATE webhooks SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL";
    connection.prepare_cached(sql)?.execute(params![id, now.as_u64()])?;
    forget(connection, id)
}

fn forget(connection: &Connection, webhook_id: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM webhook_deliveries WHERE webhook_id = ?1";
    connection.prepare_cached(sql)?.execute([webhook_id])?;
    Ok(())
}

fn wanting(connection: &Connection, kind: &str) -> Result<Vec<String>, StoreError> {
    let sql =
        "SELECT id, kinds FROM webhooks WHERE deleted_at IS NULL AND disabled_at IS NULL ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, list(row, 1)?));
    let found = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
    Ok(found
        .into_iter()
        .filter(|(_, kinds)| kinds.iter().any(|known| known == kind))
        .map(|(id, _)| id)
        .collect())
}

fn enqueue(
    connection: &Connection,
    webhook_id: &str,
    kind: &str,
    data: &Value,
    now: Millis,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM webhook_deliveries WHERE webhook_id = ?1 LIMIT ?2)";
    let waiting: u64 =
        connection.prepare_cached(sql)?.query_row(params![webhook_id, MAX_WAITING], |row| row.get(0))?;
    if waiting >= MAX_WAITING {
        let sql = "UPDATE webhooks SET dropped = dropped + 1 WHERE id = ?1";
        connection.prepare_cached(sql)?.execute([webhook_id])?;
        return Ok(None);
    }
    let body = json!({ "type": kind, "timestamp": time_text(now)?, "data": data }).to_string();
    let id = new_id(Prefix::Event)?;
    let sql = "INSERT INTO webhook_deliveries (id, webhook_id, kind, body, due_at, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    connection.prepare_cached(sql)?.execute(params![id, webhook_id, kind, body, now.as_u64()])?;
    Ok(Some(id))
}

fn begin(connection: &Connection, id: &str, again: Millis) -> Result<bool, StoreError> {
    let sql = "UPDATE webhook_deliveries SET attempts = attempts + 1, due_at = ?2 WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.execute(params![id, again.as_u64()])? > 0)
}

fn end(connection: &Connection, id: &str) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM webhook_deliveries WHERE id = ?1")?.execute([id])?;
    Ok(())
}

impl webhooks::Reads for Rows<'_> {
    fn webhook(&mut self, id: &str) -> Result<Option<WebhookRow>, StoreError> {
        find(self.connection, id)
    }

    fn webhooks(&mut self) -> Result<Vec<WebhookRow>, StoreError> {
        all(self.connection)
    }

    fn due_deliveries(&mut self) -> Result<Vec<Delivery>, StoreError> {
        due(self.connection, self.now)
    }

    fn next_delivery(&mut self) -> Result<Option<Millis>, StoreError> {
        next_due(self.connection)
    }
}

impl webhooks::Writes for Rows<'_> {
    fn add_webhook(&mut self, webhook: &WebhookRow) -> Result<(), StoreError> {
        add(self.connection, webhook)
    }

    fn delete_webhook(&mut self, id: &str) -> Result<bool, StoreError> {
        delete(self.connection, id, self.now)
    }

    fn disable_webhook(&mut self, id: &str) -> Result<(), StoreError> {
        disable(self.connection, id, self.now)
    }

    fn announce(&mut self, kind: &str, data: &Value) -> Result<(), StoreError> {
        for id in wanting(self.connection, kind)? {
            enqueue(self.connection, &id, kind, data, self.now)?;
        }
        Ok(())
    }

    fn enqueue(&mut self, webhook_id: &str, kind: &str, data: &Value) -> Result<Option<String>, StoreError> {
        enqueue(self.connection, webhook_id, kind, data, self.now)
    }

    fn begin_delivery(&mut self, id: &str, again: Millis) -> Result<bool, StoreError> {
        begin(self.connection, id, again)
    }

    fn end_delivery(&mut self, id: &str) -> Result<(), StoreError> {
        end(self.connection, id)
    }
}
