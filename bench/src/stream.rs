//! One stream as a client of the library reads it, without a socket: the response body, decoded and held to continuity.
//!
//! Believes nothing: an event at or below the position, or one whose predecessor lies beyond it, ends the bench.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::IntoResponse;
use eventwire::{EventId, Offset, Pattern, Position, Request, Start, sse::Decoder};
use eventwire_server::{Access, Hub, Subscribe};
use serde::{Deserialize, Serialize};

/// What the benches publish.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Load {
    /// So many bytes of nothing in particular.
    Filled(String),
}

/// The bytes of one stream.
pub(crate) struct Stream(Body);

/// What came of a stream, read block by block.
pub(crate) struct Checked {
    decoder: Decoder,
    /// Where the reader stands.
    pub(crate) position: Option<Position>,
    pub(crate) events: usize,
    pub(crate) gaps: usize,
    /// It was told that it has all there is.
    pub(crate) live: bool,
    /// The first thing that was wrong.
    wrong: Option<String>,
}

impl Stream {
    /// Opens a stream of these patterns, after a position or from now on.
    pub(crate) fn open(hub: &Hub<Load>, topics: &[Pattern], after: Option<Position>) -> Result<Self, String> {
        let start = after.map_or(Start::Now, |position| Start::After { position, native: true });
        let request = Request { topics: topics.to_vec(), new: Vec::new(), start };
        let stream = hub.stream(Subscribe::from(request), Access::all()).map_err(|problem| problem.to_string())?;
        Ok(Self(stream.into_response().into_body()))
    }

    /// Takes all that comes until the stream says that this was all; what came, to be checked when time does not matter.
    pub(crate) async fn all(mut self) -> Result<Vec<Bytes>, String> {
        let mut pieces = Vec::new();
        loop {
            let piece = self.next().await.ok_or("a stream ended before it was caught up")?;
            let live = piece.ends_with(b"\"live\"}\n\n");
            pieces.push(piece);
            if live {
                return Ok(pieces);
            }
        }
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut self.0).poll_frame(cx)).await?;
            if let Ok(piece) = frame.ok()?.into_data() {
                return Some(piece);
            }
        }
    }

    /// Takes what lies there, without waiting and without being woken.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        match Pin::new(&mut self.0).poll_frame(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
            _ => None,
        }
    }
}

impl Checked {
    /// Of a stream that begins after this position, or wherever it says.
    pub(crate) fn new(position: Option<Position>) -> Self {
        Self { decoder: Decoder::new(2 << 20), position, events: 0, gaps: 0, live: false, wrong: None }
    }

    /// Reads a piece.
    pub(crate) fn read(&mut self, piece: &[u8]) {
        let Self { decoder, position, events, gaps, live, wrong } = self;
        let read = decoder.push(piece, |block| match block.event.strip_prefix("eventwire.") {
            Some("hello") => {}
            Some(kind) => {
                *gaps += usize::from(kind == "gap");
                *live |= kind == "cursor" && block.data.contains("\"live\"");
                *position = Position::parse(block.id).ok().or(*position);
            }
            None => {
                *events += 1;
                let before = position.map_or(Offset::ZERO, |position| position.offset);
                match EventId::parse(block.id) {
                    Ok(id) if id.position.offset > before && id.previous() <= before => *position = Some(id.position),
                    Ok(id) => *wrong = wrong.take().or_else(|| Some(format!("{id} came to a reader at {before}"))),
                    Err(error) => *wrong = wrong.take().or_else(|| Some(format!("{:?}: {error}", block.id))),
                }
            }
        });
        if read.is_err() {
            self.wrong.get_or_insert_with(|| "a line without an end".into());
        }
    }

    /// What was wrong with the stream, if anything was, or if these are not its events.
    pub(crate) fn verdict(self, events: usize) -> Result<(), String> {
        match self.wrong {
            Some(wrong) => Err(wrong),
            None if self.gaps > 0 => Err(format!("{} gaps, and nothing was lost", self.gaps)),
            None if self.events != events => Err(format!("{} events came, {events} were owed", self.events)),
            None => Ok(()),
        }
    }
}

/// Patterns out of their text.
pub(crate) fn patterns(all: impl IntoIterator<Item = String>) -> Vec<Pattern> {
    all.into_iter().filter_map(|raw| Pattern::parse(&raw).ok()).collect()
}

/// Numbers that look like chance and are the same in every run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// One below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    /// So many different ones below `n`.
    pub(crate) fn different(&mut self, n: u64, count: usize) -> Vec<u64> {
        let mut picked = Vec::with_capacity(count);
        while picked.len() < count.min(n as usize) {
            let one = self.below(n);
            if !picked.contains(&one) {
                picked.push(one);
            }
        }
        picked
    }
}

/// Publishes into a hub in memory, which is never made to wait.
pub(crate) fn publish(hub: &Hub<Load>, topic: &eventwire::Topic, event: &Load) -> Result<Position, String> {
    let mut publishing = std::pin::pin!(hub.publish(topic, event));
    match publishing.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(published) => published.map_err(|error| error.to_string()),
        Poll::Pending => Err("a hub in memory made a publish wait".into()),
    }
}

/// Processor time of this process so far, in seconds.
pub(crate) fn processor_time() -> Result<f64, String> {
    // Nanoseconds, unlike the ticks of `stat`, for each thread.
    let tasks = std::fs::read_dir("/proc/self/task").map_err(|error| error.to_string())?;
    let mut nanos = 0.0;
    for task in tasks.flatten() {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        nanos += text.split(' ').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or(0.0);
    }
    Ok(nanos / 1e9)
}

/// Bytes of memory that this process holds.
pub(crate) fn memory() -> Result<f64, String> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").map_err(|error| error.to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0).ok_or_else(|| "the kernel does not say how much memory this process holds".into())
}
