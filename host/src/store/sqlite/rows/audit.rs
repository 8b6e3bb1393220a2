//! Audit records, newest first: each filter walks its own index, which ends with seq, so nothing is sorted.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use crate::audit::EventType;
use crate::store::sqlite::values::sql_limit;
use crate::store::{AuditQuery, AuditRow, StoreError};

/// How many entries of each index are counted to find the filter that leaves the fewest records.
const PROBE: i64 = 1_000;

pub(super) fn newest(connection: &Connection, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
    let Some(mut plan) = Plan::new(connection, query)? else { return Ok(Vec::new()) };
    let limit = plan.parameter(Value::Integer(sql_limit(query.limit)));
    let offset = plan.parameter(Value::Integer(sql_limit(query.offset)));
    let found = plan.select("seq, record, salt, leaf, link");
    let sql = format!("{found} ORDER BY seq DESC LIMIT {limit} OFFSET {offset}");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(plan.parameters), row)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn count(connection: &Connection, query: &AuditQuery, most: u64) -> Result<u64, StoreError> {
    let Some(mut plan) = Plan::new(connection, query)? else { return Ok(0) };
    let most = plan.parameter(Value::Integer(sql_limit(most)));
    let sql = format!("SELECT count(*) FROM ({} LIMIT {most})", plan.select("1"));
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row(params_from_iter(plan.parameters), |row| row.get(0))?)
}

fn row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        seq: row.get(0)?,
        record: row.get(1)?,
        salt: row.get(2)?,
        leaf: row.get(3)?,
        link: row.get(4)?,
    })
}

/// How a query is answered: the filter that leads, the others, and the range of seq.
struct Plan<'q> {
    leading: Option<Filter<'q>>,
    others: Vec<Filter<'q>>,
    range: String,
    parameters: Vec<Value>,
}

impl<'q> Plan<'q> {
    /// `None` where nothing can match.
    fn new(connection: &Connection, query: &'q AuditQuery) -> Result<Option<Self>, StoreError> {
        let mut plan =
            Self { leading: None, others: Vec::new(), range: String::new(), parameters: Vec::new() };
        let Some(mut filters) = Filter::all(query) else { return Ok(None) };
        if !plan.bound(connection, query)? {
            return Ok(None);
        }
        if let Some(leading) = leading(connection, &filters)? {
            plan.leading = Some(filters.swap_remove(leading));
        }
        plan.others = filters;
        Ok(Some(plan))
    }

    /// Puts a value into the statement, and answers what stands for it there.
    fn parameter(&mut self, value: Value) -> String {
        self.parameters.push(value);
        format!("?{}", self.parameters.len())
    }

    /// Bounds seq by what the query says of seq and time; `false` if no record lies there.
    fn bound(&mut self, connection: &Connection, query: &AuditQuery) -> Result<bool, StoreError> {
        let mut clauses: Vec<(&str, u64)> = query.below.map(|below| ("seq <", below)).into_iter().collect();
        if clock_was_set_back(connection)? {
            clauses.extend(query.start.map(|start| ("created_at >=", start.as_u64())));
            clauses.extend(query.end.map(|end| ("created_at <", end.as_u64())));
        } else {
            // Time follows seq, so that a range of one is a range of the other.
            for (time, clause, sql) in
                [(query.start, "seq >=", FIRST_SINCE), (query.end, "seq <=", LAST_BEFORE)]
            {
                let Some(time) = time else { continue };
                let mut statement = connection.prepare_cached(sql)?;
                let seq: Option<u64> = statement.query_row([time.as_u64()], |row| row.get(0)).optional()?;
                let Some(seq) = seq else { return Ok(false) };
                clauses.push((clause, seq));
            }
        }
        for (clause, number) in clauses {
            let number = self.parameter(Value::Integer(sql_limit(number)));
            self.range.push_str(&format!(" AND {clause} {number}"));
        }
        Ok(true)
    }

    /// The statement without its order: one part for each value of the leading filter, which SQLite merges in order.
    fn select(&mut self, columns: &str) -> String {
        let mut rest = std::mem::take(&mut self.range);
        for filter in std::mem::take(&mut self.others) {
            let values: Vec<_> = filter.values.iter().map(|value| self.parameter(text(value))).collect();
            // The `+` keeps the planner from preferring this filter's index.
            rest.push_str(&format!(" AND +{} IN ({})", filter.column, values.join(", ")));
        }
        let Some(leading) = self.leading.take() else {
            return format!("SELECT {columns} FROM audit WHERE true{rest}");
        };
        let Filter { column, index, .. } = leading;
        let parts: Vec<_> = leading
            .values
            .iter()
            .map(|value| {
                let value = self.parameter(text(value));
                format!(
                    "SELECT {columns} FROM audit{} WHERE {column} = {value}{}{rest}",
                    by(index),
                    partial(index)
                )
            })
            .collect();
        parts.join(" UNION ALL ")
    }
}

/// A column that must have one of some values.
struct Filter<'q> {
    column: &'static str,
    /// `None` where the newest records are the likeliest to match.
    index: Option<&'static str>,
    values: Vec<&'q str>,
}

impl<'q> Filter<'q> {
    /// The filters of a query, the likeliest to leave few records first; `None` where they exclude each other.
    fn all(query: &'q AuditQuery) -> Option<Vec<Self>> {
        let mut filters = Vec::new();
        let mut add = |column, index, values| filters.push(Filter { column, index, values });
        for (value, column, index) in [
            (&query.actor_id, "actor_id", "audit_by_actor"),
            (&query.path, "path", "audit_by_path"),
            (&query.ip, "ip", "audit_by_ip"),
        ] {
            if let Some(value) = value {
                add(column, Some(index), vec![value.as_str()]);
            }
        }
        if let Some(outcome) = &query.outcome {
            add("outcome", (outcome != "allow").then_some(BY_OUTCOME), vec![outcome.as_str()]);
        }
        if let Some(values) = event_types(query) {
            if values.is_empty() {
                return None;
            }
            add("event_type", Some("audit_by_event_type"), values);
        }
        Some(filters)
    }
}

/// The event types that a query allows; `None` where it allows all.
fn event_types(query: &AuditQuery) -> Option<Vec<&str>> {
    let Some(resource) = &query.resource_type else {
        return query.event_type.as_deref().map(|event_type| vec![event_type]);
    };
    let of_resource = EventType::ALL.iter().filter(|event_type| event_type.resource_type() == resource);
    let asked = |name: &&str| query.event_type.as_deref().is_none_or(|asked| asked == *name);
    Some(of_resource.map(|event_type| event_type.name()).filter(asked).collect())
}

const BY_OUTCOME: &str = "audit_by_outcome";

fn by(index: Option<&str>) -> String {
    index.map(|index| format!(" INDEXED BY {index}")).unwrap_or_default()
}

/// The condition of a partial index that a bound value does not imply.
fn partial(index: Option<&str>) -> &'static str {
    if index == Some(BY_OUTCOME) { " AND outcome <> 'allow'" } else { "" }
}

/// The filter with an index that leaves the fewest records, as far as that is worth counting.
fn leading(connection: &Connection, filters: &[Filter<'_>]) -> Result<Option<usize>, StoreError> {
    let mut best = None;
    for (position, filter) in filters.iter().enumerate().filter(|(_, filter)| filter.index.is_some()) {
        let mut left: i64 = 0;
        for value in filter.values.iter().filter(|_| filters.len() > 1) {
            let Filter { column, index, .. } = *filter;
            let sql = format!(
                "SELECT count(*) FROM (SELECT 1 FROM audit{} WHERE {column} = ?1{} LIMIT {PROBE})",
                by(index),
                partial(index)
            );
            let found: i64 = connection.prepare_cached(&sql)?.query_row([value], |row| row.get(0))?;
            left = left.saturating_add(found);
        }
        if best.is_none_or(|(fewest, _)| left < fewest) {
            best = Some((left, position));
        }
    }
    Ok(best.map(|(_, position)| position))
}

fn clock_was_set_back(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM audit_clock_breaks)";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

const FIRST_SINCE: &str = "SELECT seq FROM audit WHERE created_at >= ?1 ORDER BY created_at, seq LIMIT 1";
const LAST_BEFORE: &str =
    "SELECT seq FROM audit WHERE created_at < ?1 ORDER BY created_at DESC, seq DESC LIMIT 1";

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}
