//! A reader that is not at its shard's position: where it is, what it is owed next, and the end of the frame it was in.

use crate::hub::{Fresh, Join};
use eventwire::{Code, Pattern, Position};

/// What comes next. `docs/wire.md` section 4 read aloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was said yet: `hello`.
    Hello,
    /// The answer to the position it claimed.
    Judge,
    /// It claimed a position ahead of this node; the store's head or the tail will tell.
    Wait,
    /// Another life of the order has begun: gap `epoch`.
    Renewed,
    /// Whether anything of what it is owed is lost.
    Check,
    /// Newest events of what it is new to, above this offset.
    Prelude { from: u64 },
    /// What followed its position; at the end, if so, `cursor live`.
    Replay { arriving: bool },
    /// `bye` was said: the end.
    Over,
}

#[derive(Debug)]
pub(super) struct Behind {
    /// Everything of its view up to here was handed over, or is in `rest`.
    pub(super) at: u64,
    pub(super) stage: Stage,
    /// What it asked, until that is answered.
    pub(super) order: Option<Box<Join>>,
    /// What it is new to, until the prelude is over, by number and by name.
    pub(super) fresh: Fresh,
    pub(super) new: Vec<Pattern>,
    /// The latest lost newest event of these that it was told of.
    pub(super) told: u64,
    /// The end of a piece whose beginning was taken.
    pub(super) rest: Box<[u8]>,
    pub(super) done: usize,
    /// Since when its writes are blocked.
    pub(super) blocked: Option<u64>,
    pub(super) queued: bool,
    /// `bye` as soon as a frame ends.
    pub(super) bye: Option<Code>,
    /// The question to the store that will answer it.
    pub(super) asked: u64,
    /// The store has an event at the position it claimed, so the tail will come there.
    pub(super) claim: Option<Position>,
    pub(super) proven: bool,
}

/// Composed for a reader in one go, at least and at most.
pub(super) const ROOM: (u32, u32) = (4 << 10, 64 << 10);

impl Behind {
    pub(super) fn new(at: u64, stage: Stage) -> Self {
        Self {
            at,
            stage,
            order: None,
            fresh: Fresh::default(),
            new: Vec::new(),
            told: 0,
            rest: Box::default(),
            done: 0,
            blocked: None,
            queued: false,
            bye: None,
            asked: 0,
            claim: None,
            proven: false,
        }
    }

    /// A reader that comes.
    pub(super) fn arriving(order: Box<Join>) -> Self {
        Self { order: Some(order), ..Self::new(0, Stage::Hello) }
    }

    /// It was told that it is live, or what it was told so in is kept for it.
    pub(super) fn has_arrived(&self) -> bool {
        self.stage == Stage::Replay { arriving: false }
    }

    /// Bytes kept for it.
    pub(super) fn bytes(&self) -> usize {
        self.rest.len() - self.done
    }
}
