//! What a reader orders of the hub and what it gets: the words between `http` and the session.

use bytes::Bytes;
use eventwire::{Pattern, Position, Start};
use futures_core::Stream;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

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

/// The bytes of one stream, whole frames. Dropping it leaves the hub within a turn.
pub(crate) struct Reader {}

/// The reader's writes were blocked too long; its state is gone. It resumes like anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Released;

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

impl Stream for Reader {
    type Item = Result<Bytes, Released>;

    fn poll_next(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        todo!("session")
    }
}

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader took nothing for ten seconds and was let go; it resumes where it was")
    }
}

impl std::error::Error for Released {}
