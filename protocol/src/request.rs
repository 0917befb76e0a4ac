//! What a reader asks: `?topics=a,b.*&new=c&lastEventId=…`, to and from a query string. `docs/wire.md` section 3.

use crate::{InvalidTopic, Pattern, Position};

/// What a reader asks of a hub.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Request {
    /// Patterns the reader's position speaks for.
    pub topics: Vec<Pattern>,
    /// Patterns the reader is new to: their newest events come first. Disjoint from `topics`.
    pub new: Vec<Pattern>,
    /// Where to start.
    pub start: Start,
}

/// Where a stream starts.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Start {
    /// No position: now, after the prelude of all topics.
    #[default]
    Now,
    /// `earliest`: all that is kept.
    Earliest,
    /// After this position. `native`: it came by header, from a browser's own reconnect, so `new` gets no prelude.
    After {
        /// The claimed position.
        position: Position,
        /// Whether a `Last-Event-ID` header brought it.
        native: bool,
    },
    /// Something that is no position of ours: answered with gap `position`.
    Unreadable {
        /// Whether a `Last-Event-ID` header brought it.
        native: bool,
    },
}

/// Why a request was refused; each is a 400.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// A pattern that cannot be read, as it was given (cut to 100 characters).
    Pattern(Box<str>, InvalidTopic),
    /// A pattern in both `topics` and `new`.
    Twice(Pattern),
    /// More than 100 patterns or 6 KiB of them.
    TooMany,
    /// A position over 256 bytes or not of visible ASCII.
    Position,
    /// More than one `Last-Event-ID` header, or a parameter given twice.
    Repeated(&'static str),
    /// The query is no `application/x-www-form-urlencoded` text in UTF-8.
    Query,
}

impl Request {
    /// Reads the query of a URL (without `?`) and the values of all `Last-Event-ID` headers, which win over the query.
    /// An empty position is none. Parameters not known are the app's own and ignored.
    pub fn parse<'a>(query: &str, last_event_id: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, InvalidRequest> {
        let _ = (query, last_event_id.into_iter().count());
        todo!("protocol")
    }

    /// Writes the query of a URL (without `?`), empty if nothing is asked. A position always goes by query here.
    pub fn to_query(&self) -> String {
        todo!("protocol")
    }
}
