//! What has been used of a grant: supplied by the caller, returned changed, stored by the caller.

use crate::document::{Fields, Item, MAX_INTEGER, Value};
use crate::error::Error;

/// The counters of one link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// How often the link has allowed a request.
    pub uses: u64,
    /// When it last did, in milliseconds; 0 for never. Time never goes back behind it.
    pub last: u64,
    /// Raised by one at each change, for compare-and-set by whoever stores the usage.
    pub revision: u64,
}

impl Usage {
    /// Counters as stored.
    #[must_use]
    pub const fn new(uses: u64, last: u64, revision: u64) -> Self {
        Self { uses, last, revision }
    }

    /// Reads a usage document.
    ///
    /// # Errors
    /// The field that is unknown or wrong.
    pub fn from_document(item: &Item<'_, '_>) -> Result<Self, Error> {
        let mut fields = Fields::of(item.value(), item.place())?;
        let mut counter =
            |name| fields.optional(name).map_or(Ok(0), |field: Item<'_, '_>| field.integer(0, MAX_INTEGER));
        let usage = Self { uses: counter("uses")?, last: counter("last")?, revision: counter("revision")? };
        fields.finish()?;
        Ok(usage)
    }

    /// The usage as a document.
    #[must_use]
    pub fn to_document(&self) -> Value {
        Value::object([
            ("revision", Value::Integer(self.revision)),
            ("uses", Value::Integer(self.uses)),
            ("last", Value::Integer(self.last)),
        ])
    }

    /// The usage after one more allowed request at `now`.
    #[must_use]
    pub fn spent(&self, now: u64) -> Self {
        Self {
            uses: self.uses.saturating_add(1).min(MAX_INTEGER),
            last: self.last.max(now),
            revision: self.revision.saturating_add(1).min(MAX_INTEGER),
        }
    }
}
