//! How fast writes into the page cache have been: whether the next is waited for where it is asked for.
//!
//! Such a write takes microseconds, unless the system makes whoever writes wait until the disk has caught up. Knows no
//! clock and writes nothing.

use std::time::{Duration, Instant};

/// Whoever waits longer for a write has waited for the disk, or was not running.
const QUICK: Duration = Duration::from_millis(1);
/// A slow write is made good in so many times as long: over time, at most one part in so many of anybody's is spent waiting.
const REST: u32 = 10;
/// As long as no more than this is to be made good, the next write is waited for where it is asked for all the same: one
/// that was slow now and then costs nothing, many of them make the next ones wait elsewhere.
const CREDIT: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// When all slow writes are made good.
    even: Option<Instant>,
}

impl Pace {
    pub(super) fn is_quick(&self, now: impl FnOnce() -> Instant) -> bool {
        self.even.is_none_or(|even| even.saturating_duration_since(now()) <= CREDIT)
    }

    /// A write was begun and ended then, here or elsewhere.
    pub(super) fn took(&mut self, began: Instant, ended: Instant) {
        let took = ended.saturating_duration_since(began);
        if took > QUICK {
            self.even = self.even.max(Some(ended)).and_then(|from| from.checked_add(took * REST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(pace: &mut Pace, began: Instant, ms: u64) -> Instant {
        let ended = began + Duration::from_millis(ms);
        pace.took(began, ended);
        ended
    }

    #[test]
    fn slow_writes_now_and_then_change_nothing_and_many_are_made_good_in_ten_times_as_long() {
        let (mut pace, began) = (Pace::default(), Instant::now());
        let at = |ms: u64| began + Duration::from_millis(ms);
        assert!(pace.is_quick(|| began));
        assert_eq!(took(&mut pace, at(0), 20), at(20));
        assert!(pace.is_quick(|| at(20)));
        took(&mut pace, at(20), 30);
        // 500 ms from 20 ms on are to be made good, and 200 may be left of them.
        assert!(!pace.is_quick(|| at(50)) && !pace.is_quick(|| at(319)) && pace.is_quick(|| at(320)));
        // One that is slow elsewhere makes it longer, a quick one makes it no shorter.
        took(&mut pace, at(100), 2);
        took(&mut pace, at(110), 1);
        assert!(!pace.is_quick(|| at(339)) && pace.is_quick(|| at(340)));
        // What was made good long ago is no credit for what comes.
        took(&mut pace, at(9_000), 21);
        assert!(!pace.is_quick(|| at(9_021)) && pace.is_quick(|| at(9_031)));
    }
}
