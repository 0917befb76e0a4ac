//! The five frames of ours: `eventwire.hello`, `gap`, `cursor`, `names`, `bye`.
//!
//! Flat JSON, offsets as strings, always with data: Firefox ignores an id without it. `docs/wire.md` section 2.

use crate::{
    Code, EventName, Pattern, Position,
    flat::{self, Value, Writer},
};
use std::{borrow::Cow, fmt, time::Duration};

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
    pub member: Box<str>,
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
        let mut out = Writer::new();
        match self {
            Self::Hello(hello) => {
                out.number("v", hello.v.into());
                out.position("start", hello.start);
                out.position("head", hello.head);
                out.list("names", &hello.names);
                out.text("contract", &hello.contract);
                out.list("topics", &hello.topics);
                out.list("denied", &hello.denied);
                out.millis("heartbeat", hello.heartbeat);
                out.millis("spread", hello.spread);
                out.millis("retry", hello.retry);
            }
            Self::Gap(gap) => {
                out.text("reason", gap.reason.as_str());
                out.list("topics", &gap.topics);
            }
            Self::Cursor(kind) => out.text("kind", kind.as_str()),
            Self::Names(names) => out.list("names", names),
            Self::Bye(bye) => {
                out.text("reason", bye.reason.as_str());
                out.millis("after", bye.after);
            }
        }
        out.end()
    }

    /// Reads a frame. Members not known are ignored; a frame whose name is not known is `Ok(None)`: newer servers may
    /// say more. A word not known is read as the most careful one that is: a gap is [`GapReason::Lost`], a cursor
    /// [`CursorKind::Skip`], a bye [`Code::Internal`].
    pub fn parse(event: &str, data: &str) -> Result<Option<Self>, InvalidFrame> {
        let members = match event {
            "eventwire.hello" => {
                &["v", "start", "head", "names", "contract", "topics", "denied", "heartbeat", "spread", "retry"][..]
            }
            "eventwire.gap" => &["reason", "topics"],
            "eventwire.cursor" => &["kind"],
            "eventwire.names" => &["names"],
            "eventwire.bye" => &["reason", "after"],
            _ => return Ok(None),
        };
        match Members::read(members, data).and_then(|members| members.frame(event)) {
            Ok(frame) => Ok(Some(frame)),
            Err(member) => Err(InvalidFrame::new(event, member)),
        }
    }
}

/// The members of one frame as they were read; an error is the name of the one that is missing or wrong.
struct Members<'a>(Vec<(&'static str, Option<Value<'a>>)>);

impl<'a> Members<'a> {
    fn read(names: &[&'static str], data: &'a str) -> Result<Self, &'static str> {
        let mut members: Vec<_> = names.iter().map(|name| (*name, None)).collect();
        let flat = flat::read(data, |name, value| {
            if let Some(member) = members.iter_mut().find(|member| member.0 == name) {
                member.1 = Some(value);
            }
        });
        if flat { Ok(Self(members)) } else { Err("data") }
    }

    fn frame(mut self, event: &str) -> Result<Frame, &'static str> {
        Ok(match event {
            "eventwire.hello" => Frame::Hello(Hello {
                v: u32::try_from(self.number("v")?).map_err(|_| "v")?,
                start: self.position("start")?,
                head: self.position("head")?,
                names: self.names()?,
                contract: self.text("contract")?.into(),
                topics: self.patterns("topics")?,
                denied: self.patterns("denied")?,
                heartbeat: self.millis("heartbeat")?,
                spread: self.millis("spread")?,
                retry: self.millis("retry")?,
            }),
            "eventwire.gap" => Frame::Gap(Gap {
                reason: GapReason::parse(&self.text("reason")?).unwrap_or(GapReason::Lost),
                topics: self.patterns("topics")?,
            }),
            "eventwire.cursor" => Frame::Cursor(CursorKind::parse(&self.text("kind")?).unwrap_or(CursorKind::Skip)),
            "eventwire.names" => Frame::Names(self.names()?),
            _ => Frame::Bye(Bye { reason: Code::of_bye(&self.text("reason")?), after: self.millis("after")? }),
        })
    }

    fn take(&mut self, name: &'static str) -> Option<Value<'a>> {
        self.0.iter_mut().find(|member| member.0 == name)?.1.take()
    }

    fn text(&mut self, name: &'static str) -> Result<Cow<'a, str>, &'static str> {
        match self.take(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(name),
        }
    }

    fn number(&mut self, name: &'static str) -> Result<u64, &'static str> {
        match self.take(name) {
            Some(Value::Number(number)) => Ok(number),
            _ => Err(name),
        }
    }

    fn millis(&mut self, name: &'static str) -> Result<Duration, &'static str> {
        self.number(name).map(Duration::from_millis)
    }

    fn position(&mut self, name: &'static str) -> Result<Position, &'static str> {
        Position::parse(&self.text(name)?).map_err(|_| name)
    }

    fn names(&mut self) -> Result<Vec<EventName>, &'static str> {
        match self.take("names") {
            Some(Value::List(items)) => items.iter().map(|name| EventName::parse(name).map_err(|_| "names")).collect(),
            _ => Err("names"),
        }
    }

    fn patterns(&mut self, name: &'static str) -> Result<Vec<Pattern>, &'static str> {
        match self.take(name) {
            Some(Value::List(items)) => items.iter().map(|raw| Pattern::parse(raw).map_err(|_| name)).collect(),
            _ => Err(name),
        }
    }
}

impl Writer {
    fn position(&mut self, name: &str, position: Position) {
        let mut text = String::new();
        position.push_to(&mut text);
        self.text(name, &text);
    }

    fn millis(&mut self, name: &str, duration: Duration) {
        self.number(name, u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
    }
}

impl GapReason {
    /// The word on the wire.
    #[inline(never)] // one table of words, not one in each caller
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

    /// Every reason, in the order of the wire's list.
    pub const ALL: [Self; 9] = [
        Self::Epoch,
        Self::Evicted,
        Self::Ahead,
        Self::Slow,
        Self::Lost,
        Self::Undecodable,
        Self::Position,
        Self::Detected,
        Self::Forbidden,
    ];

    /// The reason of a word on the wire.
    pub fn parse(raw: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == raw)
    }
}

impl CursorKind {
    /// The word on the wire.
    #[inline(never)] // one table of words, not one in each caller
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prelude => "prelude",
            Self::Live => "live",
            Self::Beat => "beat",
            Self::Skip => "skip",
        }
    }

    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Prelude, Self::Live, Self::Beat, Self::Skip];

    /// The kind of a word on the wire.
    pub fn parse(raw: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == raw)
    }
}

impl InvalidFrame {
    /// For who reads frames with a JSON reader of its own, as a browser does.
    pub fn new(event: &str, member: &str) -> Self {
        Self { event: event.into(), member: member.into() }
    }
}

impl fmt::Display for InvalidFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` of the frame `{}` is missing or cannot be read; the server speaks another version of the wire, or a proxy changed its bytes: bring both ends to one version",
            self.member, self.event
        )
    }
}

impl std::error::Error for InvalidFrame {}

/// The word on the wire.
impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word on the wire.
impl fmt::Display for CursorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
