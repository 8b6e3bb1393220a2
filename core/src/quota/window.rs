//! Calendar windows in UTC.

use super::State;
use crate::document::MAX_INTEGER;
use crate::limit::Per;

/// A window at some time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    limit: u64,
    per: Per,
    used: u64,
    /// Which window since the epoch of its period.
    index: u64,
    debt: u64,
}

impl Window {
    /// The window that `now` lies in, or the one of the state if that is later.
    pub(super) fn new(limit: u64, per: Per, state: State, now: u64) -> Self {
        let present = index(per, now);
        let State::Window { used, start, debt } = state else {
            return Self { limit, per, used: 0, index: present, debt: 0 };
        };
        let mut window = Self { limit, per, used, index: index(per, start), debt: 0 };
        if debt > 0 {
            window.charge(debt);
        }
        window.pass_to(present);
        window
    }

    /// The later window `index`. Each that has passed in between has repaid its limit, and the new one repays what it can.
    fn pass_to(&mut self, index: u64) {
        let Some(between) = index.checked_sub(self.index).and_then(|passed| passed.checked_sub(1)) else {
            return;
        };
        let debt = self.debt.saturating_sub(between.saturating_mul(self.limit));
        self.index = index;
        self.used = debt.min(self.limit);
        self.debt = debt.saturating_sub(self.used);
    }

    /// Whether a time lies in it.
    pub(super) fn contains(&self, time: u64) -> bool {
        index(self.per, time) == self.index
    }

    /// Gives units back: from its debt first.
    pub(super) const fn put(&mut self, amount: u64) {
        let repaid = if amount < self.debt { amount } else { self.debt };
        self.debt = self.debt.saturating_sub(repaid);
        self.used = self.used.saturating_sub(amount.saturating_sub(repaid));
    }

    /// Takes units, and what is above the limit as debt.
    pub(super) fn charge(&mut self, amount: u64) {
        let there = amount.min(self.limit.saturating_sub(self.used));
        self.used = self.used.saturating_add(there);
        self.debt = self.debt.saturating_add(amount.saturating_sub(there)).min(MAX_INTEGER);
    }

    pub(super) const fn remaining(&self) -> u64 {
        if self.debt > 0 { 0 } else { self.limit.saturating_sub(self.used) }
    }

    /// When the first window begins in which so much, which is not above the limit, will be there after the debt.
    pub(super) fn available(&self, amount: u64) -> Option<u64> {
        let in_the_way = self.debt.saturating_sub(self.limit.saturating_sub(amount));
        let windows = in_the_way.div_ceil(self.limit.max(1)).saturating_add(1);
        start(self.per, self.index.checked_add(windows)?)
    }

    pub(super) fn state(&self) -> State {
        State::Window {
            used: self.used,
            start: start(self.per, self.index).unwrap_or_default(),
            debt: self.debt,
        }
    }
}

const DAY: u64 = 86_400_000;
/// Days from 1 March of the year 0 to the epoch. Years that begin in March have their leap day last, so all is division.
const EPOCH: u64 = 719_468;
/// Days and months of the 400 years after which the calendar repeats.
const ERA_DAYS: u64 = 146_097;
const ERA_MONTHS: u64 = 4_800;

/// The number of the window that a time lies in.
fn index(per: Per, time: u64) -> u64 {
    match per {
        Per::Second => time / 1_000,
        Per::Minute => time / 60_000,
        Per::Hour => time / 3_600_000,
        Per::Day => time / DAY,
        Per::Month => month(time),
    }
}

/// When a window begins; `None` beyond all numbers.
fn start(per: Per, index: u64) -> Option<u64> {
    match per.millis() {
        Some(millis) => index.checked_mul(millis),
        None => first_day(index)?.checked_mul(DAY),
    }
}

/// Months since March of the year 0, of the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn month(time: u64) -> u64 {
    let days = (time / DAY).saturating_add(EPOCH);
    let (era, day) = (days / ERA_DAYS, days % ERA_DAYS);
    let leap_days = (day / 1_460).saturating_add(day / 146_096).saturating_sub(day / 36_524);
    let year = day.saturating_sub(leap_days) / 365;
    let day = day.saturating_sub(days_of_years(year));
    let month = day.saturating_mul(5).saturating_add(2) / 153;
    era.saturating_mul(ERA_MONTHS).saturating_add(year.saturating_mul(12)).saturating_add(month)
}

/// Days since the epoch of the first day of a month, as `days_from_civil` there.
fn first_day(month: u64) -> Option<u64> {
    let (era, month) = (month / ERA_MONTHS, month % ERA_MONTHS);
    let day = (month % 12).saturating_mul(153).saturating_add(2) / 5;
    let days = era.checked_mul(ERA_DAYS)?.checked_add(days_of_years(month / 12))?;
    days.checked_add(day)?.checked_sub(EPOCH)
}

/// Days of so many years of an era.
const fn days_of_years(years: u64) -> u64 {
    years.saturating_mul(365).saturating_add(years / 4).saturating_sub(years / 100)
}
