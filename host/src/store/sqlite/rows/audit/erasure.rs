//! Erasing records: each leaves its leaf and its link.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::{FIRST_SINCE, clock_was_set_back, seq_at};
use crate::audit::EventType;
use crate::store::StoreError;
use crate::store::audit::{Erased, Erasure};
use crate::store::sqlite::values::sql_limit;

pub(super) fn erase(connection: &Connection, erasure: &Erasure, most: u64) -> Result<Erased, StoreError> {
    let mut erased = Erased::default();
    let mut leave = connection.prepare_cached(
        "INSERT INTO audit_erased (seq, leaf, link) SELECT seq, leaf, link FROM audit WHERE seq = ?1",
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM audit WHERE seq = ?1")?;
    let seqs = found(connection, erasure, most)?;
    for seq in &seqs {
        leave.execute([seq])?;
        delete.execute([seq])?;
        erased.count = erased.count.saturating_add(1);
    }
    for seq in seqs {
        match erased.ranges.last_mut() {
            Some((_, last)) if !is_record_between(connection, *last, seq)? => *last = seq,
            _ if is_record_between(connection, 0, seq)? => erased.ranges.push((seq, seq)),
            _ => erased.ranges.push((1, seq)),
        }
    }
    Ok(erased)
}

/// What is to be erased, oldest first.
fn found(connection: &Connection, erasure: &Erasure, most: u64) -> Result<Vec<u64>, StoreError> {
    let mut values = vec![Value::Integer(sql_limit(most))];
    let mut bind = |column: &str, value| {
        values.push(value);
        format!("{column} ?{}", values.len())
    };
    let conditions = match erasure {
        Erasure::Before(time) => match first_since(connection, time.as_u64())? {
            Some(first) => bind("seq <", Value::Integer(sql_limit(first))),
            None => "TRUE".to_owned(),
        },
        Erasure::Subject { actor_id, path, before } => {
            // What names erased records is needed for as long as those are missing.
            let mut all = vec![bind("event_type <>", Value::Text(EventType::AuditErased.name().to_owned()))];
            all.extend(actor_id.as_ref().map(|id| bind("actor_id =", Value::Text(id.clone()))));
            all.extend(path.as_ref().map(|path| bind("path =", Value::Text(path.clone()))));
            all.extend(before.map(|time| bind("created_at <", Value::Integer(sql_limit(time.as_u64())))));
            all.join(" AND ")
        }
    };
    let sql = format!("SELECT seq FROM audit WHERE {conditions} ORDER BY seq LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map(params_from_iter(values), |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The first record of a time or later.
fn first_since(connection: &Connection, time: u64) -> Result<Option<u64>, StoreError> {
    if clock_was_set_back(connection)? {
        let sql = "SELECT min(seq) FROM audit WHERE created_at >= ?1";
        return Ok(connection.prepare_cached(sql)?.query_row([sql_limit(time)], |row| row.get(0))?);
    }
    seq_at(connection, FIRST_SINCE, time)
}

fn is_record_between(connection: &Connection, after: u64, before: u64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM audit WHERE seq > ?1 AND seq < ?2 LIMIT 1";
    let found = connection.prepare_cached(sql)?.query_row([after, before], |_| Ok(())).optional()?;
    Ok(found.is_some())
}
