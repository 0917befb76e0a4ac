//! How long to wait before the next attempt.
//!
//! Knows no moments, only lengths: when the wait begins is the machine's.

use crate::{chance::Chance, time::Millis};

/// The chance of the first wait after a failure; doubles with each further one.
const STEP: Millis = Millis::from_secs(1);
/// Where doubling ends.
const CEILING: Millis = Millis::from_secs(30);
/// A connection that lived this long was a good one: failures before it do not count.
const HEALTH: Millis = Millis::from_secs(60);
/// Waits that a server asks for are believed up to here, so that a slip cannot silence a page for a day.
const PATIENCE: Millis = Millis::from_secs(300);
/// Bounds of `retry`: below, a fleet would hammer; above, nobody would wait.
const FLOOR: (Millis, Millis) = (Millis::from_secs(1), Millis::from_secs(60));
/// Longest spread.
const SPREAD: Millis = Millis::from_secs(60);

/// The state of the waits.
#[derive(Debug)]
pub(crate) struct Backoff {
    chance: Chance,
    retry: Millis,
    spread: Millis,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { chance: Chance::new(seed), retry: FLOOR.0, spread: STEP, failures: 0 }
    }

    /// Takes over what a `hello` says.
    pub(crate) fn hello(&mut self, retry: Millis, spread: Millis) {
        self.retry = retry.clamp(FLOOR.0, FLOOR.1);
        self.spread = spread.min(SPREAD);
    }

    /// The wait after an attempt that never got a `hello`, or was told to back off.
    pub(crate) fn failed(&mut self, after: Millis) -> Millis {
        let window = self.window();
        self.wait(after, window)
    }

    /// The wait after a stream that had its `hello` was lost or ended: its whole fleet may have lost it with it.
    pub(crate) fn lost(&mut self, after: Millis) -> Millis {
        // A stream that dies young again and again backs off like any failure, and is still spread.
        let window = if self.failures == 0 { self.spread } else { self.spread.max(self.window()) };
        self.wait(after, window)
    }

    /// A stream lived so long: a healthy one makes failures before it forgotten.
    pub(crate) fn lived(&mut self, healthy: Millis) {
        if healthy >= HEALTH {
            self.failures = 0;
        }
    }

    /// Forgets failures: what caused them is over.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// What a server asked for, as far as it is believed.
    pub(crate) fn believed(after: Millis) -> Millis {
        after.min(PATIENCE)
    }

    fn window(&self) -> Millis {
        CEILING.min(STEP * (1 << self.failures.min(5)))
    }

    fn wait(&mut self, after: Millis, window: Millis) -> Millis {
        self.failures = self.failures.saturating_add(1);
        // The floor is added to the chance, never its bound: with max(floor, chance) a whole fleet would meet again
        // exactly at the floor.
        self.retry.max(Self::believed(after)) + self.chance.up_to(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shortest and longest wait over many seeds, in seconds, of the `n`th step of `wait`.
    fn range(n: usize, wait: impl Fn(&mut Backoff) -> Millis) -> (f64, f64) {
        let waits = (0..2000).map(|seed| {
            let mut backoff = Backoff::new(seed);
            (0..n).for_each(|_| _ = wait(&mut backoff));
            wait(&mut backoff).0 as f64 / 1000.0
        });
        waits.fold((f64::MAX, 0.0), |(low, high), wait| (low.min(wait), high.max(wait)))
    }

    fn near((low, high): (f64, f64), expected: (f64, f64)) {
        assert!(low >= expected.0 && low < expected.0 + 0.1, "shortest {low}, expected {}", expected.0);
        assert!(high <= expected.1 && high > expected.1 - 0.1, "longest {high}, expected {}", expected.1);
    }

    #[test]
    fn the_floor_is_added_to_a_chance_that_doubles_up_to_thirty_seconds() {
        for (n, window) in [(0, 1.0), (1, 2.0), (2, 4.0), (4, 16.0), (5, 30.0), (40, 30.0)] {
            near(range(n, |b| b.failed(Millis::ZERO)), (1.0, 1.0 + window));
        }
    }

    #[test]
    fn retry_after_raises_the_floor_and_never_lowers_it() {
        near(range(0, |b| b.failed(Millis::from_secs(20))), (20.0, 21.0));
        near(range(0, |b| b.failed(Millis(10))), (1.0, 2.0));
        near(range(0, |b| b.failed(Millis::from_secs(86_400))), (300.0, 301.0)); // C14
    }

    #[test]
    fn a_fleet_that_lost_its_stream_comes_back_over_the_spread() {
        let healthy = Millis::from_secs(60);
        let lost = |b: &mut Backoff| {
            b.hello(Millis::from_secs(2), Millis::from_secs(11));
            b.lived(healthy);
            b.lost(Millis::ZERO)
        };
        near(range(0, lost), (2.0, 13.0));
        near(range(7, lost), (2.0, 13.0)); // always healthy before: never slower
    }

    #[test]
    fn c16_a_stream_that_opens_and_dies_at_once_backs_off_ever_slower() {
        let lost = |b: &mut Backoff| {
            b.lived(Millis::from_secs(59));
            b.lost(Millis::ZERO)
        };
        near(range(0, lost), (1.0, 2.0));
        near(range(3, lost), (1.0, 9.0));
        near(range(9, lost), (1.0, 31.0));
    }

    #[test]
    fn c4_what_a_server_says_is_clamped() {
        for (retry, floor) in [(0, 1.0), (999, 1.0), (5_000, 5.0), (1 << 32, 60.0), (u64::MAX, 60.0)] {
            let failed = |b: &mut Backoff| {
                b.hello(Millis(retry), Millis(u64::MAX));
                b.failed(Millis::ZERO)
            };
            near(range(0, failed), (floor, floor + 1.0));
        }
        let lost = |b: &mut Backoff| {
            b.hello(Millis::ZERO, Millis(u64::MAX));
            b.lost(Millis::ZERO)
        };
        let (low, high) = range(0, lost);
        assert!(low >= 1.0 && high <= 61.0 && high > 60.0, "{low} {high}");
    }
}
