//! Reading for one group of readers: what was lost of its view, and what is kept of it, in hub order.
//!
//! Long replays run over finished segments outside the lock; what is left is read a bounded piece at a time under it.
//! Every unlock is fair, so that a storm of replays never starves a publisher.

use super::{
    few::Few,
    sequence::{Sequence, State},
};
use crate::log::{Batch, Reach, Read, Segment, TOGETHER, TopicId, any, holds, scan_segments};
use crate::sync::MutexGuard;
use eventwire::{Pattern, Topic, frame::GapReason, sse};
use hashbrown::HashMap;
use std::sync::Arc;

/// What a group of readers follows, by number: it is followed as long as the numbers are used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    /// Sorted, each once.
    pub(crate) topics: Few<TopicId>,
    /// Sorted, each once.
    pub(crate) patterns: Few<u32>,
}

/// The part of a view whose newest events a reader is owed first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fresh {
    topics: Box<[TopicId]>,
    patterns: Box<[Pattern]>,
}

/// What a read found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// All up to here is in the batch; there may be more.
    More { at: u64 },
    /// All that was asked, up to here.
    Done { at: u64 },
    /// Something is gone.
    Gap(Lost),
    /// Another life of the order has begun: the numbers mean nothing there.
    Renewed,
}

/// What is gone of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Everything up to here may be missing.
    pub(crate) upto: u64,
    /// Why, if it was not simply forgotten.
    pub(crate) reason: Option<GapReason>,
    /// Whose events may be missing; empty: of all.
    pub(crate) topics: Vec<Pattern>,
    /// The latest newest event of a fresh topic among them, 0 if none.
    pub(crate) newest: u64,
}

impl Sequence {
    /// A shard follows these patterns. Saying it twice is saying it once.
    pub(crate) fn follow<'a>(&self, shard: usize, all: impl IntoIterator<Item = &'a Pattern>) -> View {
        let mut state = self.state.lock();
        let (mut topics, mut patterns) = (Vec::new(), Vec::new());
        for pattern in all {
            match state.topic_of(pattern) {
                Some(id) => {
                    *state.log.interest(id).1 |= 1 << shard;
                    topics.push(id);
                }
                None => patterns.push(state.patterns.follow(shard, pattern)),
            }
        }
        drop(state);
        topics.sort_unstable();
        topics.dedup();
        patterns.sort_unstable();
        patterns.dedup();
        View { topics: topics.into(), patterns: patterns.into() }
    }

    /// A shard does not follow these any more.
    pub(crate) fn unfollow(&self, shard: usize, topics: &[TopicId], patterns: &[u32]) {
        let mut state = self.state.lock();
        for &topic in topics {
            *state.log.interest(topic).1 &= !(1 << shard);
            state.log.release(topic);
        }
        for &pattern in patterns {
            state.patterns.unfollow(shard, pattern);
        }
    }

    /// What a followed view is by name.
    pub(crate) fn names_of(&self, view: &View) -> Vec<Pattern> {
        let state = self.state.lock();
        let topics = view.topics.iter().map(|&topic| Pattern::from(&state.log.slot(topic).name));
        let patterns = view.patterns.iter().filter_map(|&number| state.patterns.get(number)).cloned();
        topics.chain(patterns).collect()
    }

    /// The part of a followed view that these patterns are.
    pub(crate) fn fresh<'a>(&self, of: impl IntoIterator<Item = &'a Pattern>) -> Fresh {
        let mut state = self.state.lock();
        let (mut topics, mut patterns) = (Vec::new(), Vec::new());
        for pattern in of {
            match state.topic_of(pattern) {
                // It is followed, so it was there.
                Some(topic) => topics.push(topic),
                None => patterns.push(pattern.clone()),
            }
        }
        topics.sort_unstable();
        topics.dedup();
        Fresh { topics: topics.into(), patterns: patterns.into() }
    }

    /// Where all that is kept of a view begins: behind the last loss.
    pub(crate) fn earliest(&self, view: &View, renewals: u64) -> u64 {
        // Where another life begins is no offset of the one that is over.
        let Some(state) = self.within(renewals) else { return 0 };
        state.lost(view, 0).filter(|&at| state.log.reason_of(at).is_none()).unwrap_or(0)
    }

    /// What is gone of a view after a position, and of the newest events that a reader is owed.
    pub(crate) fn lost(&self, view: &View, after: u64, fresh: &Fresh, renewals: u64) -> Option<Lost> {
        // Of a life that is over there is nothing to say but that.
        self.within(renewals)?.loss(view, after, fresh)
    }

    /// The latest newest event of what is fresh that is gone, 0 if none is.
    pub(crate) fn newest_lost(&self, fresh: &Fresh) -> u64 {
        let nothing = View { topics: Few::default(), patterns: Few::default() };
        self.state.lock().loss(&nothing, 0, fresh).map_or(0, |lost| lost.newest)
    }

    /// Events of a view in `(after, upto]`.
    pub(crate) fn read(
        &self,
        view: &View,
        after: u64,
        upto: u64,
        limit: usize,
        renewals: u64,
        out: &mut Batch,
    ) -> Found {
        /// Holds of the lock, or windows outside it, in one go.
        const HOLDS: usize = 64;
        let (end, mut at) = (out.bytes.len() + limit, after);
        for _ in 0..HOLDS {
            let room = end.saturating_sub(out.bytes.len());
            match self.step(view, at, upto, room, renewals, out) {
                // What was read before the gap goes first.
                Found::Gap(_) | Found::Renewed if at > after => break,
                Found::More { at: next } if next > at && out.bytes.len() < end => at = next,
                Found::More { at } => return Found::More { at },
                end => return end,
            }
        }
        Found::More { at }
    }

    pub(super) fn step(
        &self,
        view: &View,
        after: u64,
        upto: u64,
        limit: usize,
        renewals: u64,
        out: &mut Batch,
    ) -> Found {
        let Some(state) = self.within(renewals) else { return Found::Renewed };
        if let Some(lost) = state.loss(view, after, &Fresh::default()) {
            return Found::Gap(lost);
        }
        let reach = Reach { after, upto, limit, newest: false };
        if !view.patterns.is_empty() || state.log.is_long(&view.topics, after) {
            let window = state.log.window(after, upto, SEGMENTS);
            if !window.is_empty() {
                let patterns = view.patterns.iter().filter_map(|&number| state.patterns.get(number)).cloned().collect();
                MutexGuard::unlock_fair(state);
                return outside(&window, reach, &view.topics, patterns, out);
            }
        }
        let read = match view.patterns.is_empty() {
            true => state.log.read(&view.topics, after, upto, limit, out),
            false => state.log.scan(reach, |topic| state.wants(view, topic), out),
        };
        MutexGuard::unlock_fair(state);
        Found::from(read)
    }

    /// The newest events of what is fresh, in `(after, upto]`.
    pub(crate) fn newest(
        &self,
        fresh: &Fresh,
        after: u64,
        upto: u64,
        limit: usize,
        renewals: u64,
        out: &mut Batch,
    ) -> Found {
        let Some(state) = self.within(renewals) else { return Found::Renewed };
        let reach = Reach { after, upto, limit, newest: true };
        let window = if fresh.patterns.is_empty() { Vec::new() } else { state.log.window(after, upto, SEGMENTS) };
        if !window.is_empty() {
            MutexGuard::unlock_fair(state);
            return outside(&window, reach, &fresh.topics, fresh.patterns.to_vec(), out);
        }
        let read = match fresh.patterns.is_empty() {
            true => state.log.newest(&fresh.topics, after, upto, limit, out),
            false => {
                let wants = |topic| {
                    holds(&fresh.topics, topic) || {
                        let name = state.log.slot(topic).name.as_str();
                        fresh.patterns.iter().any(|pattern| pattern.matches(name))
                    }
                };
                state.log.scan(reach, wants, out)
            }
        };
        MutexGuard::unlock_fair(state);
        Found::from(read)
    }

    /// The state, unless another life of the order has begun.
    fn within(&self, renewals: u64) -> Option<MutexGuard<'_, State>> {
        Some(self.state.lock()).filter(|state| state.renewals == renewals)
    }
}

/// Segments read outside the lock in one go.
const SEGMENTS: usize = 32;

/// What finished segments hold of these topics and patterns. Whatever follows them is not looked at yet.
fn outside(
    window: &[Arc<Segment>],
    reach: Reach,
    topics: &[TopicId],
    patterns: Vec<Pattern>,
    out: &mut Batch,
) -> Found {
    // Names lie behind the lock; the events say them as well, and each topic is asked once. No longer than for this
    // window: the number of a topic that is gone is another one's next.
    let mut known: HashMap<TopicId, bool> = HashMap::new();
    let matches = |event: &[u8]| {
        sse::event_topic(event).is_some_and(|topic| patterns.iter().any(|pattern| pattern.matches(topic)))
    };
    let wants = |topic: TopicId, event: &[u8]| {
        holds(topics, topic) || !patterns.is_empty() && *known.entry(topic).or_insert_with(|| matches(event))
    };
    let last = window.last().map_or(reach.after, |segment| segment.last());
    let read = Reach { upto: reach.upto.min(last), ..reach };
    let may_want = |some: &[TopicId; TOGETHER]| !patterns.is_empty() || any(topics, some);
    match scan_segments(window.iter().map(|segment| &**segment), read, usize::MAX, may_want, wants, out) {
        Read::Done { at } if at >= reach.upto => Found::Done { at },
        Read::More { at } | Read::Done { at } => Found::More { at },
    }
}

impl State {
    pub(super) fn topic(&mut self, topic: &Topic) -> TopicId {
        let Self { log, latest, .. } = self;
        log.topic(topic, |name| latest.iter().any(|pattern| pattern.matches(name)))
    }

    /// The topic that this pattern is, if it is one.
    fn topic_of(&mut self, pattern: &Pattern) -> Option<TopicId> {
        // One that is followed already is found without a copy of its name.
        let known = self.log.known(pattern.as_str());
        known.or_else(|| pattern.as_topic().map(|topic| self.topic(&topic)))
    }

    fn wants(&self, view: &View, topic: TopicId) -> bool {
        if holds(&view.topics, topic) {
            return true;
        }
        let slot = self.log.slot(topic);
        if slot.interest.version == self.patterns.version() {
            return slot.interest.patterns().iter().any(|number| view.patterns.contains(number));
        }
        let followed = view.patterns.iter().filter_map(|&number| self.patterns.get(number));
        followed.into_iter().any(|pattern| pattern.matches(slot.name.as_str()))
    }

    /// The latest loss of a view after a position.
    fn lost(&self, view: &View, after: u64) -> Option<u64> {
        let topics = view.topics.iter().filter_map(|&topic| self.log.lost(topic, after));
        let patterns = view.patterns.iter().filter_map(|&number| self.patterns.get(number));
        topics.chain(patterns.filter_map(|pattern| self.log.lost_under(pattern.literal_prefix(), after))).max()
    }

    fn loss(&self, view: &View, after: u64, fresh: &Fresh) -> Option<Lost> {
        let lost = self.lost(view, after);
        let mut topics: Vec<Pattern> = Vec::new();
        let mut newest = 0;
        for &topic in &fresh.topics {
            if let Some(at) = self.log.newest_lost(topic) {
                newest = newest.max(at);
                topics.push((&self.log.slot(topic).name).into());
            }
        }
        // Where nothing is latest-only nobody is owed a newest event.
        let owed = |pattern: &&Pattern| self.latest.iter().any(|latest| latest.overlaps(pattern));
        for pattern in fresh.patterns.iter().filter(owed) {
            if let Some(at) = self.log.newest_lost_under(pattern.literal_prefix()) {
                newest = newest.max(at);
                topics.push(pattern.clone());
            }
        }
        if lost.is_none() && newest == 0 {
            return None;
        }
        let upto = after.max(newest).max(lost.unwrap_or(0));
        if upto > after {
            // The stream goes on behind the highest loss: what others published up to there is passed over as well.
            let passed =
                |&&topic: &&TopicId| self.log.slot(topic).last > after || self.log.lost(topic, after).is_some();
            topics.extend(view.topics.iter().filter(passed).map(|&topic| (&self.log.slot(topic).name).into()));
            topics.extend(view.patterns.iter().filter_map(|&number| self.patterns.get(number)).cloned());
        }
        topics.sort();
        topics.dedup();
        Some(Lost { upto, reason: self.log.reason_of(upto), topics, newest })
    }
}

impl From<Read> for Found {
    fn from(read: Read) -> Self {
        match read {
            Read::More { at } => Self::More { at },
            Read::Done { at } => Self::Done { at },
        }
    }
}
