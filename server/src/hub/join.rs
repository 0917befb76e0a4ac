//! What a reader orders of the hub and what it gets: the words between `http` and the session.

use eventwire::{Pattern, Position, Start};
use std::time::Duration;

/// One reader's order.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// Patterns in force that the reader's position speaks for.
    pub(crate) granted: Vec<Pattern>,
    /// Patterns in force that the reader is new to.
    pub(crate) new: Vec<Pattern>,
    /// Patterns asked for and not granted.
    pub(crate) denied: Vec<Pattern>,
    /// Where to start.
    pub(crate) start: Start,
    /// Who the session belongs to, as the app says.
    pub(crate) principal: Option<Box<str>>,
    /// When what was granted expires.
    pub(crate) until: Option<tokio::time::Instant>,
}

impl Join {
    /// All that is in force, each once.
    pub(crate) fn asked(&self) -> Vec<Pattern> {
        let mut asked = self.granted.clone();
        asked.extend(self.new.iter().filter(|new| !self.granted.contains(new)).cloned());
        asked
    }
}

/// What a hub holds and does now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Streams that are open.
    pub readers: usize,
    /// Of these, the ones that have all there is.
    pub live: usize,
    /// Of these, the ones still catching up or blocked.
    pub behind: usize,
    /// Topics that are followed or of which something is kept.
    pub topics: usize,
    /// Events in the log.
    pub events: usize,
    /// Bytes of the log's events.
    pub log_bytes: usize,
    /// Bytes that wait for a shard or a reader.
    pub queued_bytes: usize,
    /// Tasks the hub runs.
    pub tasks: usize,
    /// Events refused since the hub was built, because they cannot be written: nothing of them was sent.
    pub refused: u64,
    /// Streams turned away since the hub was built, because there were too many: `bye limit`.
    pub turned_away: u64,
    /// Readers let go since the hub was built, because their writes were blocked too long: `bye slow`.
    pub let_go: u64,
    /// Streams ended since the hub was built by a fault of this crate's: `bye internal`. Anything but 0 is worth a report.
    pub faults: u64,
}

/// One open stream, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// Unique in this process.
    pub id: u64,
    /// Patterns in force.
    pub topics: Vec<Pattern>,
    /// Up to where everything was handed to the connection.
    pub position: Position,
    /// Whether it has all there is.
    pub live: bool,
    /// How long it has been open.
    pub age: Duration,
    /// Who it belongs to, as the app said.
    pub principal: Option<Box<str>>,
}
