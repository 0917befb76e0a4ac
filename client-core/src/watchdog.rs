//! How long silence is believed, judged by evidence and never by a late timer alone.
//!
//! A tab that slept, was throttled or was merely busy finds its timer due before the words that wait in its queue. So
//! the last second of every wait is a second chance that must be spent awake: the dog first doubts, and condemns only
//! when a second, punctual look finds silence still.

use crate::{Timestamp, time::Millis};

/// From dialling to a response.
pub(crate) const CONNECT: Millis = Millis::from_secs(10);
/// From a response to `hello`.
pub(crate) const HELLO: Millis = Millis::from_secs(5);
/// What the slowest network may add to the heartbeat.
const MARGIN: Millis = Millis::from_secs(10);
/// The second chance.
const CHANCE: Millis = Millis::from_secs(1);
/// A timer later than this has slept.
pub(crate) const LATE: Millis = Millis::from_secs(2);
/// Chances in a row before lateness is no excuse: a throttled page whose timers are always late must find a dead link
/// too.
const CHANCES: u8 = 3;
/// Longest heartbeat that is believed.
const SLOWEST: Millis = Millis::from_secs(3600);
/// Heartbeat until a `hello` says another.
const HEARTBEAT: Millis = Millis::from_secs(15);

/// Watches one attempt.
#[derive(Debug)]
pub(crate) struct Watch {
    heartbeat: Millis,
    /// How long silence is believed, if that is not the heartbeat's to say.
    stall: Option<Millis>,
    heard: Timestamp,
    due: Timestamp,
    /// The second chance: the end of the wait, and never more than half of it.
    second: Millis,
    chance: Option<Timestamp>,
    chances: u8,
}

/// What a look at the time says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is wrong yet.
    Fine,
    /// Silent for too long.
    Silent,
}

impl Watch {
    /// A watch over dialling.
    pub(crate) fn new(now: Timestamp, stall: Option<Millis>) -> Self {
        Self { heartbeat: HEARTBEAT, stall, heard: now, due: now + CONNECT, second: CHANCE, chance: None, chances: 0 }
    }

    /// Something else is due, so long from now.
    pub(crate) fn expect(&mut self, now: Timestamp, within: Millis) {
        self.due = now + within;
        self.second = (within / 2).clamp(Millis(1), CHANCE);
        self.chance = None;
        self.chances = 0;
    }

    /// The stream speaks at least this often.
    pub(crate) fn beat(&mut self, heartbeat: Millis) {
        self.heartbeat = heartbeat.min(SLOWEST);
    }

    /// The stream has spoken.
    pub(crate) fn hear(&mut self, now: Timestamp) {
        self.heard = now;
        self.expect(now, self.stall.unwrap_or(self.heartbeat * 2 + MARGIN));
    }

    /// The page or the network is back: a stream that has been silent for longer than a heartbeat allows is doubted at
    /// once, any other has to speak within the next one. Returns whether there is doubt.
    pub(crate) fn hint(&mut self, now: Timestamp) -> bool {
        let allowed = self.stall.unwrap_or(self.heartbeat + MARGIN);
        let doubt = Millis::between(now, self.heard) > allowed;
        let due = now + if doubt { CHANCE } else { allowed };
        if self.chance.is_none() {
            self.due = self.due.min(due);
        }
        doubt
    }

    /// When to look.
    pub(crate) fn deadline(&self) -> Timestamp {
        self.chance.unwrap_or(self.due - self.second)
    }

    /// Looks.
    pub(crate) fn judge(&mut self, now: Timestamp) -> Verdict {
        if now < self.deadline() {
            return Verdict::Fine;
        }
        match self.chance {
            Some(at) if now <= at + LATE || self.chances >= CHANCES => Verdict::Silent,
            _ => {
                self.chance = Some(now + self.second);
                self.chances += 1;
                Verdict::Fine
            }
        }
    }

    /// When the stream last spoke.
    pub(crate) fn heard(&self) -> Timestamp {
        self.heard
    }
}
