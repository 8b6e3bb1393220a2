//! Which records are known by their leaf only, and which of those a later record says were erased.

use serde_json::Value;

use super::{Detail, EventType};
use crate::store::audit::Erased;

/// What is missing and not yet accounted for, in ranges: memory grows with the gaps, not with the chain.
#[derive(Debug, Default)]
pub struct Erasures {
    unnamed: Vec<(u64, u64)>,
    missing: u64,
}

impl Erasures {
    /// A record is known by its leaf only; seqs only rise.
    pub fn miss(&mut self, seq: u64) {
        self.missing = self.missing.saturating_add(1);
        match self.unnamed.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(seq) => *last = seq,
            _ => self.unnamed.push((seq, seq)),
        }
    }

    /// A record may say that others were erased.
    pub fn read(&mut self, record: &[u8]) {
        let Ok(record) = serde_json::from_slice::<Value>(record) else { return };
        if record.get("event_type").and_then(Value::as_str) != Some(EventType::AuditErased.name()) {
            return;
        }
        let named = record.get("details").and_then(|details| details.get("seqs")).and_then(Value::as_array);
        for range in named.into_iter().flatten().filter_map(|range| parse(range.as_str()?)) {
            self.name(range);
        }
    }

    fn name(&mut self, (first, last): (u64, u64)) {
        let from = self.unnamed.partition_point(|(_, end)| *end < first);
        let to = self.unnamed.partition_point(|(start, _)| *start <= last);
        let Some(met) = self.unnamed.get(from..to).filter(|met| !met.is_empty()) else { return };
        let before = met
            .first()
            .filter(|(start, _)| *start < first)
            .map(|(start, _)| (*start, first.saturating_sub(1)));
        let after = met.last().filter(|(_, end)| *end > last).map(|(_, end)| (last.saturating_add(1), *end));
        self.unnamed.splice(from..to, before.into_iter().chain(after));
    }

    /// How many records are missing.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// The first record that is missing although nothing says that it was erased.
    #[must_use]
    pub fn unnamed(&self) -> Option<u64> {
        self.unnamed.first().map(|(first, _)| *first)
    }
}

/// What the record of an erasure says of it.
#[must_use]
pub fn details(erased: &Erased) -> Vec<(&'static str, Detail)> {
    let seqs = erased.ranges.iter().copied().map(text).collect();
    vec![("count", Detail::Integer(erased.count)), ("seqs", Detail::List(seqs))]
}

/// The text of a range.
fn text((first, last): (u64, u64)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

fn parse(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(event_type: &str, seqs: &[(u64, u64)]) -> Vec<u8> {
        let seqs: Vec<_> = seqs.iter().map(|range| text(*range)).collect();
        serde_json::to_vec(&serde_json::json!({ "event_type": event_type, "details": { "seqs": seqs } }))
            .unwrap()
    }

    #[test]
    fn what_a_record_names_is_accounted_for() {
        let mut erasures = Erasures::default();
        for seq in [2, 3, 4, 5, 6, 9, 10, 20] {
            erasures.miss(seq);
        }
        erasures.read(&record("audit.erased", &[(4, 4), (10, 19)]));
        assert_eq!(erasures.unnamed, [(2, 3), (5, 6), (9, 9), (20, 20)]);
        erasures.read(&record("audit.erased", &[(1, 9)]));
        assert_eq!((erasures.unnamed(), erasures.missing()), (Some(20), 8));
        erasures.read(&record("audit.erased", &[(30, 40), (20, 20)]));
        assert_eq!(erasures.unnamed(), None);
    }

    #[test]
    fn only_records_of_erasures_account_for_anything() {
        let mut erasures = Erasures::default();
        erasures.miss(1);
        erasures.read(&record("audit.exported", &[(1, 1)]));
        erasures.read(b"{}");
        erasures.read(br#"{"event_type":"audit.erased","details":{"seqs":["x","2-1",1,"-"]}}"#);
        assert_eq!(erasures.unnamed(), Some(1));
    }
}
