//! Moments of a clock that the shell brings, in whole milliseconds.
//!
//! There is no clock here. The machine needs one that goes on while the device sleeps and never falls; where a browser
//! has no such clock the shell makes it (`Date.now()`, held when it falls).

use std::{
    ops::{Add, Div, Mul, Sub},
    time::Duration,
};

/// A moment, in milliseconds since whatever the shell counts from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The last moment that is believed. Room is left beyond it, so that sums need no check.
    pub(crate) const LAST: Self = Self(3 << 62);
    /// Later than any moment, and than any wait from it.
    pub(crate) const NEVER: Self = Self(7 << 61);

    /// How long ago `earlier` was; nothing if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, after: Duration) -> Self {
        Self(self.0.saturating_add(Millis::from(after).0))
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, after: Millis) -> Self {
        Self(self.0 + after.0)
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, before: Duration) -> Self {
        self - Millis::from(before)
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, before: Millis) -> Self {
        Self(self.0.saturating_sub(before.0))
    }
}

/// A length of time in whole milliseconds, as the machine reckons. A `Duration` is two numbers, and each of its operations
/// several times the code in wasm. At most [`Millis::MOST`], or a small multiple of that: sums need no check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Millis(pub(crate) u64);

impl Millis {
    pub(crate) const ZERO: Self = Self(0);
    /// Longer than any wait: 35,000 years.
    const MOST: u64 = 1 << 50;

    pub(crate) const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    /// How long before `now` `earlier` was; nothing if it lies ahead.
    pub(crate) fn between(now: Timestamp, earlier: Timestamp) -> Self {
        Self(now.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for Millis {
    // Once in wasm, not where each is taken over; and not `Duration::as_millis`, which is arithmetic of 128 bits.
    #[inline(never)]
    fn from(duration: Duration) -> Self {
        Self(duration.as_secs().min(Self::MOST / 1000) * 1000 + u64::from(duration.subsec_millis()))
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, more: Self) -> Self {
        Self(self.0 + more.0)
    }
}

impl Mul<u64> for Millis {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0 * times)
    }
}

impl Div<u64> for Millis {
    type Output = Self;
    fn div(self, by: u64) -> Self {
        Self(self.0 / by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_move_a_moment_by_whole_milliseconds_and_no_further_than_either_end() {
        let moment = Timestamp(5_000);
        assert_eq!(moment + Duration::new(20_000, 7_999_999), Timestamp(20_005_007));
        assert_eq!(moment - Duration::from_millis(1_001), Timestamp(3_999));
        assert_eq!(moment - Duration::from_secs(6), Timestamp(0));
        let longest = moment + Duration::MAX;
        assert!(longest > moment + Duration::from_secs(1_000_000_000_000) && longest < Timestamp::NEVER, "{longest:?}");
    }
}
