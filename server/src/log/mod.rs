//! The recent events of all topics as framed bytes, in the hub's order, in segments.
//!
//! Knows offsets and topics; nothing of readers, sockets or clocks: time arrives as milliseconds. What it forgets it
//! remembers to have forgotten: `lost` is exact per topic, and per literal prefix never too low.

mod batch;
mod loss;
mod read;
mod retention;
mod segment;
mod topics;

pub(crate) use batch::Batch;
pub(crate) use read::{Reach, Read, TOGETHER, any, holds, scan_segments};
pub(crate) use segment::Segment;
pub(crate) use topics::{Interest, Slot, TopicId};

use eventwire::{Topic, frame::GapReason};
use loss::Losses;
use std::{collections::VecDeque, hash::BuildHasher, sync::Arc};
use topics::Topics;

/// What a log keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of a segment, the unit of forgetting. A larger event has a segment of its own.
    pub(crate) segment: usize,
    /// Bytes of all events. Beyond, segments go, the oldest first.
    pub(crate) budget: usize,
    /// Milliseconds an event is kept; the newest of a latest-only topic longer.
    pub(crate) retain: u64,
    /// A topic that holds at most this many bytes survives pressure by bytes in segments of its own.
    pub(crate) quiet: usize,
    /// How many forgotten topics and prefixes are remembered one by one.
    pub(crate) tombs: usize,
}

impl Limits {
    /// Limits of a hub that keeps `budget` bytes for `retain` milliseconds.
    pub(crate) fn new(budget: usize, retain: u64) -> Self {
        // A segment is at most a sixteenth of the budget, so that a small hub still forgets little by little.
        let segment = (budget / 16).clamp(4 << 10, 64 << 10);
        Self { segment, budget, retain, quiet: segment.min(budget / 64), tombs: 1 << 18 }
    }
}

/// The recent events. `H` makes the keyed hashes of topics, which strangers may choose.
#[derive(Debug)]
pub(crate) struct Log<H> {
    limits: Limits,
    segments: VecDeque<Arc<Segment>>,
    /// The first `old` segments hold survivors: events that outlived the segment they were written to.
    old: usize,
    /// The first `aged` of these hold nothing that age could still take.
    aged: usize,
    old_bytes: usize,
    topics: Topics<H>,
    losses: Losses,
    /// The newest offset that was appended.
    tail: u64,
    /// Nothing at or below is known here, but what was appended first.
    start: u64,
    /// Nothing at or below is known of what was forgotten: at first the start.
    floor: u64,
    /// Up to here the store lost something, of whatever topic.
    hole: Option<(u64, GapReason)>,
    bytes: usize,
    events: usize,
}

impl<H: BuildHasher> Log<H> {
    /// An empty log. `start`: where the order stands; nothing at or below it is known here, but the newest events of
    /// latest-only topics, which may be appended first.
    pub(crate) fn new(limits: Limits, start: u64, hash: H) -> Self {
        Self {
            limits,
            segments: VecDeque::new(),
            old: 0,
            aged: 0,
            old_bytes: 0,
            topics: Topics::new(hash),
            losses: Losses::new(limits.tombs),
            tail: 0,
            start,
            floor: start,
            hole: None,
            bytes: 0,
            events: 0,
        }
    }

    /// The topic of this name, made if need be. It lives while it is followed or something of it is kept.
    pub(crate) fn topic(&mut self, name: &Topic, is_latest: impl FnOnce(&str) -> bool) -> TopicId {
        let hash = self.topics.hash(name.as_str());
        if let Some(known) = self.topics.find(hash, name.as_str()) {
            return known;
        }
        let latest = is_latest(name.as_str());
        let lost = if latest { self.losses.newest_folded() } else { self.losses.buried(hash).max(self.floor) };
        self.topics.insert(hash, Slot::new(name.clone(), latest, lost))
    }

    /// The topic of this name, if there is one.
    pub(crate) fn known(&self, name: &str) -> Option<TopicId> {
        self.topics.find(self.topics.hash(name), name)
    }

    /// What was forgotten before this log began is known after all: anything up to `floor`, and of these topics up to
    /// there. Before anything is appended.
    pub(crate) fn recall(
        &mut self,
        floor: u64,
        topics: impl Iterator<Item = (Topic, u64)>,
        is_latest: impl Fn(&str) -> bool,
    ) {
        self.floor = floor.min(self.start);
        for (name, at) in topics.filter(|(_, at)| *at > floor) {
            let topic = self.topic(&name, &is_latest);
            let slot = self.topics.slot_mut(topic);
            slot.lost = slot.lost.max(at);
            if slot.latest {
                let counted = slot.counted || self.losses.of_newest(&self.topics, topic, at);
                self.topics.slot_mut(topic).counted = counted;
            } else {
                self.losses.of_topic(&self.topics, topic, at);
            }
            self.release(topic);
        }
    }

    /// How far back the previous event of this topic is from `at`; `None` if there is none, it is forgotten, or the
    /// topic is latest-only.
    pub(crate) fn back(&self, topic: TopicId, at: u64) -> Option<u64> {
        let slot = self.topics.slot(topic);
        (!slot.latest && slot.last > 0).then(|| at - slot.last)
    }

    /// Takes in an event in two parts. `at` must be above every offset appended before; holes are allowed.
    pub(crate) fn append(&mut self, topic: TopicId, at: u64, now: u64, prefix: &[u8], suffix: &[u8]) {
        debug_assert!(at > self.tail, "{at} is not above {}", self.tail);
        let length = prefix.len() + suffix.len();
        let opened = self.make_room(at, now, length);
        let slot = self.topics.slot_mut(topic);
        let previous = std::mem::replace(&mut slot.last, at);
        slot.bytes += length;
        let latest = slot.latest;
        // The newest value is here again: whatever was lost of a latest-only topic, this stands for it.
        if latest && slot.lost > 0 {
            slot.lost = 0;
            if std::mem::take(&mut slot.counted) {
                self.losses.newest_is_back(&self.topics, topic);
            }
        }
        let back = u32::try_from(at - previous).unwrap_or(u32::MAX);
        if let Some(segment) = self.segments.back_mut().and_then(Arc::get_mut) {
            segment.push(at, back, topic, latest, now, prefix, suffix);
        }
        self.tail = at;
        self.bytes += length;
        self.events += 1;
        if latest && previous > 0 {
            self.supersede(topic, previous);
        }
        if opened {
            self.trim(now, TRIM_ON_APPEND);
        }
    }

    /// The store lost something up to here, nobody knows of which topic.
    pub(crate) fn lose_all(&mut self, upto: u64, reason: GapReason) {
        self.hole = Some((upto.max(self.hole.map_or(0, |hole| hole.0)), reason));
        self.tail = self.tail.max(upto);
    }

    /// Another life of the order: everything is forgotten, and followed topics stay followed.
    pub(crate) fn renew(&mut self, start: u64) {
        self.segments.clear();
        (self.old, self.aged, self.old_bytes, self.bytes, self.events) = (0, 0, 0, 0, 0);
        (self.tail, self.start, self.floor, self.hole) = (0, start, start, None);
        self.losses = Losses::new(self.limits.tombs);
        self.topics.renew(start);
    }

    /// A topic that nobody follows and of which nothing is kept costs nothing more. Call when a follower leaves.
    pub(crate) fn release(&mut self, topic: TopicId) {
        let slot = self.topics.slot(topic);
        // A latest-only topic whose newest event is lost is held, so that its next event can take the loss back.
        if !slot.live || slot.followers != 0 || slot.bytes != 0 || slot.counted {
            return;
        }
        // What lies before the start counts as lost of every topic anyway: following what never was buries nothing.
        if !slot.latest && slot.lost > self.floor {
            self.losses.bury(self.topics.hash(slot.name.as_str()), slot.lost);
        }
        self.topics.remove(topic);
    }

    /// The newest offset.
    pub(crate) fn head(&self) -> u64 {
        self.tail.max(self.start)
    }

    /// The newest offset that was appended, 0 if none: the next must be above.
    pub(crate) fn tail(&self) -> u64 {
        self.tail
    }

    /// What is known of a topic.
    pub(crate) fn slot(&self, topic: TopicId) -> &Slot {
        self.topics.slot(topic)
    }

    /// What the hub notes on a topic: who follows it.
    pub(crate) fn interest(&mut self, topic: TopicId) -> (&Topic, &mut u64, &mut Interest) {
        let slot = self.topics.slot_mut(topic);
        (&slot.name, &mut slot.followers, &mut slot.interest)
    }

    /// Topics that are followed or of which something is kept.
    pub(crate) fn topics(&self) -> usize {
        self.topics.len()
    }

    /// Bytes of the events kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Events kept.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// What is still held: everything from an offset on, and the newest events of latest-only topics below.
    pub(crate) fn retained(&self) -> (u64, Vec<u64>) {
        let first = self.segments.get(self.old).map_or(self.head() + 1, |segment| segment.base());
        let below = self.segments.iter().take(self.old);
        let fresh = |segment: &Arc<Segment>| {
            let fresh = (0..segment.len()).filter(|&j| segment.is_fresh(j)).map(|j| segment.at(j));
            fresh.collect::<Vec<_>>()
        };
        (first, below.flat_map(fresh).collect())
    }

    /// Every topic there is.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.topics.iter()
    }

    /// Every offset there is something at.
    #[cfg(test)]
    pub(crate) fn offsets(&self) -> Vec<u64> {
        self.segments.iter().flat_map(|segment| (0..segment.len()).map(|j| segment.at(j))).collect()
    }

    /// Opens a new segment if this event does not fit into the last one. Says whether it did.
    fn make_room(&mut self, at: u64, now: u64, length: usize) -> bool {
        let young = self.segments.len() > self.old;
        let mut alike = 0;
        if young && let Some(last) = self.segments.back_mut().and_then(Arc::get_mut) {
            if last.has_room(at, length, self.limits.segment)
                && now.saturating_sub(last.born()) <= self.limits.retain / 16
            {
                return false;
            }
            last.close();
            alike = last.len();
        }
        let segment = Segment::new(at, now, self.limits.segment.max(length)).expecting(alike);
        self.segments.push_back(Arc::new(segment));
        true
    }

    /// The event of `topic` at `at` is not its newest any more.
    fn supersede(&mut self, topic: TopicId, at: u64) {
        let Some((i, j)) = self.find(at, self.segments.len() - 1) else { return };
        if self.segments[i].topic(j) != topic {
            return; // a link to what was forgotten and came back under another topic's number
        }
        self.segments[i].supersede(j);
        if i < self.old && self.segments[i].is_mostly_dead() {
            self.rewrite(i, |_, _| true);
        }
    }

    /// Segment and index of the event at `at`.
    fn find(&self, at: u64, hint: usize) -> Option<(usize, usize)> {
        let inside = |i: usize| {
            self.segments.get(i).is_some_and(|s| s.base() <= at)
                && self.segments.get(i + 1).is_none_or(|next| next.base() > at)
        };
        let i = if inside(hint) { hint } else { self.segments.partition_point(|s| s.base() <= at).checked_sub(1)? };
        self.segments[i].find(at).map(|j| (i, j))
    }
}

/// Segments one append may forget: more than it can add, so that the budget holds, and bounded, since it happens under
/// the hub's lock.
const TRIM_ON_APPEND: usize = 32;

#[cfg(test)]
mod edges;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
