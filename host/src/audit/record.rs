//! The canonical record of an event: the bytes that are hashed, and the columns copied from them.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use warded_core::time::Millis;

use super::mask::mask_tokens;
use super::{Detail, Event};

/// What of a record is copied into columns, for queries; verification compares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns<'a> {
    /// When it was recorded.
    pub created_at: Millis,
    /// What happened.
    pub event_type: Cow<'a, str>,
    /// Who did it.
    pub actor_id: Cow<'a, str>,
    /// The path of the secret, if one was named.
    pub path: Option<Cow<'a, str>>,
    /// How it ended.
    pub outcome: Cow<'a, str>,
    /// The client's canonical address, if known.
    pub ip: Option<Cow<'a, str>>,
}

/// Why an event has no canonical record. Neither can come from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The event cannot be written as canonical JSON.
    #[error("the event has no canonical form")]
    NotCanonical,
    /// The time has no year of four digits.
    #[error("the time has no RFC 3339 form")]
    Time,
}

/// The RFC 8785 bytes of an event, and its columns.
///
/// # Errors
/// The time is beyond the year 9999, or a detail holds a number that JSON does not keep exactly.
pub fn record<'a>(
    event: &'a Event,
    id: &str,
    seq: u64,
    now: Millis,
) -> Result<(Vec<u8>, Columns<'a>), RecordError> {
    let columns = Columns {
        created_at: now,
        event_type: event.event_type.name().into(),
        actor_id: mask_tokens(&event.actor.id),
        path: event.path.as_deref().map(mask_tokens),
        outcome: event.outcome.word().into(),
        ip: event.origin.as_ref().and_then(|origin| origin.ip).map(|ip| ip.to_canonical().to_string().into()),
    };
    let record = Record { event, columns: &columns, id, seq, time: time_text(now)? };
    let bytes = serde_json_canonicalizer::to_vec(&record).map_err(|_| RecordError::NotCanonical)?;
    Ok((bytes, columns))
}

/// The time as RFC 3339 in UTC with milliseconds.
///
/// # Errors
/// The time is beyond the year 9999.
pub fn time_text(time: Millis) -> Result<String, RecordError> {
    let millis = i64::try_from(time.as_u64()).map_err(|_| RecordError::Time)?;
    let timestamp = jiff::Timestamp::from_millisecond(millis).map_err(|_| RecordError::Time)?;
    Ok(format!("{timestamp:.3}"))
}

/// The time of a record's text; `None` for any other spelling of it.
#[must_use]
pub fn parse_time(text: &str) -> Option<Millis> {
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    let millis = Millis::new(u64::try_from(timestamp.as_millisecond()).ok()?).ok()?;
    (time_text(millis).as_deref() == Ok(text)).then_some(millis)
}

struct Record<'a> {
    event: &'a Event,
    columns: &'a Columns<'a>,
    id: &'a str,
    seq: u64,
    time: String,
}

/// Every key is always there, so that a reader can tell "none" from "not recorded".
impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { event, columns, .. } = self;
        let mut map = serializer.serialize_map(Some(13))?;
        map.serialize_entry("actor", &Actor { id: &columns.actor_id, kind: event.actor.kind.word() })?;
        map.serialize_entry("details", &Details(&event.details))?;
        map.serialize_entry("event_type", &columns.event_type)?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("ip", &columns.ip)?;
        map.serialize_entry("outcome", &columns.outcome)?;
        map.serialize_entry("path", &columns.path)?;
        map.serialize_entry("reasons", &event.reasons)?;
        let request_id = event.origin.as_ref().map(|origin| mask_tokens(&origin.request_id));
        map.serialize_entry("request_id", &request_id)?;
        map.serialize_entry("resource_id", &event.resource_id.as_deref().map(mask_tokens))?;
        map.serialize_entry("resource_type", event.event_type.resource_type())?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("time", &self.time)?;
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Actor<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

struct Details<'a>(&'a [(&'static str, Detail)]);

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, detail)| (name, detail)))
    }
}

impl Serialize for Detail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(integer) => serializer.serialize_u64(*integer),
            Self::List(words) => serializer.collect_seq(words.iter().map(|word| mask_tokens(word))),
            Self::Text(text) => serializer.serialize_str(&mask_tokens(text)),
        }
    }
}

#[cfg(test)]
mod tests;
