//! How fast writes into the page cache have been: whether the next is waited for where it is asked for.
//!
//! Such a write takes microseconds, unless the system makes whoever writes wait until the disk has caught up. Knows no
//! clock and writes nothing.

use std::time::{Duration, Instant};

/// Whoever waits longer for a write has waited for the disk, or was not running.
const QUICK: Duration = Duration::from_millis(1);
/// After a slow write the next ones are waited for elsewhere for so many times as long: at most one part in so many of
/// anybody's time is spent waiting.
const REST: u32 = 10;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    rest: Option<Instant>,
}

impl Pace {
    pub(super) fn is_quick(&self, now: Instant) -> bool {
        self.rest.is_none_or(|rest| rest <= now)
    }

    /// A write was begun and ended then, here or elsewhere.
    pub(super) fn took(&mut self, began: Instant, ended: Instant) {
        let took = ended.saturating_duration_since(began);
        if took > QUICK {
            self.rest = ended.checked_add(took * REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_write_is_followed_by_a_rest_of_ten_times_as_long_and_a_quick_one_by_none() {
        let (mut pace, began) = (Pace::default(), Instant::now());
        let at = |micros: u64| began + Duration::from_micros(micros);
        assert!(pace.is_quick(began));
        pace.took(began, at(900));
        assert!(pace.is_quick(at(900)));
        pace.took(began, at(2_000));
        assert!(!pace.is_quick(at(2_000)) && !pace.is_quick(at(21_999)) && pace.is_quick(at(22_000)));
        // One that is slow elsewhere makes the rest longer, a quick one makes it no shorter.
        pace.took(at(3_000), at(6_000));
        pace.took(at(6_000), at(6_100));
        assert!(!pace.is_quick(at(35_999)) && pace.is_quick(at(36_000)));
    }
}
