//! What the page's own life allows: seen, hidden, left, offline.
//!
//! Knows nothing of attempts; the machine asks it whether to hold still.

use crate::{Background, Pause, Timestamp, time::Millis};

/// How often a page is dialled for that believes to be offline: belief is a hint, and wrong on some desktops.
pub(crate) const OFFLINE: Millis = Millis::from_secs(30);

/// The page as its signals tell it.
#[derive(Debug)]
pub(crate) struct Page {
    /// How long a hidden page keeps its stream; without it, as long as it lives.
    grace: Option<Millis>,
    hidden: Option<Timestamp>,
    /// The grace is over.
    spent: bool,
    left: bool,
    offline: bool,
}

impl Page {
    pub(crate) fn new(background: Background) -> Self {
        let grace = match background {
            Background::Keep => None,
            Background::Grace(grace) => Some(grace.into()),
            Background::Immediate => Some(Millis::ZERO),
        };
        Self { grace, hidden: None, spent: false, left: false, offline: false }
    }

    /// The client is opened: a tab that is opened hidden has its whole grace from here.
    pub(crate) fn open(&mut self, now: Timestamp) {
        self.spent = false;
        if self.hidden.take().is_some() {
            self.hide(now);
        }
    }

    /// The page is not seen; said twice, the first time counts.
    pub(crate) fn hide(&mut self, now: Timestamp) {
        self.hidden.get_or_insert(now);
        self.look(now);
    }

    /// The page is seen.
    pub(crate) fn show(&mut self) {
        self.hidden = None;
        self.spent = false;
    }

    /// The page is left.
    pub(crate) fn leave(&mut self) {
        self.left = true;
    }

    /// The page is back, and seen: iOS says nothing else when it comes out of its cache.
    pub(crate) fn come_back(&mut self) {
        self.left = false;
        self.show();
    }

    /// Frozen timers do not fire: the grace of a hidden page ends here.
    pub(crate) fn freeze(&mut self) {
        self.spent |= self.hidden.is_some() && self.grace.is_some();
    }

    /// The network's hint. Returns whether it is news.
    pub(crate) fn network(&mut self, offline: bool) -> bool {
        std::mem::replace(&mut self.offline, offline) != offline
    }

    /// Spends the grace if its time has come.
    pub(crate) fn look(&mut self, now: Timestamp) {
        self.spent |= self.deadline() <= now;
    }

    /// When the grace ends, if ever.
    pub(crate) fn deadline(&self) -> Timestamp {
        match (self.hidden, self.grace) {
            (Some(since), Some(grace)) if !self.spent => since + grace,
            _ => Timestamp::NEVER,
        }
    }

    /// Why nothing may be dialled, if nothing may.
    pub(crate) fn hold(&self) -> Option<Pause> {
        match self {
            Self { left: true, .. } => Some(Pause::Left),
            Self { spent: true, .. } => Some(Pause::Hidden),
            _ => None,
        }
    }

    pub(crate) fn seen(&self) -> bool {
        self.hidden.is_none()
    }

    pub(crate) fn offline(&self) -> bool {
        self.offline
    }
}
