//! Forgetting, by age and by bytes: whole segments in the hub's order, so that nothing is searched.
//!
//! What outlives its segment moves to the survivors, in front of all others: the newest event of a latest-only topic,
//! and, when bytes and not age force a segment out, the events of quiet topics.

use super::{Log, Segment, TopicId};
use std::{hash::BuildHasher, sync::Arc};

/// Why a segment goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Force {
    Age,
    Bytes,
}

impl<H: BuildHasher> Log<H> {
    /// Drops what is too old, then what is too much, at most so many segments. Says whether that was all.
    pub(crate) fn trim(&mut self, now: u64, most: usize) -> bool {
        for _ in 0..most {
            // Survivors are older than the rest, so they go first.
            if self.aged < self.old && self.is_too_old(self.aged, now) {
                let left = self.rewrite(self.aged, Segment::is_fresh);
                self.aged += usize::from(left);
            } else if self.segments.len() > self.old && self.is_too_old(self.old, now) {
                self.move_on(Force::Age);
                self.aged = self.old;
            } else if self.bytes > self.limits.budget && self.segments.len() > 1 {
                // Survivors may hold half of all: beyond, the oldest of them go like anything else.
                if self.old_bytes * 2 > self.limits.budget || self.segments.len() == self.old + 1 {
                    self.drop_front();
                } else {
                    self.move_on(Force::Bytes);
                }
            } else {
                return true;
            }
        }
        false
    }

    fn is_too_old(&self, i: usize, now: u64) -> bool {
        now.saturating_sub(self.segments[i].touched()) > self.limits.retain
    }

    /// The oldest segment that is not of survivors goes; what survives it joins them.
    fn move_on(&mut self, force: Force) {
        let Some(segment) = self.segments.remove(self.old) else { return };
        for j in 0..segment.len() {
            let topic = segment.topic(j);
            let survives = !segment.is_superseded(j)
                && (segment.is_fresh(j) || force == Force::Bytes && self.topics.slot(topic).bytes <= self.limits.quiet);
            if survives {
                self.survive(&segment, j);
            } else {
                self.forgotten(topic, segment.at(j), segment.event(j).len(), segment.is_superseded(j));
            }
        }
    }

    /// Copies an event behind the last survivor.
    fn survive(&mut self, segment: &Segment, j: usize) {
        let (at, event) = (segment.at(j), segment.event(j));
        let limit = self.limits.segment;
        let room = self.old > 0
            // One whose content age has settled already takes only what age has settled too.
            && Arc::get_mut(&mut self.segments[self.old - 1]).is_some_and(|last| last.has_room(at, event.len(), limit));
        if !room {
            // Its own size is not known yet; it grows.
            self.segments.insert(self.old, Arc::new(Segment::new(at, segment.born(), 0)));
            self.old += 1;
        }
        let last = self.old - 1;
        if let Some(last) = Arc::get_mut(&mut self.segments[last]) {
            last.push(at, segment.back(j), segment.topic(j), segment.is_fresh(j), segment.touched(), event, &[]);
        }
        self.aged = self.aged.min(last);
        self.old_bytes += event.len();
    }

    /// The oldest segment goes with all it holds.
    fn drop_front(&mut self) {
        let Some(segment) = self.segments.pop_front() else { return };
        if self.old > 0 {
            self.old -= 1;
            self.aged = self.aged.saturating_sub(1);
            self.old_bytes -= segment.size();
        }
        for j in 0..segment.len() {
            self.forgotten(segment.topic(j), segment.at(j), segment.event(j).len(), segment.is_superseded(j));
        }
    }

    /// Writes a segment of survivors anew with what is not superseded and `keep` says. Whether anything was left.
    pub(super) fn rewrite(&mut self, i: usize, keep: impl Fn(&Segment, usize) -> bool) -> bool {
        let segment = self.segments[i].clone();
        let mut anew = Segment::new(segment.base(), segment.born(), 0);
        for j in 0..segment.len() {
            let (at, event) = (segment.at(j), segment.event(j));
            if !segment.is_superseded(j) && keep(&segment, j) {
                anew.push(at, segment.back(j), segment.topic(j), segment.is_fresh(j), segment.touched(), event, &[]);
            } else {
                self.old_bytes -= event.len();
                self.forgotten(segment.topic(j), at, event.len(), segment.is_superseded(j));
            }
        }
        if anew.len() == 0 {
            self.segments.remove(i);
            self.old -= 1;
            if i < self.aged {
                self.aged -= 1;
            }
            return false;
        }
        anew.close();
        self.segments[i] = Arc::new(anew);
        true
    }

    /// An event is not kept any more. `stood_for`: a newer one of its latest-only topic is there, so nothing is lost.
    fn forgotten(&mut self, topic: TopicId, at: u64, length: usize, stood_for: bool) {
        self.bytes -= length;
        self.events -= 1;
        let slot = self.topics.slot_mut(topic);
        slot.bytes -= length;
        if !stood_for {
            slot.lost = slot.lost.max(at);
            if slot.latest {
                let counted = self.losses.of_newest(&self.topics, topic, at);
                self.topics.slot_mut(topic).counted = counted;
            } else {
                self.losses.of_topic(&self.topics, topic, at);
            }
        }
        self.release(topic);
    }
}
