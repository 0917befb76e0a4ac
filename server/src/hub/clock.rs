//! Milliseconds since 1970 that never jump within a process and never fall along an order: the wall clock once, the
//! monotonic one from there, and never before what was written already.

use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    wall: u64,
    since: Instant,
    /// It is not earlier than this, as [`Self::not_before`] saw last.
    seen: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall: millis(wall), since: Instant::now(), seen: 0 }
    }

    pub(crate) fn now(&self) -> u64 {
        self.wall.saturating_add(millis(self.since.elapsed()))
    }

    /// Something was written at this time: it is not earlier now. A wall clock that has been set back since would else
    /// take what is an hour ahead of it for young an hour long.
    pub(crate) fn not_before(&mut self, time: u64) {
        // Of a batch, all were written at one time: it is looked at once.
        if time > self.seen {
            let now = self.now();
            self.wall = self.wall.saturating_add(time.saturating_sub(now));
            self.seen = now.max(time);
        }
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_goes_on_from_the_newest_that_was_written_and_never_back() {
        let mut clock = Clock::start();
        let wall = clock.now();
        clock.not_before(wall - 3_600_000);
        assert_eq!(clock.now(), wall);
        clock.not_before(wall + 3_600_000);
        assert_eq!(clock.now(), wall + 3_600_000);
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        assert_eq!(clock.now(), wall + 3_605_000);
        clock.not_before(u64::MAX);
        assert_eq!(clock.now(), u64::MAX);
    }
}
