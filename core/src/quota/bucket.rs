//! Token buckets: an even flow of whole units, with the fraction of the next one kept, so that nothing is lost by asking often.

use core::num::NonZeroU64;

use super::State;
use crate::document::MAX_INTEGER;
use crate::limit::Per;
use crate::wide::Wide;

/// A bucket at some time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    capacity: u64,
    refill: NonZeroU64,
    /// How many milliseconds the refill takes, and how many parts a unit has.
    per: NonZeroU64,
    level: u64,
    /// Parts of a unit, fewer than `per`.
    fraction: u64,
    at: u64,
    debt: u64,
}

impl Bucket {
    /// The bucket with all that has flowed in since its state.
    pub(super) fn new(capacity: u64, refill: u64, per: Per, state: State, now: u64) -> Self {
        let (refill, per) = (NonZeroU64::new(refill).unwrap_or(NonZeroU64::MIN), parts(per));
        let State::Bucket { level, fraction, at, debt } = state else {
            return Self { capacity, refill, per, level: capacity, fraction: 0, at: now, debt: 0 };
        };
        // A state that comes from elsewhere may have both: what is there pays the debt, or its flow would be lost at the brim.
        let repaid = level.min(debt);
        let (level, debt) = (level.saturating_sub(repaid), debt.saturating_sub(repaid));
        // The parts are those of the limit as it is now: a grant that was changed may have other periods than its usage.
        let fraction = u64::from(fraction).min(per.get().saturating_sub(1));
        let (flowed, fraction) = flow(now.saturating_sub(at), refill, fraction, per);
        let mut bucket = Self { capacity, refill, per, level, fraction, at: at.max(now), debt };
        bucket.put(flowed);
        bucket
    }

    /// Puts units in: into its debt first, and never above its capacity.
    pub(super) fn put(&mut self, amount: u64) {
        let repaid = amount.min(self.debt);
        self.debt = self.debt.saturating_sub(repaid);
        self.level = self.level.saturating_add(amount.saturating_sub(repaid));
        if self.level >= self.capacity {
            (self.level, self.fraction) = (self.capacity, 0);
        }
    }

    /// Takes units, and what is not there as debt.
    pub(super) fn charge(&mut self, amount: u64) {
        let there = amount.min(self.level);
        self.level = self.level.saturating_sub(there);
        self.debt = self.debt.saturating_add(amount.saturating_sub(there)).min(MAX_INTEGER);
    }

    pub(super) const fn remaining(&self) -> u64 {
        if self.debt > 0 { 0 } else { self.level }
    }

    /// When so much, which is not above the capacity, will be there.
    pub(super) fn available(&self, amount: u64) -> Option<u64> {
        let missing = amount.saturating_add(self.debt).saturating_sub(self.level);
        if missing == 0 {
            return Some(self.at);
        }
        // The product of 36 and 27 bits does not wrap.
        if missing < 1 << 36 {
            let parts = missing.wrapping_mul(self.per.get());
            let (wait, rest) = divide(parts.saturating_sub(self.fraction), self.refill);
            return wait.saturating_add(u64::from(rest > 0)).checked_add(self.at);
        }
        let (wait, rest) = Wide::product(missing, self.per.get()).minus(self.fraction).divided(self.refill);
        wait.checked_add(u64::from(rest > 0))?.checked_add(self.at)
    }

    pub(super) fn state(&self) -> State {
        let fraction = u32::try_from(self.fraction).unwrap_or_default();
        State::Bucket { level: self.level, fraction, at: self.at, debt: self.debt }
    }
}

/// The period in milliseconds.
const fn parts(per: Per) -> NonZeroU64 {
    match per.millis() {
        Some(millis) => match NonZeroU64::new(millis) {
            Some(millis) => millis,
            None => NonZeroU64::MIN,
        },
        // No bucket has months, and one with a unit a millisecond would refuse nothing.
        None => NonZeroU64::MAX,
    }
}

/// Whole units that flow in over a time, and the parts that are left.
fn flow(elapsed: u64, refill: NonZeroU64, fraction: u64, per: NonZeroU64) -> (u64, u64) {
    // INVARIANT: neither sum wraps, as a fraction has at most 27 bits. Division of 128 bits costs as much as a whole decision.
    if elapsed < 1 << 31 && refill.get() < 1 << 31 {
        let parts = elapsed.wrapping_mul(refill.get()).wrapping_add(fraction);
        return divide(parts, per);
    }
    Wide::product(elapsed, refill.get()).plus(fraction).divided(per)
}

/// Quotient and rest, by one division.
fn divide(number: u64, by: NonZeroU64) -> (u64, u64) {
    let whole = number / by;
    (whole, number.wrapping_sub(whole.wrapping_mul(by.get())))
}
