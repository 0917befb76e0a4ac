//! One reader's items, walked once; then what did not come, and the gaps that nothing called for.

use crate::{
    Item, Kind, Known, Outcome, Published, Reading, Violation,
    gaps::{Announced, END},
    spells::{Epochs, Spells},
};
use eventwire::{Epoch, Offset, Pattern, Position, Topic, frame::GapReason};
use std::collections::{HashMap, HashSet};

pub(crate) fn check(known: &Known<'_>, reader: usize, reading: &Reading) -> Vec<Violation> {
    let mut judge = Judge::new(known, reader, reading);
    for (n, item) in reading.items.iter().enumerate() {
        match item {
            Item::Event { at, topic, content } => judge.event(n, *at, topic, content),
            Item::Gap { at, reason, topics } => judge.gap(n, *at, *reason, topics),
            Item::At(at) => judge.position(n, *at),
            Item::View(view) => judge.view(view),
            Item::Withdrawn(at) => judge.withdrawn = Some(*at),
        }
    }
    judge.rest();
    judge.violations
}

struct Judge<'a> {
    known: &'a Known<'a>,
    reader: usize,
    reading: &'a Reading,
    /// When each position was handed over.
    handed: HashMap<Position, usize>,
    contents: HashMap<(&'a str, &'a str), Epoch>,
    /// Where something was handed over that nobody published so: blamed already.
    strange: HashSet<Position>,
    /// The newest of each latest-only topic.
    newest: HashMap<&'a str, Position>,
    /// Of those, what was out of view since: when it is back, the newest may come once more.
    left: HashSet<&'a str>,
    epochs: Epochs,
    ended: HashSet<Epoch>,
    spells: Spells<'a>,
    withdrawn: Option<Position>,
    /// Where it is.
    here: Option<Position>,
    /// The last event or gap in order: what comes, comes after it.
    passed: Option<Position>,
    /// When the position reached what; rises within each epoch.
    reached: Vec<(usize, Position)>,
    gaps: Vec<Announced<'a>>,
    violations: Vec<Violation>,
}

impl<'a> Judge<'a> {
    fn new(known: &'a Known<'a>, reader: usize, reading: &'a Reading) -> Self {
        let mut epochs = Epochs::default();
        if let Some(from) = reading.from {
            epochs.meet(from.epoch);
        }
        Self {
            known,
            reader,
            reading,
            handed: HashMap::new(),
            contents: HashMap::new(),
            strange: HashSet::new(),
            newest: HashMap::new(),
            left: HashSet::new(),
            epochs,
            ended: HashSet::new(),
            spells: Spells::new(reading),
            withdrawn: None,
            here: reading.from,
            passed: None,
            reached: Vec::new(),
            gaps: Vec::new(),
            violations: Vec::new(),
        }
    }

    fn blame(&mut self, kind: Kind, at: Position, what: impl ToString) {
        self.violations.push(Violation { kind, reader: self.reader, at, what: what.to_string() });
    }

    fn event(&mut self, n: usize, at: Position, topic: &'a Topic, content: &'a str) {
        let one = self.known.published.get(&(topic.as_str(), content));
        let retried = one.is_some_and(|one| one.retried);
        let as_published = match one.map(|one| one.outcome) {
            Some(Outcome::Accepted(there)) => there == at || retried && there.epoch != at.epoch,
            Some(Outcome::Unknown) => true,
            Some(Outcome::Refused) | None => false,
        };
        if !as_published {
            self.blame(Kind::Phantom, at, format!("{topic} {content:.60}"));
            self.strange.insert(at);
        }
        let after = |gone: Position| gone.epoch == at.epoch && gone.offset < at.offset;
        if !self.spells.show(topic) || self.withdrawn.is_some_and(after) {
            self.blame(Kind::Unauthorised, at, topic);
        }
        let before = self.contents.insert((topic.as_str(), content), at.epoch);
        let again = before.is_some_and(|epoch| epoch == at.epoch || !retried);
        let again = *self.handed.entry(at).or_insert(n) != n || again;
        let back = self.left.remove(topic.as_str());
        if again && !back {
            self.blame(Kind::Duplicated, at, topic);
        }
        self.epochs.meet(at.epoch);
        let latest = self.known.is_latest(topic);
        let fell = latest
            && self.newest.insert(topic.as_str(), at).is_some_and(|b| b.epoch == at.epoch && b.offset > at.offset);
        if self.here.is_some_and(|here| here.epoch != at.epoch) || self.ended.contains(&at.epoch) {
            self.blame(Kind::WrongEpoch, at, topic);
        }
        match self.here {
            Some(here) if here.epoch != at.epoch => {
                self.ended.insert(here.epoch);
                self.here = Some(at);
            }
            Some(here) if at.offset <= here.offset => {}
            _ => self.here = Some(at),
        }
        // A prelude may bring what lies before, of topics of which only the newest event matters.
        let behind = self.passed.is_some_and(|passed| passed.epoch == at.epoch && at.offset <= passed.offset);
        if behind && (!latest || fell) && !again {
            self.blame(Kind::Reordered, at, topic);
        }
        if !behind {
            self.passed = Some(at);
        }
    }

    fn gap(&mut self, n: usize, at: Option<Position>, reason: GapReason, topics: &'a [Pattern]) {
        let here = self.here;
        let Some(at) = at.or(here) else { return };
        // Of what is not granted any more nothing is owed.
        if reason == GapReason::Forbidden && !topics.iter().any(|gone| self.spells.now().contains(gone)) {
            return;
        }
        self.epochs.meet(at.epoch);
        let mut announce = |epoch, after, upto, topics, reason| {
            self.gaps.push(Announced { n, epoch, after, upto, topics, reason });
        };
        match here {
            // The reader was where the order has not been: what comes there now is owed.
            Some(here) if here.epoch == at.epoch && reason == GapReason::Ahead && at.offset < here.offset => {
                self.spells.fall(self.epochs.place(at));
            }
            Some(here) if here.epoch == at.epoch => {
                announce(at.epoch, here.offset, at.offset.max(here.offset), topics, Some(reason));
                self.here = Some(Position { offset: at.offset.max(here.offset), ..at });
                self.passed = self.here;
                return;
            }
            // Nothing of the old life is promised any more, whatever was asked for.
            Some(here) => {
                announce(here.epoch, here.offset, END, &[], None);
                announce(at.epoch, Offset::ZERO, at.offset, &[], None);
                self.ended.insert(here.epoch);
                if self.ended.contains(&at.epoch) {
                    self.blame(Kind::WrongEpoch, at, reason.as_str());
                }
            }
            None => announce(at.epoch, Offset::ZERO, at.offset, topics, None),
        }
        self.here = Some(at);
        self.passed = Some(at);
    }

    fn position(&mut self, n: usize, at: Position) {
        self.epochs.meet(at.epoch);
        match self.here {
            Some(here) if here == at => {}
            Some(here) if here.epoch != at.epoch => {
                self.blame(Kind::WrongEpoch, at, "position");
                self.ended.insert(here.epoch);
            }
            Some(here) if here.offset > at.offset => self.blame(Kind::Reordered, at, "position"),
            _ => {}
        }
        self.here = Some(at);
        if self.reached.last().is_none_or(|(_, last)| *last != at) {
            self.reached.push((n, at));
        }
    }

    fn view(&mut self, view: &'a [Pattern]) {
        let here = self.here.and_then(|here| self.epochs.place(here));
        self.spells.change(view, here);
        let gone = |topic: &&&str| !Topic::parse(topic).is_ok_and(|topic| self.spells.show(&topic));
        self.left.extend(self.newest.keys().filter(gone).copied());
        self.withdrawn = None;
    }

    /// What was accepted and did not come, and gaps that nothing called for.
    fn rest(&mut self) {
        let missing = self.missing();
        for (one, at) in &missing {
            self.hold(&one.topic, *at);
        }
        for at in &self.known.history.lost {
            let begun = self.reading.from.is_some_and(|from| from.epoch == at.epoch && from.offset >= at.offset);
            let mut places = self.handed.keys().chain(self.reached.iter().map(|(_, there)| there));
            let passed = places.any(|there| there.epoch == at.epoch && there.offset >= at.offset);
            if passed && !begun && !self.gaps.iter().any(|gap| gap.reaches(*at)) {
                self.blame(Kind::Lost, *at, "by the order itself");
            }
        }
        self.early();
        self.needless(&missing);
    }

    /// What the reader was owed and was not handed.
    fn missing(&self) -> Vec<(&'a Published, Position)> {
        let mut owed = Vec::new();
        let mut newest: HashMap<&str, (&Published, Position)> = HashMap::new();
        // Of an epoch this reader never met it is owed nothing: another began before it came, or after it left.
        for (nth, epoch) in self.met() {
            for &(at, one) in self.known.accepted.get(&epoch).into_iter().flatten() {
                if self.known.is_latest(&one.topic) {
                    let began = self.reading.from.is_some_and(|from| from.epoch == epoch && at.offset <= from.offset);
                    if self.spells.show(&one.topic) && (!began || self.reading.new) {
                        newest.insert(one.topic.as_str(), (one, at));
                    }
                } else if self.spells.owe(nth, at.offset, &one.topic) && !self.came(one, at) {
                    owed.push((one, at));
                }
            }
        }
        owed.extend(newest.into_values().filter(|(one, at)| !self.came(one, *at)));
        owed
    }

    /// Whether what was published is what was handed over there. A position that two publishes were answered with has
    /// room for one of them.
    fn came(&self, one: &Published, at: Position) -> bool {
        let shown = self.contents.contains_key(&(one.topic.as_str(), one.content.as_str()));
        self.handed.contains_key(&at) && (shown || self.strange.contains(&at))
    }

    fn met(&self) -> Vec<(usize, Epoch)> {
        let mut met: Vec<_> = self.epochs.iter().collect();
        if met.is_empty() && self.known.accepted.len() == 1 {
            // It was handed nothing at all, and there is but one it can have read.
            met.extend(self.known.accepted.keys().map(|epoch| (0, *epoch)));
        }
        met
    }

    /// What is missing is lost, or was told too late, or in time.
    fn hold(&mut self, topic: &Topic, at: Position) {
        // A prelude comes when the position is beyond it, and so does the word that it cannot come.
        let in_time = |gap: &Announced<'_>| match self.known.is_latest(topic) {
            true => gap.means(topic, at),
            false => gap.covers(topic, at),
        };
        if self.gaps.iter().any(in_time) {
            return;
        }
        // The first later event: after it, it was too late to tell.
        let later = self.handed.iter().filter(|(other, _)| other.epoch == at.epoch && other.offset > at.offset);
        let later = later.map(|(_, n)| *n).min();
        let told = self.gaps.iter().filter(|gap| gap.means(topic, at)).map(|gap| gap.n).max();
        let kind = match (told, later) {
            (None, _) => Kind::Lost,
            (Some(told), Some(later)) if told > later => Kind::LateGap,
            (Some(_), _) => Kind::EarlyPosition,
        };
        self.blame(kind, at, topic);
    }

    /// A page that had begun anew at a position it was given would never have seen what came later and lies before it.
    fn early(&mut self) {
        let mut early = Vec::new();
        for (nth, epoch) in self.epochs.iter() {
            let reached: Vec<_> = self.reached.iter().filter(|(_, at)| at.epoch == epoch).collect();
            for &(at, one) in self.known.accepted.get(&epoch).into_iter().flatten() {
                if self.known.is_latest(&one.topic) || !self.spells.owe(nth, at.offset, &one.topic) {
                    continue;
                }
                let Some(&came) = self.handed.get(&at) else { continue };
                let first = reached.partition_point(|(_, there)| there.offset < at.offset);
                if let Some((n, there)) = reached.get(first).filter(|(n, _)| *n < came) {
                    early.push((*there, format!("item {n}, but {} of {} came with item {came}", at.offset, one.topic)));
                }
            }
        }
        early.dedup_by_key(|(at, _)| *at);
        for (at, what) in early {
            self.blame(Kind::EarlyPosition, at, what);
        }
    }

    fn needless(&mut self, missing: &[(&Published, Position)]) {
        // A publish nobody answered may be what is missing.
        if self.known.doubt.iter().any(|name| !self.contents.contains_key(name)) {
            return;
        }
        let mut needless = Vec::new();
        for gap in &self.gaps {
            let Some(reason) = gap.reason else { continue };
            let passed_over = || {
                self.known.accepted.get(&gap.epoch).into_iter().flatten().any(|&(at, one)| {
                    !self.handed.contains_key(&at)
                        && gap.near(self.spells.now(), &one.topic)
                        // What a newer event stands for now may have been the newest when it was lost.
                        && if self.known.is_latest(&one.topic) { at.offset <= gap.upto } else { gap.reaches(at) }
                })
            };
            let lost = || self.known.history.lost.iter().any(|at| gap.reaches(*at));
            // A gap that comes too late is no needless one; but of what was announced it says nothing new.
            let announced = |topic: &Topic, at| self.gaps.iter().any(|other| other.covers(topic, at));
            let late = |topic: &Topic, at| gap.means(topic, at) && !announced(topic, at);
            let called_for = |topic: &Topic, at| gap.covers(topic, at) || late(topic, at);
            if !missing.iter().any(|(one, at)| called_for(&one.topic, *at)) && !passed_over() && !lost() {
                needless.push((Position { epoch: gap.epoch, offset: gap.upto }, reason));
            }
        }
        for (at, reason) in needless {
            self.blame(Kind::NeedlessGap, at, reason.as_str());
        }
    }
}
