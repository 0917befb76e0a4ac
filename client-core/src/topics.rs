//! What is asked for: patterns counted per user, and for each how far the position speaks for it.
//!
//! Knows nothing of attempts and time, but for the moment gathered changes are due.

use crate::{Fault, Timestamp, Topics, outbox::Outbox, time::Millis};
use eventwire::{Pattern, Position, Request, Start, frame::Hello, limits};

/// Changes within this time make one redial: a page mounts its parts one after the other.
const GATHER: Millis = Millis(50);

/// The patterns of one client.
#[derive(Debug)]
pub(crate) struct Interest {
    /// Nothing is named: all that access grants. `asked` then mirrors what the last `hello` put in force.
    granted: bool,
    asked: Vec<Asked>,
    /// Patterns that are not asked for any more, or that access took back where nothing is named: each due, with up to where
    /// the page was handed its events. At the bound the oldest is forgotten.
    withdrawn: Vec<Asked>,
    /// A `hello` has said what is granted.
    mirrored: bool,
    /// The running attempt names what it asks for.
    explicit: bool,
    /// When gathered changes are due, if ever.
    gathered: Timestamp,
}

/// One pattern.
#[derive(Debug)]
struct Asked {
    pattern: Pattern,
    users: u32,
    standing: Standing,
    /// The running attempt asks for it.
    wired: bool,
    grant: Grant,
}

/// How far the page has been handed a pattern's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Up to the position.
    Settled,
    /// A prelude is due or under way. If there is a position, the page had everything up to it before.
    Due(Option<Position>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    Unanswered,
    Given,
    Denied,
}

/// What gathered changes come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Patterns left, and none came.
    Fewer,
    /// Patterns came.
    More,
}

/// What a `hello` changes about what is in force.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// In force until now, and no longer.
    pub(crate) had: Vec<Pattern>,
    /// Access grants what it did not before, and this stream brings none of its newest events: nobody asked for them.
    pub(crate) fresh: bool,
}

impl Interest {
    /// `known`: the page holds the state up to a position it starts from, nothing is new to it.
    pub(crate) fn new(topics: Topics, known: bool) -> Self {
        let standing = if known { Standing::Settled } else { Standing::Due(None) };
        let mut interest = Self {
            granted: topics == Topics::Granted,
            asked: Vec::new(),
            withdrawn: Vec::new(),
            mirrored: false,
            explicit: false,
            gathered: Timestamp::NEVER,
        };
        if let Topics::Named(patterns) = topics {
            for pattern in patterns {
                interest.count(&pattern, standing);
            }
        }
        interest
    }

    /// One more user of each; but of those that a request has no room for.
    pub(crate) fn add(&mut self, now: Timestamp, patterns: &[Pattern], out: &mut Outbox) {
        if self.granted {
            return;
        }
        for pattern in patterns {
            if self.fits(pattern) {
                self.count(pattern, Standing::Due(None));
            } else {
                out.fault(Fault::TooMany { pattern: pattern.clone() });
            }
        }
        self.gather(now);
    }

    /// One user less of each.
    pub(crate) fn delete(&mut self, now: Timestamp, patterns: &[Pattern]) {
        if self.granted {
            return;
        }
        for pattern in patterns {
            if let Some(asked) = self.asked.iter_mut().find(|asked| asked.pattern == *pattern) {
                asked.users = asked.users.saturating_sub(1);
            }
        }
        self.gather(now);
    }

    /// When gathered changes are due, if ever.
    pub(crate) fn deadline(&self) -> Timestamp {
        self.gathered
    }

    /// Takes the gathered changes if they are due: what they are, against what the last attempt asked for.
    pub(crate) fn gathered(&mut self, now: Timestamp, position: Option<Position>, cut: Option<Position>) -> Change {
        if self.gathered > now {
            return Change::None;
        }
        self.gathered = Timestamp::NEVER;
        let more = self.asked.iter().any(|asked| asked.users > 0 && !asked.wired);
        let fewer = self.asked.iter().any(|asked| asked.users == 0 && asked.wired);
        self.keep_asked(position, cut);
        match (more, fewer) {
            (true, _) => Change::More,
            (false, true) => Change::Fewer,
            (false, false) => Change::None,
        }
    }

    /// Forgets what nobody asks for any more; but not what was handed over of it, if something wider that is due brings it
    /// again.
    fn keep_asked(&mut self, position: Option<Position>, cut: Option<Position>) {
        // Steps, here and below, and not `retain` or iterators: each of those would be code of its own in wasm.
        let mut n = 0;
        while let Some(asked) = self.asked.get(n) {
            if asked.users > 0 {
                n += 1;
            } else {
                let asked = self.asked.remove(n);
                self.withdraw(asked, position, cut);
            }
        }
        let mut n = 0;
        while let Some(Asked { pattern, .. }) = self.withdrawn.get(n) {
            let due = |asked: &Asked| asked.standing != Standing::Settled && asked.pattern.overlaps(pattern);
            if self.asked.iter().any(due) {
                n += 1;
            } else {
                self.withdrawn.remove(n);
            }
        }
    }

    /// Whether topics were named and none is left: a request without any would ask for all.
    pub(crate) fn nobody(&self) -> bool {
        !self.granted && self.asked.iter().all(|asked| asked.users == 0)
    }

    /// What the next attempt asks. Patterns the position does not speak for are new.
    pub(crate) fn request(
        &mut self,
        position: Option<Position>,
        cut: Option<Position>,
        start: &Start,
    ) -> (String, Vec<Pattern>) {
        if !self.granted {
            self.keep_asked(position, cut);
        }
        let (mut topics, mut new, mut unasked) = (String::new(), String::new(), Vec::new());
        let start = match (position, start) {
            (Some(position), _) => Start::After { position, native: false },
            (None, Start::Earliest) => Start::Earliest,
            (None, _) => Start::Now,
        };
        let due = |asked: &Asked| asked.standing != Standing::Settled;
        self.explicit = !self.granted || (position.is_some() && self.asked.iter().any(due));
        for asked in self.asked.iter_mut().filter(|_| self.explicit) {
            asked.wired = true;
            // Without a position everything is new, and need not be said to be.
            asked.pattern.push_to(if position.is_some() && due(asked) { &mut new } else { &mut topics });
        }
        if self.granted && self.explicit && !fit(self.asked.iter().map(|asked| &asked.pattern)) {
            // Access grants more than a request can name: their newest events cannot be asked for again.
            for asked in &mut self.asked {
                if std::mem::replace(&mut asked.standing, Standing::Settled) != Standing::Settled {
                    unasked.push(asked.pattern.clone());
                }
            }
            (topics, new) = (String::new(), String::new());
        }
        (Request::query(&topics, &new, &start), unasked)
    }

    /// The server has said what is in force. `position`: where the reader was before; `cut`: how far a prelude that was
    /// cut had come.
    pub(crate) fn hello(
        &mut self,
        hello: &Hello,
        position: Option<Position>,
        cut: Option<Position>,
        out: &mut Outbox,
    ) -> Answer {
        let mut answer = Answer::default();
        if self.granted {
            self.mirror(hello, position, cut, &mut answer);
            return answer;
        }
        for asked in self.asked.iter_mut().filter(|asked| asked.wired) {
            let grant = if hello.denied.contains(&asked.pattern) { Grant::Denied } else { Grant::Given };
            match (std::mem::replace(&mut asked.grant, grant), grant) {
                (Grant::Given, Grant::Denied) => {
                    answer.had.push(asked.pattern.clone());
                    // Should it be granted again it is new again, but for what the page had.
                    asked.standing = Standing::Due(asked.standing.had(position, cut));
                }
                (Grant::Unanswered, Grant::Denied) => {
                    out.fault(Fault::Denied { pattern: asked.pattern.clone() }); // told once
                    asked.standing = Standing::Due(None);
                }
                _ => {}
            }
        }
        answer
    }

    /// The prelude is over: the position speaks for all that was asked and granted.
    pub(crate) fn settle(&mut self) {
        for asked in self.asked.iter_mut().filter(|asked| asked.wired && asked.grant == Grant::Given) {
            asked.standing = Standing::Settled;
        }
    }

    /// Events after `position` may be missing of these (of all, if there are none): their prelude is due again.
    pub(crate) fn lost(&mut self, topics: &[Pattern], position: Option<Position>) {
        for asked in self.asked.iter_mut().filter(|asked| asked.wired) {
            if topics.is_empty() || topics.iter().any(|lost| lost.overlaps(&asked.pattern)) {
                asked.due(position);
            }
        }
    }

    /// Another order: the page has had nothing of it.
    pub(crate) fn start_anew(&mut self) {
        self.asked.iter_mut().for_each(|asked| asked.standing = Standing::Due(None));
        self.withdrawn = Vec::new();
    }

    /// Another order in mid-stream: positions of the one before say nothing of it.
    pub(crate) fn begin_again(&mut self) {
        for asked in self.asked.iter_mut().filter(|asked| asked.standing != Standing::Settled) {
            asked.standing = Standing::Due(None);
        }
        self.withdrawn = Vec::new();
    }

    /// How far the page has been handed a topic's events.
    pub(crate) fn standing(&self, topic: &str) -> Standing {
        let mut furthest = None;
        for list in [&self.asked, &self.withdrawn] {
            for asked in list.iter().filter(|asked| asked.pattern.matches(topic)) {
                match asked.standing {
                    Standing::Settled => return Standing::Settled,
                    Standing::Due(had) => furthest = further(furthest, had),
                }
            }
        }
        Standing::Due(furthest)
    }

    /// What is asked for, for those who look.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.asked.iter().filter(|asked| asked.users > 0).map(|asked| &asked.pattern)
    }

    /// Nothing was named: follows what the server put in force.
    fn mirror(&mut self, hello: &Hello, position: Option<Position>, cut: Option<Position>, answer: &mut Answer) {
        let first = !std::mem::replace(&mut self.mirrored, true);
        // Of another epoch the newest events of all are coming anyway.
        let same = position.is_none_or(|position| position.epoch == hello.start.epoch);
        let mut fresh = Vec::new();
        for topic in &hello.topics {
            if !first && !self.asked.iter().any(|asked| asked.pattern.covers(topic)) {
                fresh.push(topic.clone());
            }
        }
        let standing = if position.is_some() { Standing::Settled } else { Standing::Due(None) };
        for topic in hello.topics.iter().filter(|topic| !fresh.contains(topic)) {
            if !self.asked.iter().any(|asked| asked.pattern == *topic) {
                self.count(topic, standing);
            }
        }
        let mut n = 0;
        while let Some(asked) = self.asked.get_mut(n) {
            let covered = hello.topics.iter().any(|topic| topic.covers(&asked.pattern));
            if covered && (!fresh.is_empty() || hello.topics.contains(&asked.pattern)) {
                // What is fresh may be wider than what was there, and the position goes on speaking for that.
                (asked.wired, asked.grant) = (true, Grant::Given);
                n += 1;
                continue;
            }
            let asked = self.asked.remove(n);
            if !covered && asked.grant == Grant::Given {
                answer.had.push(asked.pattern.clone());
                self.withdraw(asked, position, cut);
            }
        }
        for topic in &fresh {
            self.count(topic, Standing::Due(None));
        }
        if !same {
            self.asked.iter_mut().for_each(|asked| (asked.wired, asked.grant) = (true, Grant::Given));
        }
        // Asked by name, a server puts in force what was named. One that does not is not asked again at once.
        answer.fresh = same && !self.explicit && !fresh.is_empty();
    }

    /// Remembers what the page was handed of a pattern that is no longer asked for or granted.
    fn withdraw(&mut self, mut asked: Asked, position: Option<Position>, cut: Option<Position>) {
        let had = asked.standing.had(position, cut);
        if had.is_none() {
            return;
        }
        asked.standing = Standing::Due(had);
        let same = self.withdrawn.iter().position(|withdrawn| withdrawn.pattern == asked.pattern);
        if let Some(at) = same.or((self.withdrawn.len() == limits::PATTERNS).then_some(0)) {
            self.withdrawn.remove(at);
        }
        self.withdrawn.push(asked);
    }

    fn count(&mut self, pattern: &Pattern, standing: Standing) {
        match self.asked.iter_mut().find(|asked| asked.pattern == *pattern) {
            Some(asked) => asked.users = asked.users.saturating_add(1),
            None => self.asked.push(Asked {
                pattern: pattern.clone(),
                users: 1,
                standing,
                wired: false,
                grant: Grant::Unanswered,
            }),
        }
    }

    fn fits(&self, pattern: &Pattern) -> bool {
        self.asked.iter().any(|asked| asked.pattern == *pattern) || fit(self.patterns().chain([pattern]))
    }

    fn gather(&mut self, now: Timestamp) {
        self.gathered = self.gathered.min(now + GATHER);
    }
}

impl Asked {
    fn due(&mut self, position: Option<Position>) {
        if self.standing == Standing::Settled {
            self.standing = Standing::Due(position);
        }
    }
}

impl Standing {
    /// Up to where the page was handed events when the reader was at `position`, and a prelude was cut at `cut`.
    fn had(self, position: Option<Position>, cut: Option<Position>) -> Option<Position> {
        match self {
            Self::Settled => position,
            Self::Due(had) => further(had, cut),
        }
    }
}

/// The further of two positions. They are of one epoch: with another all are forgotten.
fn further(a: Option<Position>, b: Option<Position>) -> Option<Position> {
    match (a, b) {
        (Some(a), Some(b)) if a.offset > b.offset => Some(a),
        (a, b) => b.or(a),
    }
}

/// Whether a request has room for them.
fn fit<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> bool {
    let (count, bytes) = patterns.fold((0, 0), |(count, bytes), p| (count + 1, bytes + p.as_str().len() + 1));
    count <= limits::PATTERNS && bytes <= limits::PATTERN_BYTES
}
