//! Time: the only reader of it in the server. It never goes back within the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use warded_core::time::Millis;

/// Wall-clock time that never goes back, however the system's clock is set. Clones share one floor.
#[derive(Debug, Clone)]
pub struct Clock {
    source: Source,
    floor: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    /// Stands still until it is moved.
    Manual,
    System,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System, floor: Arc::new(AtomicU64::new(0)) }
    }

    /// A clock that stands at a time until [`advance_to`](Self::advance_to) moves it, for tests.
    #[must_use]
    pub fn manual(now: Millis) -> Self {
        Self { source: Source::Manual, floor: Arc::new(AtomicU64::new(now.as_u64())) }
    }

    /// Now, and never before an answer already given.
    #[must_use]
    pub fn now(&self) -> Millis {
        let read = match self.source {
            Source::Manual => 0,
            Source::System => system_millis(),
        };
        let floor = self.floor.fetch_max(read, Ordering::AcqRel);
        Millis::new(floor.max(read)).unwrap_or(Millis::MAX)
    }

    /// Never answers with a time before this one any more.
    pub fn advance_to(&self, time: Millis) {
        self.floor.fetch_max(time.as_u64(), Ordering::AcqRel);
    }
}

/// A point of monotonic time, for waiting and measuring.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
pub fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
fn system_millis() -> u64 {
    // A clock before 1970 is a clock that was never set: the floor, 0 at first, is then the best guess.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_is_after_2020_and_does_not_go_back() {
        let clock = Clock::system();
        let first = clock.now();
        assert!(first.as_u64() > 1_577_836_800_000);
        assert!(clock.now() >= first);
    }

    #[test]
    fn a_clock_that_was_advanced_stays_ahead() {
        let clock = Clock::system();
        let ahead = Millis::new(clock.now().as_u64() + 60_000).unwrap();
        let other = clock.clone();
        other.advance_to(ahead);
        assert_eq!((clock.now(), other.now()), (ahead, ahead));
    }

    #[test]
    fn a_manual_clock_moves_forward_only() {
        let clock = Clock::manual(Millis::new(5).unwrap());
        clock.advance_to(Millis::new(3).unwrap());
        assert_eq!(clock.now().as_u64(), 5);
        clock.advance_to(Millis::new(9).unwrap());
        assert_eq!(clock.now().as_u64(), 9);
    }
}
