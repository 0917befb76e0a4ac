//! Where a client is, and why. Words for a badge; decisions are in `client.rs`.

use crate::{CloseReason, Timestamp};
use eventwire::Code;

/// Where a client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Made, not opened.
    Idle,
    /// An attempt is under way.
    Connecting(Dialled),
    /// The server has said hello.
    Open,
    /// The next attempt has its time.
    Waiting {
        /// When.
        until: Timestamp,
        /// What went wrong.
        trouble: Trouble,
    },
    /// Nothing is dialled until the cause is gone.
    Paused(Pause),
    /// For good.
    Closed(CloseReason),
}

/// What made the client dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialled {
    /// It was opened.
    Opened,
    /// The wait was over.
    Retry,
    /// The page is seen again.
    Visible,
    /// There is a network again.
    Online,
    /// The device or the page slept.
    Woke,
    /// Topics were added or deleted.
    Topics,
    /// The page has read its queue.
    Drained,
}

/// What went wrong with the last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection broke, or ended without `bye`.
    Lost,
    /// Silence for twice the heartbeat and ten seconds.
    Stalled,
    /// No response within ten seconds.
    NoAnswer,
    /// A response, but no hello within five seconds.
    NoHello,
    /// A hello of another version.
    Version,
    /// The server said `bye`.
    Bye(Code),
    /// The server answered with this status and no stream.
    Refused(u16, Code),
}

/// What a paused client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The page to be seen.
    Hidden,
    /// The page to come back out of the back/forward cache.
    Left,
    /// The page to read its queue.
    Queue,
    /// A topic to be added.
    Topics,
}

impl State {
    /// One of the six words of the glossary.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting(_) => "connecting",
            Self::Open => "open",
            Self::Waiting { .. } => "waiting",
            Self::Paused(_) => "paused",
            Self::Closed(_) => "closed",
        }
    }

    /// Why, in one word.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Idle => "new",
            Self::Connecting(Dialled::Opened) => "opened",
            Self::Connecting(Dialled::Retry) => "retry",
            Self::Connecting(Dialled::Visible) => "visible",
            Self::Connecting(Dialled::Online) => "online",
            Self::Connecting(Dialled::Woke) => "woke",
            Self::Connecting(Dialled::Topics) => "topics",
            Self::Connecting(Dialled::Drained) => "drained",
            Self::Open => "hello",
            Self::Waiting { trouble, .. } => trouble.as_str(),
            Self::Paused(Pause::Hidden) => "hidden",
            Self::Paused(Pause::Left) => "left",
            Self::Paused(Pause::Queue) => "queue",
            Self::Paused(Pause::Topics) => "topics",
            Self::Closed(reason) => reason.code.as_str(),
        }
    }

    /// When the next attempt has its time, if it has one.
    pub const fn next_attempt_at(&self) -> Option<Timestamp> {
        match self {
            Self::Waiting { until, .. } => Some(*until),
            _ => None,
        }
    }
}

impl Trouble {
    /// One word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Stalled => "stalled",
            Self::NoAnswer => "no-answer",
            Self::NoHello => "no-hello",
            Self::Version => "version",
            Self::Bye(code) | Self::Refused(_, code) => code.as_str(),
        }
    }
}
