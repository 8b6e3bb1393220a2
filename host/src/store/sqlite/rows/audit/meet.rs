//! Records that several filters find: each index in turn leaps to where the others are, and where all of them meet is a match.
//!
//! The cost is that of the filter which finds the fewest, wherever in the chain its records lie.

use std::collections::VecDeque;

use rusqlite::{CachedStatement, Connection};

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
    values: Vec<Way<'q>>,
}

impl<'c, 'q> Walk<'c, 'q> {
    fn new(connection: &'c Connection, filter: &Filter<'q>) -> Result<Self, StoreError> {
        let sql = format!("SELECT seq FROM {} AND seq <= ?2 ORDER BY seq DESC LIMIT ?3", filter.clause(1));
        let way = |value: &&'q str| Way { value, ahead: VecDeque::new(), most: 1, has_more: true };
        let values = filter.values.iter().map(way).collect();
        Ok(Self { statement: connection.prepare_cached(&sql)?, values })
    }

    /// The newest record of the filter that is not newer than `seq`; `seq` never rises.
    fn at_or_before(&mut self, seq: u64) -> Result<Option<u64>, StoreError> {
        let mut newest = None;
        let mut exact = None;
        for (place, way) in self.values.iter_mut().enumerate() {
            newest = newest.max(way.at_or_before(seq, &mut self.statement)?);
            if newest == Some(seq) {
                exact = Some(place);
                break;
            }
        }
        if let Some(place) = exact {
            // Nothing is newer, and the next one is likely to be of this value too.
            self.values.swap(0, place);
        }
        Ok(newest)
    }
}

/// How many records are read ahead at most.
const MOST_AHEAD: u64 = 256;

/// The records of one value.
struct Way<'q> {
    value: &'q str,
    /// Read already, newest first.
    ahead: VecDeque<u64>,
    /// How many to read at the next look: more where each was needed, one where most are leapt over.
    most: u64,
    has_more: bool,
}

impl Way<'_> {
    fn at_or_before(
        &mut self,
        seq: u64,
        statement: &mut CachedStatement<'_>,
    ) -> Result<Option<u64>, StoreError> {
        let passed = self.ahead.iter().take_while(|found| **found > seq).count();
        self.ahead.drain(..passed);
        if self.ahead.is_empty() && self.has_more {
            self.most = if passed > 1 { 1 } else { MOST_AHEAD.min(self.most.saturating_mul(2)) };
            let found = statement.query_map((self.value, seq, self.most), |row| row.get(0))?;
            self.ahead = found.collect::<Result<_, _>>()?;
            self.has_more = u64::try_from(self.ahead.len()).is_ok_and(|found| found == self.most);
        }
        Ok(self.ahead.front().copied())
    }
}

/// What the walks do not answer, looked up for each record that they meet at.
struct Rest<'c, 'q> {
    /// Where only what was allowed is wanted: what was not, which is rarer.
    refused: Option<Walk<'c, 'q>>,
    time: CachedStatement<'c>,
    times: Option<(u64, u64)>,
}

impl<'c, 'q> Rest<'c, 'q> {
    fn new(connection: &'c Connection, filters: &[Filter<'q>], range: &Range) -> Result<Self, StoreError> {
        let only_allowed = filters.iter().any(|filter| filter.index.is_none());
        let refused = only_allowed.then(|| Walk::new(connection, &Filter::refused())).transpose()?;
        let time = connection.prepare_cached("SELECT created_at FROM audit WHERE seq = ?1")?;
        Ok(Self { refused, time, times: range.times })
    }

    fn matches(&mut self, seq: u64) -> Result<bool, StoreError> {
        if let Some(refused) = &mut self.refused
            && refused.at_or_before(seq)? == Some(seq)
        {
            return Ok(false);
        }
        let Some((start, end)) = self.times else { return Ok(true) };
        let time: u64 = self.time.query_row([seq], |row| row.get(0))?;
        Ok((start..end).contains(&time))
    }
}
