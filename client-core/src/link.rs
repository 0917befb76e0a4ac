//! One attempt under way: how far it has come, and who watches it.

use crate::{
    Attempt, Timestamp,
    time::Millis,
    watchdog::{self, Watch},
};

/// One attempt under way.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) attempt: Attempt,
    pub(crate) stage: Stage,
    pub(crate) watch: Watch,
    /// When it said hello.
    greeted: Option<Timestamp>,
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No response yet.
    Dialling,
    /// Refused without a word; the status is being asked for.
    Probing,
    /// A response, and no hello yet.
    Opened,
    /// Hello: newest events come first.
    Prelude,
    /// What followed the position.
    Following,
    /// Caught up.
    Live,
}

impl Link {
    pub(crate) fn new(attempt: Attempt, now: Timestamp, stall: Option<Millis>) -> Self {
        Self { attempt, stage: Stage::Dialling, watch: Watch::new(now, stall), greeted: None }
    }

    /// A response has begun.
    pub(crate) fn open(&mut self, now: Timestamp) {
        self.stage = Stage::Opened;
        self.watch.expect(now, watchdog::HELLO);
    }

    /// Its status is asked for.
    pub(crate) fn probe(&mut self, now: Timestamp) {
        self.stage = Stage::Probing;
        self.watch.expect(now, watchdog::CONNECT);
    }

    /// The server has said hello.
    pub(crate) fn greet(&mut self, now: Timestamp, heartbeat: Millis) {
        self.greeted.get_or_insert(now);
        self.stage = Stage::Prelude;
        self.watch.beat(heartbeat);
        self.watch.hear(now);
    }

    /// When the server said hello.
    pub(crate) fn greeted(&self) -> Option<Timestamp> {
        self.greeted
    }

    /// How long the stream is known to have lived. What a device slept through proves nothing.
    pub(crate) fn health(&self) -> Millis {
        self.greeted.map_or(Millis::ZERO, |at| Millis::between(self.watch.heard(), at))
    }
}
