//! Quotas: what is taken from the limits of a grant, given back, and left.
//!
//! Pure arithmetic on whole numbers: products have 128 bits, what is there is rounded down, and what has to be waited for is rounded up.

use alloc::vec::Vec;

use crate::cost::Cost;
use crate::decide::Link;
use crate::decision::Standing;
use crate::document::{Fields, MAX_INTEGER, Value};
use crate::error::Error;
use crate::grant::Grant;
use crate::limit::{Algorithm, Limit};
use crate::request::{Request, millis};
use crate::time::Millis;
use crate::usage::Usage;

mod bucket;
mod window;

#[cfg(test)]
mod tests;

use bucket::Bucket;
use window::Window;

/// What has been used of one limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new algorithm must be met by every match, in every crate")]
pub enum State {
    /// Nothing yet; and what a limit of another algorithm left behind counts as nothing.
    #[default]
    Fresh,
    /// Of a token bucket.
    Bucket {
        /// What it held, in whole units.
        level: u64,
        /// What it held beyond that, in parts of a unit: as many as the period has milliseconds.
        fraction: u32,
        /// When that was.
        at: u64,
        /// What was used beyond everything it held: what flows in repays it first.
        debt: u64,
    },
    /// Of a calendar window.
    Window {
        /// What was used in it.
        used: u64,
        /// When it began.
        start: u64,
        /// What was used beyond its limit: the windows that follow repay it first.
        debt: u64,
    },
}

/// A limit with its state at some time.
#[derive(Debug, Clone, Copy)]
enum Meter {
    Bucket(Bucket),
    Window(Window),
}

impl Meter {
    /// The limit at `now`, or at the time of its state if that is later: a clock that goes back refunds nothing.
    fn new(limit: &Limit, state: State, now: u64) -> Self {
        match limit.algorithm() {
            Algorithm::Bucket { capacity, refill, per } => {
                Self::Bucket(Bucket::new(capacity, refill, per, state, now))
            }
            Algorithm::Window { limit, per } => Self::Window(Window::new(limit, per, state, now)),
        }
    }

    /// Whether an amount is there. Nothing is always there.
    fn has(&self, amount: u64) -> bool {
        amount == 0 || amount <= self.remaining()
    }

    /// Takes units; those that are not there become a debt.
    fn charge(&mut self, amount: u64) {
        match self {
            Self::Bucket(bucket) => bucket.charge(amount),
            Self::Window(window) => window.charge(amount),
        }
    }

    fn remaining(&self) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.remaining(),
            Self::Window(window) => window.remaining(),
        }
    }

    /// When so much can be taken at once; `None` if that is never, or beyond all times.
    fn available(&self, amount: u64, limit: &Limit) -> Option<u64> {
        if amount > limit.algorithm().size() {
            return None;
        }
        let at = match self {
            Self::Bucket(bucket) => bucket.available(amount),
            Self::Window(window) => window.available(amount),
        };
        at.filter(|at| *at <= MAX_INTEGER)
    }

    fn state(&self) -> State {
        match self {
            Self::Bucket(bucket) => bucket.state(),
            Self::Window(window) => window.state(),
        }
    }
}

/// Takes a cost from every limit of a link and leaves their states in `next`, or only looks; says whether each had enough.
///
/// `told` gets how each limit then stands. What is taken is to be kept only if everything else allows too.
pub(crate) fn tally(
    link: (u8, &Link<'_>),
    request: &Request<'_>,
    told: &mut Vec<Standing>,
    mut next: Option<&mut Vec<State>>,
) -> bool {
    let (place, Link { grant, usage }) = link;
    let now = request.now.as_u64().max(usage.last.min(MAX_INTEGER));
    let mut enough = true;
    for (index, limit) in (0..).zip(grant.limits()) {
        let mut meter = Meter::new(limit, usage.state(usize::from(index)), now);
        let amount = request.cost.of(limit.unit());
        let mut retry_after = None;
        if !meter.has(amount) {
            enough = false;
            retry_after = meter.available(amount, limit);
        } else if next.is_some() {
            meter.charge(amount);
        }
        let reset = meter.available(limit.algorithm().size(), limit).unwrap_or(MAX_INTEGER);
        told.push(Standing { link: place, limit: index, remaining: meter.remaining(), reset, retry_after });
        if let Some(states) = &mut next {
            states.push(meter.state());
        }
    }
    enough
}

/// Whether every limit of a link has enough for a request.
pub(crate) fn has_enough(link: &Link<'_>, request: &Request<'_>) -> bool {
    let Link { grant, usage } = link;
    let now = request.now.as_u64().max(usage.last.min(MAX_INTEGER));
    let mut limits = grant.limits().iter().enumerate();
    limits.all(|(index, limit)| Meter::new(limit, usage.state(index), now).has(request.cost.of(limit.unit())))
}

/// What a reservation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a caller must say everything that was done")]
pub struct Settlement {
    /// What the request that was allowed cost.
    pub reserved: Cost,
    /// What its work came to.
    pub actual: Cost,
    /// The time of that request; `None` for one in the windows that the usage shows.
    pub reserved_at: Option<Millis>,
    /// The time at which the work is done.
    pub now: Millis,
}

/// The usage after work whose cost has become known: once for each reservation.
///
/// What was reserved and not used goes back to the window that it came from, if that has not ended, and to a bucket up to its capacity.
/// What was used and not reserved is taken, if need be as a debt that lets nothing pass until it is repaid.
#[must_use]
pub fn settle(grant: &Grant, usage: &Usage, settlement: &Settlement) -> Usage {
    let Settlement { reserved, actual, reserved_at, now } = settlement;
    let now = now.as_u64().max(usage.last.min(MAX_INTEGER));
    let state = |(index, limit): (usize, &Limit)| {
        let state = usage.state(index);
        let mut meter = Meter::new(limit, state, now);
        let (before, after) = (reserved.of(limit.unit()), actual.of(limit.unit()));
        meter.charge(after.saturating_sub(before));
        let back = before.saturating_sub(after);
        match &mut meter {
            Meter::Bucket(bucket) => bucket.put(back),
            Meter::Window(window) => {
                let shown = match state {
                    State::Window { start, .. } => start,
                    State::Bucket { .. } | State::Fresh => now,
                };
                if window.contains(reserved_at.map_or(shown, Millis::as_u64)) {
                    window.put(back);
                }
            }
        }
        meter.state()
    };
    let mut next = Usage::default();
    next.change(usage, now);
    next.limits = grant.limits().iter().enumerate().map(state).collect();
    next
}

/// Settles what the fields of a document say, `usage?`, `reserved`, `actual`, `reserved_at?` and `now`: the next usage as a document.
///
/// # Errors
/// The field that is missing or wrong.
pub fn settle_document(grant: &Grant, fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let usage = fields.optional("usage").map(|usage| Usage::from_document(&usage, grant)).transpose()?;
    let reserved = Cost::from_document(&fields.required("reserved")?, &Cost::NOTHING)?;
    // What is not said to be less was used: nothing goes back by an omission.
    let actual = Cost::from_document(&fields.required("actual")?, &reserved)?;
    let reserved_at = fields.optional("reserved_at").map(|field| millis(&field)).transpose()?;
    let now = millis(&fields.required("now")?)?;
    let settlement = Settlement { reserved, actual, reserved_at, now };
    Ok(settle(grant, &usage.unwrap_or_default(), &settlement).to_document(grant))
}
