//! A run of events in the hub's order: their bytes, and 20 bytes of index for each.
//!
//! Only the last segment changes, and only while nobody else holds it; the marks on a superseded event alone may come
//! later.

use super::TopicId;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

#[derive(Debug)]
struct Entry {
    /// Offset above the segment's base.
    delta: u32,
    /// How far back the previous event of the same topic is; `u32::MAX`: further, or not known.
    back: u32,
    /// Where its bytes end.
    end: u32,
    marks: AtomicU8,
}

/// Of a latest-only topic.
const LATEST: u8 = 1;
/// A newer event of the same latest-only topic stands for it.
const SUPERSEDED: u8 = 2;

#[derive(Debug)]
pub(crate) struct Segment {
    base: u64,
    entries: Vec<Entry>,
    /// The topic of each entry, apart so that it can be searched many at a time.
    topics: Vec<TopicId>,
    bytes: Vec<u8>,
    born: u64,
    touched: u64,
    /// Events that are the newest of a latest-only topic.
    fresh: AtomicU32,
    /// Bytes of superseded events.
    dead: AtomicU32,
}

impl Segment {
    pub(super) fn new(base: u64, now: u64, capacity: usize) -> Self {
        Self {
            base,
            entries: Vec::new(),
            topics: Vec::new(),
            bytes: Vec::with_capacity(capacity),
            born: now,
            touched: now,
            fresh: AtomicU32::new(0),
            dead: AtomicU32::new(0),
        }
    }

    /// As [`Self::new`], with room for about so many events.
    pub(super) fn expecting(self, events: usize) -> Self {
        Self { entries: Vec::with_capacity(events), topics: Vec::with_capacity(events), ..self }
    }

    #[expect(clippy::too_many_arguments, reason = "one event, on the hottest path")]
    pub(super) fn push(
        &mut self,
        at: u64,
        back: u32,
        topic: TopicId,
        latest: bool,
        now: u64,
        prefix: &[u8],
        suffix: &[u8],
    ) {
        self.bytes.extend_from_slice(prefix);
        self.bytes.extend_from_slice(suffix);
        let marks = if latest { LATEST } else { 0 };
        *self.fresh.get_mut() += u32::from(latest);
        self.entries.push(Entry {
            delta: (at - self.base) as u32,
            back,
            end: self.bytes.len() as u32,
            marks: AtomicU8::new(marks),
        });
        self.topics.push(topic);
        self.touched = now;
    }

    /// Gives back what will not be needed: nothing is appended any more.
    pub(super) fn close(&mut self) {
        self.entries.shrink_to_fit();
        self.topics.shrink_to_fit();
        if self.bytes.len() < self.bytes.capacity() / 2 {
            self.bytes.shrink_to_fit();
        }
    }

    pub(super) fn has_room(&self, at: u64, length: usize, limit: usize) -> bool {
        self.bytes.len() + length <= limit && at - self.base <= u64::from(u32::MAX)
    }

    /// A newer event stands for this one.
    pub(super) fn supersede(&self, j: usize) {
        if self.entries[j].marks.fetch_or(SUPERSEDED, Relaxed) & SUPERSEDED == 0 {
            self.fresh.fetch_sub(1, Relaxed);
            self.dead.fetch_add(self.event(j).len() as u32, Relaxed);
        }
    }

    pub(super) fn is_mostly_dead(&self) -> bool {
        self.dead.load(Relaxed) as usize * 2 > self.bytes.len()
    }

    pub(super) fn base(&self) -> u64 {
        self.base
    }

    pub(super) fn born(&self) -> u64 {
        self.born
    }

    pub(super) fn touched(&self) -> u64 {
        self.touched
    }

    pub(crate) fn last(&self) -> u64 {
        self.base + self.entries.last().map_or(0, |e| u64::from(e.delta))
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn at(&self, j: usize) -> u64 {
        self.base + u64::from(self.entries[j].delta)
    }

    pub(super) fn topic(&self, j: usize) -> TopicId {
        self.topics[j]
    }

    pub(super) fn topics_from(&self, j: usize) -> &[TopicId] {
        &self.topics[j..]
    }

    pub(super) fn back(&self, j: usize) -> u32 {
        self.entries[j].back
    }

    pub(super) fn event(&self, j: usize) -> &[u8] {
        let start = if j == 0 { 0 } else { self.entries[j - 1].end as usize };
        &self.bytes[start..self.entries[j].end as usize]
    }

    pub(super) fn is_superseded(&self, j: usize) -> bool {
        self.entries[j].marks.load(Relaxed) & SUPERSEDED != 0
    }

    /// Whether it is the newest event of a latest-only topic.
    pub(super) fn is_fresh(&self, j: usize) -> bool {
        self.entries[j].marks.load(Relaxed) == LATEST
    }

    /// Whether it holds the newest event of any latest-only topic.
    pub(super) fn has_fresh(&self) -> bool {
        self.fresh.load(Relaxed) > 0
    }

    /// Index of the event at exactly `at`.
    pub(super) fn find(&self, at: u64) -> Option<usize> {
        let delta = u32::try_from(at.checked_sub(self.base)?).ok()?;
        // Without holes the index is the distance.
        match self.entries.get(delta as usize) {
            Some(entry) if entry.delta == delta => Some(delta as usize),
            _ => self.entries.binary_search_by_key(&delta, |e| e.delta).ok(),
        }
    }

    /// Index of the first event above `after`.
    pub(super) fn above(&self, after: u64) -> usize {
        match after.checked_sub(self.base) {
            None => 0,
            Some(delta) => self.entries.partition_point(|e| u64::from(e.delta) <= delta),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of a hundred bytes, each of a latest-only topic of its own.
    fn segment(base: u64, events: u32, capacity: usize) -> Segment {
        let mut segment = Segment::new(base, 0, capacity);
        (0..events).for_each(|n| segment.push(base + u64::from(n), u32::MAX, TopicId(n), true, 0, b"", &[b'#'; 100]));
        segment
    }

    #[test]
    fn a_segment_that_is_finished_gives_back_half_of_its_room_and_more_and_copies_nothing_for_less() {
        let room = |events: u32| {
            let mut segment = segment(1, events, 1_000);
            segment.close();
            (segment.bytes.capacity(), segment.entries.capacity(), segment.topics.capacity())
        };
        assert_eq!(room(4), (400, 4, 4));
        assert_eq!(room(5), (1_000, 5, 5), "exactly half");
        assert_eq!(room(9), (1_000, 9, 9));
    }

    #[test]
    fn a_segment_has_room_for_so_many_bytes_and_offsets_however_far_it_begins() {
        for base in [1, u64::MAX / 2] {
            let segment = segment(base, 9, 1_000);
            let last = base + u64::from(u32::MAX);
            assert!(segment.has_room(base + 9, 100, 1_000) && !segment.has_room(base + 9, 101, 1_000));
            assert!(segment.has_room(last, 100, 1_000) && !segment.has_room(last + 1, 100, 1_000));
        }
    }

    #[test]
    fn a_segment_is_mostly_dead_when_more_than_half_is_superseded_and_each_event_counts_once() {
        let segment = segment(1, 4, 400);
        let mut seen = Vec::new();
        for j in [0, 0, 1, 1, 2, 3, 3] {
            seen.push((segment.has_fresh(), segment.is_mostly_dead()));
            segment.supersede(j);
        }
        seen.push((segment.has_fresh(), segment.is_mostly_dead()));
        let (few, most, all) = ((true, false), (true, true), (false, true));
        assert_eq!(seen, [few, few, few, few, few, most, all, all]);
    }
}
