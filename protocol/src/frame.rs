//! The five frames of ours: `eventwire.hello`, `gap`, `cursor`, `names`, `bye`.
//!
//! Flat JSON, offsets as strings, always with data: Firefox ignores an id without it. `docs/wire.md` section 2.

use crate::{Code, EventName, Pattern, Position};
use std::time::Duration;

/// What the names of all our frames begin with.
pub const PREFIX: &str = "eventwire.";

/// One frame of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// First on every connection.
    Hello(Hello),
    /// Events may be missing from here on. Its id is where the stream goes on.
    Gap(Gap),
    /// Moves the reader's position. Its id is that position.
    Cursor(CursorKind),
    /// Names that this connection's hello did not list are coming.
    Names(Vec<EventName>),
    /// The server ends the stream on purpose. The only end there is.
    Bye(Bye),
}

/// What a server says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Version of the wire.
    pub v: u32,
    /// Where this stream starts.
    pub start: Position,
    /// The hub's newest position now.
    pub head: Position,
    /// Names of the events that may come.
    pub names: Vec<EventName>,
    /// Hash of the contract: 16 hex digits.
    pub contract: Box<str>,
    /// Patterns in force.
    pub topics: Vec<Pattern>,
    /// Patterns asked for and not granted.
    pub denied: Vec<Pattern>,
    /// The longest silence of the server, in whole milliseconds.
    pub heartbeat: Duration,
    /// Over what time a fleet comes back after a loss, in whole milliseconds.
    pub spread: Duration,
    /// The floor of this connection's reconnection time, in whole milliseconds; the `retry:` line says the same.
    pub retry: Duration,
}

/// Events may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// Every asked pattern that may hold a lost event; empty means all.
    pub topics: Vec<Pattern>,
}

/// Why events may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GapReason {
    /// The position is of another epoch.
    Epoch,
    /// What followed the position is no longer kept.
    Evicted,
    /// The position is beyond the store's head.
    Ahead,
    /// The reader fell further behind than the log reaches.
    Slow,
    /// The store lost events.
    Lost,
    /// A record of the store has no form.
    Undecodable,
    /// The position cannot be read.
    Position,
    /// Made by the client: an event's predecessor lies beyond its position.
    Detected,
    /// Made by the client: a topic it had is no longer granted.
    Forbidden,
}

/// What a cursor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CursorKind {
    /// The prelude is over.
    Prelude,
    /// Caught up.
    Live,
    /// Nothing new: the heartbeat.
    Beat,
    /// Passed events this reader may not see.
    Skip,
}

/// The server ends the stream on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bye {
    /// Why; one of the codes that `bye` says.
    pub reason: Code,
    /// Not to come back before, in whole milliseconds.
    pub after: Duration,
}

/// What is wrong with a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidFrame {
    /// The frame's name.
    pub event: Box<str>,
    /// The member that is missing or wrong, or `data` if the whole is no flat JSON object.
    pub member: &'static str,
}

impl Frame {
    /// The frame's name in the `event:` line.
    pub fn event(&self) -> &'static str {
        match self {
            Self::Hello(_) => "eventwire.hello",
            Self::Gap(_) => "eventwire.gap",
            Self::Cursor(_) => "eventwire.cursor",
            Self::Names(_) => "eventwire.names",
            Self::Bye(_) => "eventwire.bye",
        }
    }

    /// The frame's data: one line of flat JSON. Cannot fail: every value is valid by type.
    pub fn data(&self) -> String {
        todo!("protocol")
    }

    /// Reads a frame. Members not known are ignored; a frame whose name is not known is `Ok(None)`: newer servers may
    /// say more.
    pub fn parse(event: &str, data: &str) -> Result<Option<Self>, InvalidFrame> {
        let _ = (event, data);
        todo!("protocol")
    }
}

impl GapReason {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Evicted => "evicted",
            Self::Ahead => "ahead",
            Self::Slow => "slow",
            Self::Lost => "lost",
            Self::Undecodable => "undecodable",
            Self::Position => "position",
            Self::Detected => "detected",
            Self::Forbidden => "forbidden",
        }
    }
}

impl CursorKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prelude => "prelude",
            Self::Live => "live",
            Self::Beat => "beat",
            Self::Skip => "skip",
        }
    }
}
