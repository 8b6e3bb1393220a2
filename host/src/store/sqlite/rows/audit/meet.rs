//! Records that several filters find: each index in turn leaps to where the others are, and where all of them meet is a match.
//!
//! The cost is that of the filter which finds the fewest, wherever in the chain its records lie.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _};

use super::Range;
use super::filter::Filter;
use crate::store::StoreError;

/// Calls `visit` with the seq of each match, newest first, until it answers `false`.
pub(super) fn each(
    connection: &Connection,
    filters: &[Filter<'_>],
    range: &Range,
    mut visit: impl FnMut(u64) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut walks = Vec::with_capacity(filters.len());
    for filter in filters.iter().filter(|filter| filter.index.is_some()) {
        walks.push(Walk::new(connection, filter)?);
    }
    let mut rest = Rest::new(connection, filters, range)?;
    let mut seq = range.last;
    let mut agreed = 0_usize;
    while !walks.is_empty() {
        let walks_there = walks.len();
        for walk in &mut walks {
            let Some(found) = walk.at_or_before(seq)?.filter(|found| *found >= range.first) else {
                return Ok(());
            };
            agreed = if found == seq { agreed.saturating_add(1) } else { 1 };
            seq = found;
            if agreed == walks_there {
                if rest.matches(seq)? && !visit(seq)? {
                    return Ok(());
                }
                agreed = 0;
                seq = seq.saturating_sub(1);
            }
        }
    }
    Ok(())
}

/// One filter's way down its index.
struct Walk<'c, 'q> {
    statement: CachedStatement<'c>,
    /// Each value, and where it was found last.
    values: Vec<(&'q str, Place)>,
}

#[derive(Clone, Copy)]
enum Place {
    /// Found there, and nowhere between there and where it was looked for.
    At(u64),
    /// Found nowhere before.
    End,
    Unknown,
}

impl<'c, 'q> Walk<'c, 'q> {
    fn new(connection: &'c Connection, filter: &Filter<'q>) -> Result<Self, StoreError> {
        let sql = format!("SELECT seq FROM {} AND seq <= ?2 ORDER BY seq DESC LIMIT 1", filter.clause(1));
        let values = filter.values.iter().map(|value| (*value, Place::Unknown)).collect();
        Ok(Self { statement: connection.prepare_cached(&sql)?, values })
    }

    /// The newest record of the filter that is not newer than `seq`; `seq` never rises.
    fn at_or_before(&mut self, seq: u64) -> Result<Option<u64>, StoreError> {
        let mut newest = None;
        for (value, place) in &mut self.values {
            match *place {
                Place::End => continue,
                Place::At(found) if found <= seq => {}
                Place::At(_) | Place::Unknown => {
                    let found = self.statement.query_row((*value, seq), |row| row.get(0)).optional()?;
                    *place = found.map_or(Place::End, Place::At);
                }
            }
            if let Place::At(found) = *place {
                newest = newest.max(Some(found));
            }
        }
        Ok(newest)
    }
}

/// What no index answers, looked up in the record itself.
struct Rest<'c, 'q> {
    statement: CachedStatement<'c>,
    outcome: Option<&'q str>,
    times: Option<(u64, u64)>,
}

impl<'c, 'q> Rest<'c, 'q> {
    fn new(connection: &'c Connection, filters: &[Filter<'q>], range: &Range) -> Result<Self, StoreError> {
        let statement = connection.prepare_cached("SELECT outcome, created_at FROM audit WHERE seq = ?1")?;
        let without_index = filters.iter().find(|filter| filter.index.is_none());
        let outcome = without_index.and_then(|filter| filter.values.first().copied());
        Ok(Self { statement, outcome, times: range.times })
    }

    fn matches(&mut self, seq: u64) -> Result<bool, StoreError> {
        if self.outcome.is_none() && self.times.is_none() {
            return Ok(true);
        }
        let (outcome, time): (String, u64) =
            self.statement.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(self.outcome.is_none_or(|wanted| wanted == outcome)
            && self.times.is_none_or(|(start, end)| (start..end).contains(&time)))
    }
}
