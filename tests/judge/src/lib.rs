//! The judge: what was published, what readers were handed, and everything that is wrong with it.
//!
//! Knows the promise of `docs/wire.md` section 7 and nothing else: no hub, no socket, no clock, no payload. Unit,
//! simulated, real-process and browser tests all write a [`History`] and ask [`check`].

mod gaps;
mod reading;
mod spells;

use eventwire::{Epoch, Pattern, Position, Topic, frame::GapReason};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

/// Everything known about one run of one hub.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Every publish that was begun. Contents are told apart: no two are of the same topic and content.
    pub published: Vec<Published>,
    /// Topics of which only the newest event is promised.
    pub latest: Vec<Pattern>,
    /// Where the order itself lost something, of whatever topic: a reader that passes there has to be told.
    pub lost: Vec<Position>,
    /// Who read, and what they were handed.
    pub readings: Vec<Reading>,
}

/// One publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// To what.
    pub topic: Topic,
    /// Name and payload, as readers show them.
    pub content: String,
    /// What the publisher was told last.
    pub outcome: Outcome,
    /// An earlier try was not answered. Keys do not outlive an epoch: it may stand in an earlier one, too.
    pub retried: bool,
}

/// What a publisher was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there.
    Accepted(Position),
    /// It will never appear.
    Refused,
    /// It may appear.
    Unknown,
}

/// What one reader was handed.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// What it asked for and was granted, until an [`Item::View`] says otherwise.
    pub view: Vec<Pattern>,
    /// Where it began: `None` for all that is kept.
    pub from: Option<Position>,
    /// Its topics were new to it where it began: newest events that lie before are owed, too.
    pub new: bool,
    /// What it was handed, in order, until everything was quiet.
    pub items: Vec<Item>,
}

impl Reading {
    /// Of all that is kept, with a view that does not change.
    pub fn earliest(view: Vec<Pattern>, items: Vec<Item>) -> Self {
        Self { view, from: None, new: true, items }
    }
}

/// What a reader is handed, and what happened to it in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event.
    Event {
        /// Where it is.
        at: Position,
        /// Whose it is.
        topic: Topic,
        /// Name and payload.
        content: String,
    },
    /// Events may be missing.
    Gap {
        /// Where the stream goes on; `None` if it does not say.
        at: Option<Position>,
        /// Why.
        reason: GapReason,
        /// Of which patterns; empty means all.
        topics: Vec<Pattern>,
    },
    /// The position a page would come back with, had it to begin anew here. Repeats are no news.
    At(Position),
    /// A stream begins that asked for these and may have them. An [`Item::At`] before it tells since when.
    View(Vec<Pattern>),
    /// Access was withdrawn: what was published later is nothing for the stream that runs.
    Withdrawn(Position),
}

/// Something that must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Accepted, in the view, never handed over, never announced.
    Lost,
    /// Handed over twice.
    Duplicated,
    /// An offset that does not rise.
    Reordered,
    /// Two readers were handed different events of one position.
    Divergent,
    /// Never published so, or refused.
    Phantom,
    /// Announced, but after a later event.
    LateGap,
    /// A gap in which nothing was missed.
    NeedlessGap,
    /// A position that was handed out before everything up to it.
    EarlyPosition,
    /// Another epoch without a gap, or one that had ended.
    WrongEpoch,
    /// Outside what was asked for and granted.
    Unauthorised,
}

/// What was wrong, with whom and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What.
    pub kind: Kind,
    /// Which of [`History::readings`].
    pub reader: usize,
    /// Where.
    pub at: Position,
    /// Whose event, or the reason of the gap.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: reader {} at {} ({})", self.kind, self.reader, self.at, self.what)
    }
}

/// Everything that is wrong with a history.
pub fn check(history: &History) -> Vec<Violation> {
    let known = Known::of(history);
    let readings = history.readings.iter().enumerate();
    let mut violations: Vec<Violation> =
        readings.flat_map(|(reader, reading)| reading::check(&known, reader, reading)).collect();
    violations.extend(divergent(history));
    violations
}

/// The history's publishes, so that each reading finds its own.
struct Known<'a> {
    history: &'a History,
    published: HashMap<(&'a str, &'a str), &'a Published>,
    /// Accepted, by epoch and in order.
    accepted: HashMap<Epoch, Vec<(Position, &'a Published)>>,
    /// Of some publishes nobody knows whether they are there.
    doubt: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Known<'a> {
    fn of(history: &'a History) -> Self {
        let name = |one: &'a Published| (one.topic.as_str(), one.content.as_str());
        let published = history.published.iter().map(|one| (name(one), one)).collect();
        let doubtful = |one: &&Published| one.outcome == Outcome::Unknown || one.retried;
        let doubt = history.published.iter().filter(doubtful).map(name).collect();
        let mut accepted: HashMap<Epoch, Vec<_>> = HashMap::new();
        for one in &history.published {
            if let Outcome::Accepted(at) = one.outcome {
                accepted.entry(at.epoch).or_default().push((at, one));
            }
        }
        for events in accepted.values_mut() {
            events.sort_by_key(|(at, _)| at.offset);
        }
        Self { history, published, accepted, doubt }
    }

    fn is_latest(&self, topic: &Topic) -> bool {
        matches(&self.history.latest, topic)
    }
}

/// Positions that were shown with different contents. One reader alone cannot tell.
fn divergent(history: &History) -> Vec<Violation> {
    let mut shown: HashMap<Position, (usize, &Topic, &str)> = HashMap::new();
    let mut violations = Vec::new();
    for (reader, reading) in history.readings.iter().enumerate() {
        for item in &reading.items {
            let Item::Event { at, topic, content } = item else { continue };
            let (first, its, same) = *shown.entry(*at).or_insert((reader, topic, content));
            if first != reader && (its, same) != (topic, content) {
                let what = format!("{topic} {content:.60}, but {its} {same:.60} to reader {first}");
                violations.push(Violation { kind: Kind::Divergent, reader, at: *at, what });
            }
        }
    }
    violations
}

fn matches(patterns: &[Pattern], topic: &Topic) -> bool {
    patterns.iter().any(|pattern| pattern.matches(topic.as_str()))
}

#[cfg(test)]
mod tests;
