//! Moments of a clock that the shell brings, in whole milliseconds.
//!
//! There is no clock here. The machine needs one that goes on while the device sleeps and never falls; where a browser
//! has no such clock the shell makes it (`Date.now()`, held when it falls).

use std::{
    ops::{Add, Sub},
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
        Self(self.0.saturating_add(millis(after)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, before: Duration) -> Self {
        Self(self.0.saturating_sub(millis(before)))
    }
}

/// Whole milliseconds. Not `Duration::as_millis`: that is arithmetic of 128 bits, dear in wasm.
pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(u64::from(duration.subsec_millis()))
}
