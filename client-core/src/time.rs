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
    /// How long ago `earlier` was; nothing if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, after: Duration) -> Self {
        self + Millis::from(after)
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, after: Millis) -> Self {
        Self(self.0.saturating_add(after.0))
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
/// several times the code in wasm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Millis(pub(crate) u64);

impl Millis {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    /// How long before `now` `earlier` was; nothing if it lies ahead.
    pub(crate) fn between(now: Timestamp, earlier: Timestamp) -> Self {
        Self(now.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for Millis {
    /// Not `Duration::as_millis`: that is arithmetic of 128 bits.
    fn from(duration: Duration) -> Self {
        Self(duration.as_secs().saturating_mul(1000).saturating_add(u64::from(duration.subsec_millis())))
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

impl Mul<u64> for Millis {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Div<u64> for Millis {
    type Output = Self;
    fn div(self, by: u64) -> Self {
        Self(self.0 / by)
    }
}
