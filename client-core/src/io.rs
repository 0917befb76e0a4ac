//! The two doors: what a shell tells the machine, and what the machine asks of the shell.
//!
//! Nothing here reads or writes anything. A payload never passes: it stays with the shell under a [`Handle`].

use crate::State;
use eventwire::{
    Code, EventName, Frame, Pattern, Position, Topic,
    frame::{GapReason, InvalidFrame},
};
use std::time::Duration;

/// One try to connect, from [`Output::Connect`] to its end. News of an older one are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u32);

/// Where the shell keeps an event's payload. It means nothing to the machine, and is dead once the outputs of its input
/// are drained: an event that is not delivered by then never will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(pub u32);

/// What a shell tells the machine. Afterwards it carries out every [`Output`] and asks for the next deadline.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Start. The shell waits a macrotask before it says so: what is closed meanwhile dials nothing.
    Open,
    /// Stop for good.
    Close,
    /// The deadline has come, early or late.
    Timeout,
    /// The page is seen.
    Visible,
    /// The page is not seen.
    Hidden,
    /// The page is being left; it may come back out of the back/forward cache.
    PageHide,
    /// The page is back. Counts as seen: some browsers say nothing else.
    PageShow,
    /// The browser believes in a network. A hint.
    Online,
    /// The browser believes in none. A hint.
    Offline,
    /// The page is being frozen: no timer will fire.
    Freeze,
    /// The page runs again.
    Resume,
    /// One more user of each of these.
    TopicsAdd(&'a [Pattern]),
    /// One user less of each of these.
    TopicsDelete(&'a [Pattern]),
    /// The page's pull queue holds all it may.
    QueueFull,
    /// The page has read its pull queue.
    QueueDrained,
    /// The page wants a new connection, now.
    Restart,
    /// News of an attempt.
    Transport(Attempt, TransportEvent<'a>),
}

/// News of an attempt.
#[derive(Clone, Debug)]
pub enum TransportEvent<'a> {
    /// The response has begun.
    Opened,
    /// One event or frame has arrived whole.
    Block(Block<'a>),
    /// It is over; also the end of a probe that got no answer.
    Ended(End),
    /// What the server answered instead of a stream, to the transport or to a probe.
    Status(Status<'a>),
}

/// One event or frame.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    /// The `event:` field.
    pub event: &'a str,
    /// The last event id in force.
    pub id: &'a str,
    /// What it carries.
    pub body: Body,
}

/// What a block carries.
#[derive(Clone, Debug)]
pub enum Body {
    /// A frame: an event whose name begins with `eventwire.`. `Body::from` makes it of what [`Frame::parse`] says.
    Frame(Frame),
    /// A frame whose name nobody here knows: a newer server may say more.
    Unknown,
    /// A frame that cannot be read, and the member that is missing or wrong.
    Broken(Box<str>),
    /// An event's payload stays with the shell.
    Payload(Handle),
}

impl From<Result<Option<Frame>, InvalidFrame>> for Body {
    fn from(read: Result<Option<Frame>, InvalidFrame>) -> Self {
        match read {
            Ok(Some(frame)) => Self::Frame(frame),
            Ok(None) => Self::Unknown,
            Err(invalid) => Self::Broken(invalid.member),
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The network ended it, cleanly or not: only `bye` is an end.
    Lost,
    /// The transport gave up without saying why, as an `EventSource` that is `CLOSED` on its first error. The machine
    /// asks for a probe.
    Refused,
}

/// A response that is no stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// The status code.
    pub status: u16,
    /// `Retry-After`, as a time from now.
    pub retry_after: Option<Duration>,
    /// The member `code` of an `application/problem+json` body.
    pub code: Option<&'a str>,
}

/// What the machine asks of the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a transport. The query is to be joined to the page's own URL.
    Connect {
        /// Its name from now on.
        attempt: Attempt,
        /// Without `?`, possibly empty.
        query: String,
    },
    /// Close the transport or probe, and forget it.
    Disconnect {
        /// Which.
        attempt: Attempt,
    },
    /// Ask the same URL for its status. Answer with [`TransportEvent::Status`], or with [`TransportEvent::Ended`] if there
    /// was no answer, or one that is a stream after all: abort that.
    Probe {
        /// The attempt that was refused; its query is to be used again.
        attempt: Attempt,
    },
    /// Hand an event to the page.
    Deliver {
        /// Its payload.
        handle: Handle,
        /// Whose event it is.
        topic: Topic,
        /// Where it is.
        position: Position,
    },
    /// Tell the page that events may be missing. Before every event that comes after the loss.
    Gap(Gap),
    /// Tell the page what was wrong and survived.
    Fault(Fault),
    /// Tell the page that the server has another contract. Once.
    Outdated {
        /// The server's hash.
        hash: Box<str>,
        /// The names in its hello, as far as the shell reads them.
        names: Vec<EventName>,
    },
    /// Tell the page where the client is now.
    State(State),
}

/// Events may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// Every asked pattern that may hold a lost event; empty means all.
    pub topics: Vec<Pattern>,
    /// Where the stream goes on.
    pub position: Option<Position>,
}

/// Something was wrong, and nothing stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An event or frame whose id cannot be read; an event is dropped, a frame moves nothing.
    Id {
        /// Its name.
        event: Box<str>,
        /// The id, cut to 128 bytes.
        id: Box<str>,
    },
    /// A frame of ours that cannot be read; ignored.
    Frame {
        /// Its name.
        event: Box<str>,
        /// The member that is missing or wrong.
        member: Box<str>,
    },
    /// An event whose name the page's contract does not have. Once per name.
    Unknown {
        /// The name.
        event: Box<str>,
    },
    /// An event before `hello`; dropped.
    Early {
        /// Its name.
        event: Box<str>,
    },
    /// A topic that was asked for and never granted.
    Denied {
        /// The pattern.
        pattern: Pattern,
    },
    /// A topic for which a request has no room; it is not asked for.
    TooMany {
        /// The pattern.
        pattern: Pattern,
    },
    /// The server speaks another version of the wire.
    Version {
        /// Its version.
        version: u32,
    },
}

impl Fault {
    /// A word to branch on.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Id { .. } => "id",
            Self::Frame { .. } => "frame",
            Self::Unknown { .. } => "unknown",
            Self::Early { .. } => "early",
            Self::Denied { .. } => "denied",
            Self::TooMany { .. } => "too-many",
            Self::Version { .. } => "version",
        }
    }
}

/// Why a client closed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason {
    /// Ours for it.
    pub code: Code,
    /// The response's status, if a response closed it.
    pub status: Option<u16>,
    /// The problem's own code, if it brought one.
    pub problem: Option<Box<str>>,
}
