//! The judge: what was published, what one reader was handed, and everything that is wrong with it.
//!
//! Knows the promise of `docs/wire.md` section 7 and nothing else: no hub, no socket, no clock.

use eventwire::{Epoch, Offset, Pattern, Position, Topic, frame::GapReason};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Everything known about one run, as one reader met it.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Every publish that was begun. Contents are told apart: no two are of the same topic and content.
    pub published: Vec<Published>,
    /// What the reader asked for and was granted.
    pub view: Vec<Pattern>,
    /// Topics of which only the newest event is promised.
    pub latest: Vec<Pattern>,
    /// After which offset of the first epoch it began: 0 for all that is kept.
    pub from: Offset,
    /// What it was handed, in order, until everything was quiet.
    pub items: Vec<Item>,
}

/// One publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// To what.
    pub topic: Topic,
    /// Name and payload, as the reader shows them.
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

/// What a reader is handed.
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
}

/// Something that must never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Accepted, in the view, never handed over, never announced.
    Lost(Topic, Position),
    /// Announced, but after a later event.
    LateGap(Topic, Position),
    /// Handed over twice.
    Duplicated(Topic, Position),
    /// An offset that does not rise.
    Reordered(Topic, Position),
    /// Never published so, or refused, or outside the view.
    Phantom(Topic, Position),
    /// Another epoch without a gap, or one that had ended.
    ForeignEpoch(Topic, Position),
    /// A gap within an epoch in which nothing was missed.
    NeedlessGap(Position, GapReason),
}

/// Everything that is wrong with a history.
pub fn check(history: &History) -> Vec<Violation> {
    let mut judge = Judge::new(history);
    for (n, item) in history.items.iter().enumerate() {
        match item {
            Item::Event { at, topic, content } => judge.event(n, *at, topic, content),
            Item::Gap { at, reason, topics } => judge.gap(n, *at, *reason, topics),
        }
    }
    judge.missing();
    judge.violations
}

struct Judge<'a> {
    history: &'a History,
    known: HashMap<(&'a str, &'a str), &'a Published>,
    /// When each position was handed over.
    handed: HashMap<Position, usize>,
    contents: HashMap<(&'a str, &'a str), Epoch>,
    ended: HashSet<Epoch>,
    at: Option<Position>,
    gaps: Vec<Announced<'a>>,
    violations: Vec<Violation>,
}

/// What a gap speaks for: these offsets of this epoch, of these topics.
struct Announced<'a> {
    n: usize,
    epoch: Epoch,
    after: Offset,
    upto: Offset,
    topics: &'a [Pattern],
    /// Told within an epoch, so something has to be missing.
    reason: Option<GapReason>,
}

impl Announced<'_> {
    fn covers(&self, topic: &Topic, at: Position) -> bool {
        self.after < at.offset && self.means(topic, at)
    }

    /// As [`Self::covers`], but perhaps too late: the reader was already beyond it.
    fn means(&self, topic: &Topic, at: Position) -> bool {
        self.epoch == at.epoch
            && at.offset <= self.upto
            && (self.topics.is_empty() || self.topics.iter().any(|pattern| pattern.matches(topic.as_str())))
    }
}

const END: Offset = Offset(u64::MAX);

impl<'a> Judge<'a> {
    fn new(history: &'a History) -> Self {
        let known = history.published.iter().map(|one| ((one.topic.as_str(), one.content.as_str()), one));
        Self {
            history,
            known: known.collect(),
            handed: HashMap::new(),
            contents: HashMap::new(),
            ended: HashSet::new(),
            at: None,
            gaps: Vec::new(),
            violations: Vec::new(),
        }
    }

    fn event(&mut self, n: usize, at: Position, topic: &'a Topic, content: &'a str) {
        let known = self.known.get(&(topic.as_str(), content));
        let retried = known.is_some_and(|one| one.retried);
        let as_published = match known.map(|one| one.outcome) {
            Some(Outcome::Accepted(there)) => there == at || retried && there.epoch != at.epoch,
            Some(Outcome::Unknown) => true,
            Some(Outcome::Refused) | None => false,
        };
        if !as_published || !matches(&self.history.view, topic) {
            self.violations.push(Violation::Phantom(topic.clone(), at));
        }
        let before = self.contents.insert((topic.as_str(), content), at.epoch);
        let again = before.is_some_and(|epoch| epoch == at.epoch || !retried);
        if self.handed.insert(at, n).is_some() || again {
            self.violations.push(Violation::Duplicated(topic.clone(), at));
        }
        match self.at {
            Some(here) if here.epoch != at.epoch => {
                self.violations.push(Violation::ForeignEpoch(topic.clone(), at));
                self.ended.insert(here.epoch);
                self.at = Some(at);
            }
            // A prelude: the newest event of a topic of which only that matters.
            Some(here) if at.offset <= here.offset => {
                if !matches(&self.history.latest, topic) {
                    self.violations.push(Violation::Reordered(topic.clone(), at));
                }
            }
            _ => self.at = Some(at),
        }
        if self.ended.contains(&at.epoch) {
            self.violations.push(Violation::ForeignEpoch(topic.clone(), at));
        }
    }

    fn gap(&mut self, n: usize, at: Option<Position>, reason: GapReason, topics: &'a [Pattern]) {
        let here = self.at;
        let Some(at) = at.or(here) else { return };
        let mut announce = |epoch, after, upto, topics, reason| {
            self.gaps.push(Announced { n, epoch, after, upto, topics, reason });
        };
        match here {
            Some(here) if here.epoch == at.epoch => {
                announce(at.epoch, here.offset, at.offset, topics, Some(reason));
            }
            // Nothing of the old life is promised any more, whatever was asked for.
            Some(here) => {
                announce(here.epoch, here.offset, END, &[], None);
                announce(at.epoch, Offset::ZERO, at.offset, &[], None);
                self.ended.insert(here.epoch);
            }
            None => announce(at.epoch, self.history.from, at.offset, topics, None),
        }
        self.at = Some(at);
    }

    /// What was accepted and did not come.
    fn missing(&mut self) {
        let first = match self.history.items.first() {
            Some(Item::Event { at, .. } | Item::Gap { at: Some(at), .. }) => Some(at.epoch),
            _ => None,
        };
        let epochs: HashSet<Epoch> =
            self.handed.keys().map(|at| at.epoch).chain(self.gaps.iter().map(|gap| gap.epoch)).collect();
        let mut newest: BTreeMap<&Topic, (&Published, Position)> = BTreeMap::new();
        let mut owed = Vec::new();
        for one in &self.history.published {
            let Outcome::Accepted(at) = one.outcome else { continue };
            let before = Some(at.epoch) == first && at.offset <= self.history.from;
            // Of an epoch this reader never met it is owed nothing: another began before it came, or after it left.
            let met = epochs.contains(&at.epoch) || epochs.is_empty();
            if before || !met || !matches(&self.history.view, &one.topic) {
                continue;
            }
            if !matches(&self.history.latest, &one.topic) {
                owed.push((&one.topic, at));
            } else if newest.get(&one.topic).is_none_or(|(_, held)| held.epoch != at.epoch || held.offset < at.offset) {
                newest.insert(&one.topic, (one, at));
            }
        }
        owed.extend(newest.into_iter().map(|(topic, (_, at))| (topic, at)));
        let missing: Vec<_> = owed.into_iter().filter(|(_, at)| !self.handed.contains_key(at)).collect();

        for (topic, at) in &missing {
            if self.gaps.iter().any(|gap| gap.covers(topic, *at)) {
                continue;
            }
            // The first later event: after it, it was too late to tell.
            let later = self.handed.iter().filter(|(other, _)| other.epoch == at.epoch && other.offset > at.offset);
            let later = later.map(|(_, n)| *n).min();
            let late = later.is_some_and(|later| self.gaps.iter().any(|gap| gap.n > later && gap.means(topic, *at)));
            let (topic, at) = ((*topic).clone(), *at);
            self.violations.push(if late { Violation::LateGap(topic, at) } else { Violation::Lost(topic, at) });
        }
        for gap in &self.gaps {
            let Some(reason) = gap.reason else { continue };
            // A publish nobody answered may be what is missing.
            let unknown = self.history.published.iter().any(|one| {
                one.outcome == Outcome::Unknown
                    && !self.contents.contains_key(&(one.topic.as_str(), one.content.as_str()))
            });
            if !unknown && !missing.iter().any(|(topic, at)| gap.means(topic, *at)) {
                let at = Position { epoch: gap.epoch, offset: gap.upto };
                self.violations.push(Violation::NeedlessGap(at, reason));
            }
        }
    }
}

fn matches(patterns: &[Pattern], topic: &Topic) -> bool {
    patterns.iter().any(|pattern| pattern.matches(topic.as_str()))
}

#[cfg(test)]
mod tests;
