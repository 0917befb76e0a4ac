//! Reading: what was lost of a view, and the events of a view in the hub's order, superseded ones left out.
//!
//! A view is topics by number, and for patterns a question asked per topic. Finished segments can be read without the
//! log.

use super::{Batch, Log, Segment, Slot, TopicId};
use eventwire::frame::GapReason;
use std::{hash::BuildHasher, sync::Arc};

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// It had looked or written enough: all up to here is in the batch.
    More { at: u64 },
    /// All up to here is in the batch, and that was what was asked.
    Done { at: u64 },
}

/// How far a scan goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) after: u64,
    pub(crate) upto: u64,
    /// Bytes, once there is an event.
    pub(crate) limit: usize,
    /// Only the newest events of latest-only topics.
    pub(crate) newest: bool,
}

/// Beyond so many events after the position a forward scan is cheaper than walking back again and again.
const LINKS: usize = 16;
/// Entries looked at in one go: under the hub's lock that is some microseconds.
const STEPS: usize = 1 << 10;

impl<H: BuildHasher> Log<H> {
    /// The newest event of this topic above `after` that is gone, if any.
    pub(crate) fn lost(&self, topic: TopicId, after: u64) -> Option<u64> {
        let slot = self.topics.slot(topic);
        let hole = self.hole_of(slot);
        Some(slot.lost.max(hole)).filter(|&at| at > after)
    }

    /// The same for every topic there ever was under a literal prefix (`""`: all). Never too low.
    pub(crate) fn lost_under(&self, prefix: &str, after: u64) -> Option<u64> {
        let newest = self.losses.newest_under(&self.topics, prefix);
        let hole = self.hole.map_or(0, |hole| hole.0);
        let any = self.losses.under(&self.topics, prefix).max(self.floor);
        Some(any.max(newest).max(hole)).filter(|&at| at > after)
    }

    /// The newest event of a latest-only topic, if it is gone: what a newcomer to this topic has to be told.
    pub(crate) fn newest_lost(&self, topic: TopicId) -> Option<u64> {
        let slot = self.topics.slot(topic);
        Some(slot.lost.max(self.hole_of(slot))).filter(|&at| slot.latest && at > 0)
    }

    /// The same for the latest-only topics under a literal prefix, as far as it is known of which topic the loss was. A
    /// hole concerns whoever was there before it: told to newcomers, it would be told for good.
    pub(crate) fn newest_lost_under(&self, prefix: &str) -> Option<u64> {
        Some(self.losses.newest_under(&self.topics, prefix)).filter(|&at| at > 0)
    }

    /// Why what is lost up to `at` is lost, if it was not simply forgotten.
    pub(crate) fn reason_of(&self, at: u64) -> Option<GapReason> {
        self.hole.filter(|hole| hole.0 == at).map(|hole| hole.1)
    }

    /// Where the hole may have taken something of this topic: a newer event of a latest-only one stands for that.
    fn hole_of(&self, slot: &Slot) -> u64 {
        self.hole.map(|hole| hole.0).filter(|&at| !slot.latest || slot.last <= at).unwrap_or(0)
    }

    /// Events of exactly these topics in `(after, upto]`. Nothing of them may be lost there.
    pub(crate) fn read(&self, topics: &[TopicId], after: u64, upto: u64, limit: usize, out: &mut Batch) -> Read {
        let Some(plan) = self.links(topics, after) else {
            let reach = Reach { after, upto, limit, newest: false };
            return self.scan_where(reach, |some| any(topics, some), |topic| holds(topics, topic), out);
        };
        let before = out.bytes.len();
        let mut at = after;
        for (i, j) in plan {
            let segment = &self.segments[i];
            if segment.at(j) > upto {
                break;
            }
            if out.bytes.len() > before && out.bytes.len() - before + segment.event(j).len() > limit {
                return Read::More { at };
            }
            at = segment.at(j);
            out.put(at, segment.event(j));
        }
        Read::Done { at: upto.max(after) }
    }

    /// The same for any view: one pass over the hub's order, of so many entries at most.
    pub(crate) fn scan(&self, reach: Reach, wants: impl FnMut(TopicId) -> bool, out: &mut Batch) -> Read {
        self.scan_where(reach, |_| true, wants, out)
    }

    fn scan_where(
        &self,
        reach: Reach,
        may_want: impl Fn(&[TopicId; TOGETHER]) -> bool,
        mut wants: impl FnMut(TopicId) -> bool,
        out: &mut Batch,
    ) -> Read {
        let first = self.segments.partition_point(|s| s.last() <= reach.after);
        let segments = self.segments.range(first..).map(|s| &**s);
        scan_segments(segments, reach, STEPS, may_want, |topic, _| wants(topic), out)
    }

    /// Whether [`read`](Self::read) would look at many entries rather than follow a few links.
    pub(crate) fn is_long(&self, topics: &[TopicId], after: u64) -> bool {
        self.links(topics, after).is_none()
    }

    /// Finished segments after `after`, to be read without the log. Empty: what is left is in the one being written.
    pub(crate) fn window(&self, after: u64, upto: u64, most: usize) -> Vec<Arc<Segment>> {
        let first = self.segments.partition_point(|s| s.last() <= after);
        let end = self.segments.len().saturating_sub(1).min(first + most);
        if first >= end {
            return Vec::new();
        }
        // The last segment of survivors may still grow.
        let finished = |&(i, s): &(usize, &Arc<Segment>)| i + 1 != self.old && s.base() <= upto;
        let run = self.segments.range(first..end).enumerate().map(|(i, s)| (first + i, s));
        run.take_while(finished).map(|(_, s)| s.clone()).collect()
    }

    /// The newest events of those of these topics that are latest-only, in `(after, upto]`.
    pub(crate) fn newest(&self, topics: &[TopicId], after: u64, upto: u64, limit: usize, out: &mut Batch) -> Read {
        let hint = self.segments.len().saturating_sub(1);
        let slots = topics.iter().map(|&topic| (topic, self.topics.slot(topic)));
        let mut plan: Vec<_> = slots
            .filter(|(_, slot)| slot.latest && slot.last > after && slot.last <= upto)
            .filter_map(|(topic, slot)| self.find(slot.last, hint).filter(|&(i, j)| self.segments[i].topic(j) == topic))
            .collect();
        plan.sort_unstable();
        let before = out.bytes.len();
        let mut at = after;
        for (i, j) in plan {
            let event = self.segments[i].event(j);
            if out.bytes.len() > before && out.bytes.len() - before + event.len() > limit {
                return Read::More { at };
            }
            at = self.segments[i].at(j);
            out.put(at, event);
        }
        Read::Done { at: upto.max(after) }
    }

    /// Segment and index of each event of these topics above `after`, in order, found by their links; `None` if there
    /// are too many, or a link is too long.
    fn links(&self, topics: &[TopicId], after: u64) -> Option<Vec<(usize, usize)>> {
        let mut plan = Vec::new();
        for &topic in topics {
            let slot = self.topics.slot(topic);
            let mut at = slot.last;
            let mut hint = self.segments.len().wrapping_sub(1);
            while at > after {
                let found = self.find(at, hint).filter(|&(i, j)| self.segments[i].topic(j) == topic)?;
                if plan.len() == LINKS {
                    return None;
                }
                plan.push(found);
                if slot.latest {
                    break; // the older ones are superseded
                }
                hint = found.0;
                match self.segments[found.0].back(found.1) {
                    u32::MAX => return None,
                    back => at -= u64::from(back),
                }
            }
        }
        plan.sort_unstable();
        Some(plan)
    }
}

/// Entries whose topics are looked at together before each is looked at alone.
pub(crate) const TOGETHER: usize = 16;

/// Events of whatever `wants` names, by its topic and its bytes, out of segments in order; at most so many entries are
/// looked at. Where `may_want` says that none of these is wanted, they are passed over at once.
pub(crate) fn scan_segments<'a>(
    segments: impl Iterator<Item = &'a Segment>,
    reach: Reach,
    most: usize,
    may_want: impl Fn(&[TopicId; TOGETHER]) -> bool,
    mut wants: impl FnMut(TopicId, &[u8]) -> bool,
    out: &mut Batch,
) -> Read {
    let Reach { after, upto, limit, newest } = reach;
    let before = out.bytes.len();
    let (mut at, mut steps) = (after, 0);
    // Segments without any newest event are passed over, if only these are asked.
    for segment in segments.filter(|segment| !newest || segment.has_fresh()) {
        let mut from = segment.above(after);
        while from < segment.len() {
            let some = segment.topics_from(from);
            let some = &some[..some.len().min(TOGETHER)];
            let last = from + some.len() - 1;
            if let Ok(whole) = some.try_into()
                && steps + TOGETHER <= most
                && segment.at(last) <= upto
                && !may_want(whole)
            {
                (at, steps, from) = (segment.at(last), steps + TOGETHER, last + 1);
                continue;
            }
            for (j, &topic) in (from..).zip(some) {
                if segment.at(j) > upto {
                    return Read::Done { at: upto.max(after) };
                }
                if steps == most {
                    return Read::More { at };
                }
                steps += 1;
                let counts = if newest { segment.is_fresh(j) } else { !segment.is_superseded(j) };
                if counts && wants(topic, segment.event(j)) {
                    let event = segment.event(j);
                    if out.bytes.len() > before && out.bytes.len() - before + event.len() > limit {
                        return Read::More { at };
                    }
                    out.put(segment.at(j), event);
                }
                at = segment.at(j);
            }
            from = last + 1;
        }
    }
    Read::Done { at: upto.max(after) }
}

/// Whether some of these entries may be of a sorted list of topics. For a short one it is known, by comparisons that the
/// processor does many at a time; a long one is not tried.
pub(crate) fn any(topics: &[TopicId], some: &[TopicId; TOGETHER]) -> bool {
    let is_one = |topic: &TopicId| some.iter().fold(false, |found, other| found | (other == topic));
    topics.len() > SHORT || topics.iter().fold(false, |found, topic| found | is_one(topic))
}

/// Topics that are compared one by one.
const SHORT: usize = 8;

/// Whether a sorted list of topics holds this one.
pub(crate) fn holds(topics: &[TopicId], topic: TopicId) -> bool {
    match topics.len() {
        0..=SHORT => topics.iter().fold(false, |found, &t| found | (t == topic)),
        _ => topics.binary_search(&topic).is_ok(),
    }
}
