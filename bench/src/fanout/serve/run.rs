//! Events that a server publishes by itself: which, and when each is due.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An order to publish.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::fanout) struct Run {
    /// The first event.
    pub(in crate::fanout) first: u64,
    pub(in crate::fanout) events: u64,
    /// A second; 0: as fast as it goes.
    pub(in crate::fanout) rate: f64,
}

impl Run {
    /// Each event, and how long after the beginning it is due.
    pub(in crate::fanout) fn events(self) -> impl Iterator<Item = (u64, Option<Duration>)> + Send {
        (0..self.events)
            .map(move |i| (self.first + i, (self.rate > 0.0).then(|| Duration::from_secs_f64(i as f64 / self.rate))))
    }
}
