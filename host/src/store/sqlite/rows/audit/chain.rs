//! The chain in its order: every place of it, whether or not its record is still there.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use super::filter::Filter;
use crate::store::sqlite::values::sql_limit;
use crate::store::{AuditQuery, ChainRow, StoreError};

/// The places after `after` and up to `through`, oldest first; what the query does not match has no content.
pub(super) fn places(
    connection: &Connection,
    query: &AuditQuery,
    after: u64,
    through: u64,
    most: u64,
) -> Result<Vec<ChainRow>, StoreError> {
    let mut values = [after, through, most].map(|number| Value::Integer(sql_limit(number))).to_vec();
    let matches = condition(query, &mut values);
    let sql = format!(
        "SELECT seq, leaf, link, CASE WHEN {matches} THEN salt END, CASE WHEN {matches} THEN record END \
            FROM audit WHERE seq > ?1 AND seq <= ?2 \
        UNION ALL SELECT seq, leaf, link, NULL, NULL FROM audit_erased WHERE seq > ?1 AND seq <= ?2 \
        ORDER BY seq LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map(params_from_iter(values), place)?.collect::<Result<_, _>>()?)
}

fn place(row: &Row<'_>) -> rusqlite::Result<ChainRow> {
    let (salt, record): (Option<[u8; 16]>, Option<Vec<u8>>) = (row.get(3)?, row.get(4)?);
    Ok(ChainRow { seq: row.get(0)?, content: salt.zip(record), leaf: row.get(1)?, link: row.get(2)? })
}

/// What a record must be to match, whatever index would find it: the chain is walked, not searched.
fn condition(query: &AuditQuery, values: &mut Vec<Value>) -> String {
    let Some(filters) = Filter::all(query) else { return "FALSE".to_owned() };
    let mut parts = vec!["TRUE".to_owned()];
    for (bound, time) in [("created_at >=", query.start), ("created_at <", query.end)] {
        if let Some(time) = time {
            values.push(Value::Integer(sql_limit(time.as_u64())));
            parts.push(format!("{bound} ?{}", values.len()));
        }
    }
    for filter in filters {
        let mut places = Vec::with_capacity(filter.values.len());
        for value in filter.values {
            values.push(Value::Text(value.to_owned()));
            places.push(format!("?{}", values.len()));
        }
        parts.push(format!("{} IN ({})", filter.column, places.join(", ")));
    }
    parts.join(" AND ")
}

/// Seq and link of the newest place that is not after `seq`.
pub(super) fn link(connection: &Connection, seq: u64) -> Result<Option<(u64, [u8; 32])>, StoreError> {
    let sql = "SELECT seq, link FROM \
        (SELECT * FROM (SELECT seq, link FROM audit WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1) \
        UNION ALL SELECT * FROM (SELECT seq, link FROM audit_erased WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1)) \
        ORDER BY seq DESC LIMIT 1";
    let found = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(connection.prepare_cached(sql)?.query_row([sql_limit(seq)], found).optional()?)
}

/// Whether a record after `seq` has another event type than this one.
pub(super) fn has_more(connection: &Connection, seq: u64, except: &str) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM audit WHERE seq > ?1 AND event_type <> ?2)";
    let found = |row: &Row<'_>| row.get(0);
    Ok(connection.prepare_cached(sql)?.query_row((sql_limit(seq), except), found)?)
}
