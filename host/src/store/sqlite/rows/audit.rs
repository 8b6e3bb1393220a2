//! Audit records, newest first, by filters that each have an index ending with seq, so that nothing is ever sorted.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use self::filter::Filter;
use warded_core::audit::checkpoint::Checkpoint;

use super::Rows;
use crate::audit::EventType;
use crate::guest::SealedValue;
use crate::store::audit::{self, Erased, Erasure};
use crate::store::sqlite::values::sql_limit;
use crate::store::{AuditQuery, AuditRow, ChainRow, StoreError};

mod chain;
pub(in crate::store::sqlite) mod checkpoints;
mod erasure;
mod filter;
mod meet;
#[cfg(test)]
mod tests;

const COLUMNS: &str = "seq, record, salt, leaf, link";

pub(super) fn newest(connection: &Connection, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
    let (Some(filters), Some(range)) = (Filter::indexed(query), Range::of(connection, query)?) else {
        return Ok(Vec::new());
    };
    let page = (query.offset, query.limit);
    match filters.as_slice() {
        [] => page_of(connection, None, &range, page),
        [filter] => page_of(connection, Some(filter), &range, page),
        filters => met_page(connection, filters, &range, page),
    }
}

pub(super) fn count(connection: &Connection, query: &AuditQuery, most: u64) -> Result<u64, StoreError> {
    let (Some(filters), Some(range)) = (Filter::indexed(query), Range::of(connection, query)?) else {
        return Ok(0);
    };
    match filters.as_slice() {
        [] => count_of(connection, None, &range, most),
        [filter] => count_of(connection, Some(filter), &range, most),
        filters => {
            let mut found = 0;
            meet::each(connection, filters, &range, |_| {
                found = u64::saturating_add(found, 1);
                Ok(found < most)
            })?;
            Ok(found.min(most))
        }
    }
}

/// Where in the chain a query looks.
struct Range {
    first: u64,
    last: u64,
    /// From and before, to be looked up in each record, where the clock was set back and seq does not follow time.
    times: Option<(u64, u64)>,
}

impl Range {
    /// `None` where no record lies in it.
    fn of(connection: &Connection, query: &AuditQuery) -> Result<Option<Self>, StoreError> {
        let last = query.below.map_or(u64::MAX, |below| below.saturating_sub(1)).min(i64::MAX.unsigned_abs());
        let mut range = Self { first: 1, last, times: None };
        if query.start.is_none() && query.end.is_none() {
            return Ok(Some(range));
        }
        if clock_was_set_back(connection)? {
            let start = query.start.map_or(0, |start| start.as_u64());
            range.times = Some((start, query.end.map_or(i64::MAX.unsigned_abs(), |end| end.as_u64())));
            return Ok(Some(range));
        }
        if let Some(start) = query.start {
            let Some(first) = seq_at(connection, FIRST_SINCE, start.as_u64())? else { return Ok(None) };
            range.first = first;
        }
        if let Some(end) = query.end {
            let Some(last) = seq_at(connection, LAST_BEFORE, end.as_u64())? else { return Ok(None) };
            range.last = range.last.min(last);
        }
        Ok(Some(range))
    }
}

const FIRST_SINCE: &str = "SELECT seq FROM audit WHERE created_at >= ?1 ORDER BY created_at, seq LIMIT 1";
const LAST_BEFORE: &str =
    "SELECT seq FROM audit WHERE created_at < ?1 ORDER BY created_at DESC, seq DESC LIMIT 1";

fn seq_at(connection: &Connection, sql: &str, time: u64) -> Result<Option<u64>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_row([time], |row| row.get(0)).optional()?)
}

fn clock_was_set_back(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM audit_clock_breaks)";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

fn page_of(
    connection: &Connection,
    filter: Option<&Filter<'_>>,
    range: &Range,
    (offset, limit): (u64, u64),
) -> Result<Vec<AuditRow>, StoreError> {
    let (from, mut values) = select(COLUMNS, filter, range);
    let sql = format!("{from} ORDER BY seq DESC LIMIT ?{} OFFSET ?{}", values.len() + 1, values.len() + 2);
    values.extend([limit, offset].map(|number| Value::Integer(sql_limit(number))));
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map(params_from_iter(values), audit_row)?.collect::<Result<_, _>>()?)
}

fn count_of(
    connection: &Connection,
    filter: Option<&Filter<'_>>,
    range: &Range,
    most: u64,
) -> Result<u64, StoreError> {
    let (from, mut values) = select("1", filter, range);
    let sql = format!("SELECT count(*) FROM ({from} LIMIT ?{})", values.len() + 1);
    values.push(Value::Integer(sql_limit(most)));
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row(params_from_iter(values), |row| row.get(0))?)
}

/// The statement of one filter or none: a part for each value of the filter, which SQLite merges in order.
fn select(columns: &str, filter: Option<&Filter<'_>>, range: &Range) -> (String, Vec<Value>) {
    let mut values = vec![Value::Integer(sql_limit(range.first)), Value::Integer(sql_limit(range.last))];
    let mut bounds = "seq >= ?1 AND seq <= ?2".to_owned();
    if let Some((start, end)) = range.times {
        values.extend([start, end].map(|time| Value::Integer(sql_limit(time))));
        bounds.push_str(" AND created_at >= ?3 AND created_at < ?4");
    }
    let Some(filter) = filter else {
        return (format!("SELECT {columns} FROM audit WHERE {bounds}"), values);
    };
    let mut parts = Vec::with_capacity(filter.values.len());
    for value in &filter.values {
        values.push(Value::Text((*value).to_owned()));
        parts.push(format!("SELECT {columns} FROM {} AND {bounds}", filter.clause(values.len())));
    }
    (parts.join(" UNION ALL "), values)
}

fn met_page(
    connection: &Connection,
    filters: &[Filter<'_>],
    range: &Range,
    (offset, limit): (u64, u64),
) -> Result<Vec<AuditRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let (mut skip, mut left) = (offset, limit);
    let mut rows = Vec::new();
    meet::each(connection, filters, range, |seq| {
        if skip > 0 {
            skip = skip.saturating_sub(1);
        } else if left > 0 {
            left = left.saturating_sub(1);
            rows.push(statement.query_row([seq], audit_row)?);
        }
        Ok(left > 0)
    })?;
    Ok(rows)
}

fn audit_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        seq: row.get(0)?,
        record: row.get(1)?,
        salt: row.get(2)?,
        leaf: row.get(3)?,
        link: row.get(4)?,
    })
}

impl audit::Reads for Rows<'_> {
    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        newest(self.connection, query)
    }

    fn audit_count(&mut self, query: &AuditQuery, most: u64) -> Result<u64, StoreError> {
        count(self.connection, query, most)
    }

    fn chain_span(&mut self, query: &AuditQuery) -> Result<Option<(u64, u64)>, StoreError> {
        let whole = AuditQuery { below: None, ..query.clone() };
        let Some(range) = Range::of(self.connection, &whole)? else { return Ok(None) };
        let last = chain::link(self.connection, range.last)?;
        Ok(last.map(|(seq, _)| (range.first, seq)).filter(|(first, last)| first <= last))
    }

    fn chain(
        &mut self,
        query: &AuditQuery,
        after: u64,
        through: u64,
        most: u64,
    ) -> Result<Vec<ChainRow>, StoreError> {
        chain::places(self.connection, query, after, through, most)
    }

    fn chain_link(&mut self, seq: u64) -> Result<Option<(u64, [u8; 32])>, StoreError> {
        chain::link(self.connection, seq)
    }

    fn has_recorded_since(&mut self, seq: u64, except: EventType) -> Result<bool, StoreError> {
        chain::has_more(self.connection, seq, except.name())
    }

    fn checkpoints(&mut self, after: u64, through: u64, most: u64) -> Result<Vec<Checkpoint>, StoreError> {
        checkpoints::between(self.connection, after, through, most)
    }

    fn newest_checkpoints(&mut self, below: u64, most: u64) -> Result<Vec<Checkpoint>, StoreError> {
        checkpoints::newest(self.connection, below, most)
    }

    fn checkpoint_key(&mut self) -> Result<Option<SealedValue>, StoreError> {
        checkpoints::key(self.connection)
    }
}

impl audit::Writes for Rows<'_> {
    fn add_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        checkpoints::add(self.connection, checkpoint)
    }

    fn add_checkpoint_key(&mut self, key: &SealedValue) -> Result<(), StoreError> {
        checkpoints::add_key(self.connection, key)
    }

    fn erase_audit(&mut self, erasure: &Erasure, most: u64) -> Result<Erased, StoreError> {
        erasure::erase(self.connection, erasure, most)
    }
}
