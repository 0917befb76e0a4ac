//! What is asked for: patterns counted per user, and for each how far the position speaks for it.
//!
//! Knows nothing of attempts and time, but for the moment gathered changes are due.

use crate::{Timestamp, Topics};
use eventwire::{Pattern, Position, Request, Start, frame::Hello, limits};
use std::time::Duration;

/// Changes within this time make one redial: a page mounts its parts one after the other.
const GATHER: Duration = Duration::from_millis(50);

/// The patterns of one client.
#[derive(Debug)]
pub(crate) struct Interest {
    /// Nothing is named: all that access grants. `asked` then mirrors what the last `hello` put in force.
    granted: bool,
    asked: Vec<Asked>,
    gathered: Option<Timestamp>,
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

/// What access no longer gives, or never gave.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    /// In force until now.
    pub(crate) had: Vec<Pattern>,
    /// Never in force; told once.
    pub(crate) never: Vec<Pattern>,
}

impl Interest {
    /// `known`: the page holds the state up to a position it starts from, nothing is new to it.
    pub(crate) fn new(topics: Topics, known: bool) -> Self {
        let standing = if known { Standing::Settled } else { Standing::Due(None) };
        let mut interest = Self { granted: topics == Topics::Granted, asked: Vec::new(), gathered: None };
        if let Topics::Named(patterns) = topics {
            for pattern in patterns {
                interest.count(&pattern, standing);
            }
        }
        interest
    }

    /// One more user of each. Returns those that a request has no room for.
    pub(crate) fn add(&mut self, now: Timestamp, patterns: &[Pattern]) -> Vec<Pattern> {
        let mut refused = Vec::new();
        if self.granted {
            return refused;
        }
        for pattern in patterns {
            if self.fits(pattern) {
                self.count(pattern, Standing::Due(None));
            } else {
                refused.push(pattern.clone());
            }
        }
        self.gather(now);
        refused
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

    /// When gathered changes are due.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.gathered
    }

    /// Takes the gathered changes if they are due: what they are, against what the last attempt asked for.
    pub(crate) fn gathered(&mut self, now: Timestamp) -> Change {
        if self.gathered.is_none_or(|at| at > now) {
            return Change::None;
        }
        self.gathered = None;
        let more = self.asked.iter().any(|asked| asked.users > 0 && !asked.wired);
        let before = self.asked.len();
        self.asked.retain(|asked| asked.users > 0);
        match more {
            true => Change::More,
            false if self.asked.len() < before => Change::Fewer,
            false => Change::None,
        }
    }

    /// Whether topics were named and none is left: a request without any would ask for all.
    pub(crate) fn nobody(&self) -> bool {
        !self.granted && self.asked.iter().all(|asked| asked.users == 0)
    }

    /// What the next attempt asks. Patterns the position does not speak for are new.
    pub(crate) fn request(&mut self, position: Option<Position>, start: &Start) -> (Request, Vec<Pattern>) {
        self.asked.retain(|asked| asked.users > 0);
        let mut request = Request::default();
        let mut unasked = Vec::new();
        request.start = match (position, start) {
            (Some(position), _) => Start::After { position, native: false },
            (None, Start::Earliest) => Start::Earliest,
            (None, _) => Start::Now,
        };
        let due = |asked: &Asked| asked.standing != Standing::Settled;
        let explicit = !self.granted || (position.is_some() && self.asked.iter().any(due));
        for asked in self.asked.iter_mut().filter(|_| explicit) {
            asked.wired = true;
            // Without a position everything is new, and need not be said to be.
            let list = if position.is_some() && due(asked) { &mut request.new } else { &mut request.topics };
            list.push(asked.pattern.clone());
        }
        if self.granted && explicit && !fit(self.asked.iter().map(|asked| &asked.pattern)) {
            // Access grants more than a request can name: their newest events cannot be asked for again.
            unasked = std::mem::take(&mut request.new);
            request.topics = Vec::new();
            self.asked.iter_mut().for_each(|asked| asked.standing = Standing::Settled);
        }
        (request, unasked)
    }

    /// The server has said what is in force. `position`: where the reader was before.
    pub(crate) fn hello(&mut self, hello: &Hello, position: Option<Position>) -> Refused {
        let mut refused = Refused::default();
        if self.granted {
            self.mirror(&hello.topics, position, &mut refused);
            return refused;
        }
        for asked in self.asked.iter_mut().filter(|asked| asked.wired) {
            let grant = if hello.denied.contains(&asked.pattern) { Grant::Denied } else { Grant::Given };
            match (std::mem::replace(&mut asked.grant, grant), grant) {
                (Grant::Given, Grant::Denied) => {
                    refused.had.push(asked.pattern.clone());
                    // Should it be granted again it is new again, but for what the page had.
                    asked.standing = Standing::Due(position);
                }
                (Grant::Unanswered, Grant::Denied) => {
                    refused.never.push(asked.pattern.clone());
                    asked.standing = Standing::Due(None);
                }
                _ => {}
            }
        }
        refused
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
    }

    /// How far the page has been handed a topic's events.
    pub(crate) fn standing(&self, topic: &str) -> Standing {
        let mut furthest = Standing::Due(None);
        for asked in self.asked.iter().filter(|asked| asked.wired && asked.pattern.matches(topic)) {
            furthest = match (furthest, asked.standing) {
                (_, Standing::Settled) => return Standing::Settled,
                (Standing::Due(Some(a)), Standing::Due(Some(b))) if a.epoch == b.epoch && a.offset > b.offset => {
                    furthest
                }
                (_, Standing::Due(None)) => furthest,
                (_, due) => due,
            };
        }
        furthest
    }

    /// What is asked for, for those who look.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.asked.iter().filter(|asked| asked.users > 0).map(|asked| &asked.pattern)
    }

    /// Nothing was named: follows what the server put in force.
    fn mirror(&mut self, topics: &[Pattern], position: Option<Position>, refused: &mut Refused) {
        self.asked.retain(|asked| {
            let covered = topics.iter().any(|topic| topic.covers(&asked.pattern));
            if !covered {
                refused.had.push(asked.pattern.clone());
            }
            covered && topics.contains(&asked.pattern)
        });
        let standing = if position.is_some() { Standing::Settled } else { Standing::Due(None) };
        for topic in topics {
            if !self.asked.iter().any(|asked| asked.pattern == *topic) {
                self.count(topic, standing);
            }
        }
        for asked in &mut self.asked {
            (asked.wired, asked.grant) = (true, Grant::Given);
        }
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
        if self.gathered.is_none() && self.asked.iter().any(Asked::stale) {
            self.gathered = Some(now + GATHER);
        }
    }
}

impl Asked {
    /// Whether the running attempt should ask for it and does not, or the other way round.
    fn stale(&self) -> bool {
        self.wired != (self.users > 0)
    }

    fn due(&mut self, position: Option<Position>) {
        if self.standing == Standing::Settled {
            self.standing = Standing::Due(position);
        }
    }
}

/// Whether a request has room for them.
fn fit<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> bool {
    let (count, bytes) = patterns.fold((0, 0), |(count, bytes), p| (count + 1, bytes + p.as_str().len() + 1));
    count <= limits::PATTERNS && bytes <= limits::PATTERN_BYTES
}
