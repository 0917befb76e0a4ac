//! Milliseconds since 1970 that never jump within a process: the wall clock once, the monotonic one from there.

use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    wall: u64,
    since: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall: millis(wall), since: Instant::now() }
    }

    pub(crate) fn now(&self) -> u64 {
        self.wall.saturating_add(millis(self.since.elapsed()))
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
