//! What has been used of a grant: supplied by the caller, returned changed, stored by the caller.

use alloc::string::String;
use alloc::vec::Vec;

use crate::document::{Fields, Item, MAX_INTEGER, Value};
use crate::error::{Error, ErrorCode, Place};
use crate::grant::Grant;
use crate::quota::State;

/// The counters of one link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// How often the link has allowed a request.
    pub uses: u64,
    /// When it last changed, in milliseconds; 0 for never. Time never goes back behind it.
    pub last: u64,
    /// Raised by one at each change, for compare-and-set by whoever stores the usage.
    pub revision: u64,
    /// What has been used of the grant's limits, in their order; a state that is missing is [`State::Fresh`].
    pub limits: Vec<State>,
}

impl Usage {
    /// Counters as stored, of a grant without limits or before any was used.
    #[must_use]
    pub const fn new(uses: u64, last: u64, revision: u64) -> Self {
        Self { uses, last, revision, limits: Vec::new() }
    }

    /// Reads the usage document of a grant: a state of a limit that the grant does not have is dropped.
    ///
    /// # Errors
    /// The field that is unknown or wrong.
    pub fn from_document(item: &Item<'_, '_>, grant: &Grant) -> Result<Self, Error> {
        let mut fields = item.fields()?;
        let mut usage = Self {
            uses: counter(&mut fields, "uses")?,
            last: counter(&mut fields, "last")?,
            revision: counter(&mut fields, "revision")?,
            limits: Vec::new(),
        };
        if let Some(limits) = fields.optional("limits") {
            usage.read_limits(&limits, grant)?;
        }
        fields.finish()?;
        Ok(usage)
    }

    fn read_limits(&mut self, item: &Item<'_, '_>, grant: &Grant) -> Result<(), Error> {
        let Value::Object(states) = item.value() else {
            return Err(Error::because(ErrorCode::WrongType, "expected an object").at(*item.place()));
        };
        self.limits.resize(grant.limits().len(), State::Fresh);
        for (id, state) in states {
            let state = read_state(&Item::new(state, Place::Name(item.place(), id)))?;
            let known = grant.limits().iter().position(|limit| limit.id() == id);
            if let Some(place) = known.and_then(|index| self.limits.get_mut(index)) {
                *place = state;
            }
        }
        Ok(())
    }

    /// The usage of a grant as a document.
    #[must_use]
    pub fn to_document(&self, grant: &Grant) -> Value {
        let mut fields = Vec::new();
        for (name, counter) in [("revision", self.revision), ("uses", self.uses), ("last", self.last)] {
            fields.push((String::from(name), Value::Integer(counter)));
        }
        if !grant.limits().is_empty() {
            let state = |(limit, state): (&crate::limit::Limit, &State)| {
                Some((String::from(limit.id()), state_document(*state)?))
            };
            let states = grant.limits().iter().zip(&self.limits).filter_map(state).collect();
            fields.push((String::from("limits"), Value::Object(states)));
        }
        Value::Object(fields)
    }

    /// The state of the limit at a place.
    #[must_use]
    pub fn state(&self, index: usize) -> State {
        self.limits.get(index).copied().unwrap_or_default()
    }

    /// The usage after one more allowed request at `now`; the states of its limits stay as they are.
    #[must_use]
    pub fn spent(&self, now: u64) -> Self {
        let mut next = self.clone();
        next.count(self, now);
        next
    }

    /// Counts one more allowed request after `before`.
    pub(crate) fn count(&mut self, before: &Self, now: u64) {
        self.change(before, now);
        self.uses = before.uses.saturating_add(1).min(MAX_INTEGER);
    }

    /// Counts one more change after `before`.
    pub(crate) fn change(&mut self, before: &Self, now: u64) {
        self.uses = before.uses;
        self.last = before.last.max(now);
        self.revision = before.revision.saturating_add(1).min(MAX_INTEGER);
    }
}

fn counter(fields: &mut Fields<'_, '_>, name: &'static str) -> Result<u64, Error> {
    fields.optional(name).map_or(Ok(0), |field| field.integer(0, MAX_INTEGER))
}

/// The highest fraction: one part less than a day has milliseconds.
const MAX_FRACTION: u64 = 86_399_999;

fn read_state(item: &Item<'_, '_>) -> Result<State, Error> {
    let mut fields = item.fields()?;
    let debt = counter(&mut fields, "debt")?;
    let state = match fields.optional("level") {
        Some(level) => {
            let fraction =
                fields.optional("fraction").map_or(Ok(0), |field| field.integer(0, MAX_FRACTION))?;
            State::Bucket {
                level: level.integer(0, MAX_INTEGER)?,
                fraction: u32::try_from(fraction).unwrap_or_default(),
                at: fields.required("at")?.integer(0, MAX_INTEGER)?,
                debt,
            }
        }
        None => State::Window {
            used: fields.required("used")?.integer(0, MAX_INTEGER)?,
            start: fields.required("start")?.integer(0, MAX_INTEGER)?,
            debt,
        },
    };
    fields.finish()?;
    Ok(state)
}

/// The state as a document; `None` for one of which nothing has been used.
fn state_document(state: State) -> Option<Value> {
    let (first, time, fraction, debt) = match state {
        State::Fresh => return None,
        State::Bucket { level, fraction, at, debt } => {
            (("level", level), ("at", at), u64::from(fraction), debt)
        }
        State::Window { used, start, debt } => (("used", used), ("start", start), 0, debt),
    };
    // What is nothing is left out: it seldom is anything.
    let rare = [("fraction", fraction), ("debt", debt)].into_iter().filter(|(_, amount)| *amount > 0);
    let fields = [first, time].into_iter().chain(rare);
    Some(Value::Object(fields.map(|(name, amount)| (String::from(name), Value::Integer(amount))).collect()))
}
