//! Readers of one interest are a group: what concerns it is composed once.

use super::followers::Followers;
use crate::hub::{Join, View, sequence::Sequence};
use crate::log::TopicId;
use hashbrown::HashTable;
use slab::Slab;
use std::hash::{BuildHasher, RandomState};

/// No reader, no group, no run.
pub(super) const NONE: u32 = u32::MAX;

/// A group's number, which is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupId(pub(super) u64);

#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: GroupId,
    pub(super) view: View,
    /// Readers at the shard's position.
    pub(super) live: Live,
    members: u32,
}

/// What of a window concerns a group, while the window is walked. Apart from the group and small: an event looks at this of
/// each group that follows its topic, wherever they lie, and four of them are one line of memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    /// Its only reader at the shard's position; `NONE`: there is none; `SEVERAL`: they stand with the group.
    pub(super) live: u32,
    /// The last record it had; `LOG`: the one in `last_run` came without bytes, and from there on the log is read.
    pub(super) last: u32,
    /// The runs of records for it.
    pub(super) first_run: u32,
    pub(super) last_run: u32,
}

/// More readers than one.
pub(super) const SEVERAL: u32 = NONE - 1;
/// No record: what came without bytes is read from the log.
pub(super) const LOG: u32 = NONE - 1;

/// Readers by number. Most groups are of one: then it lies in the group itself.
#[derive(Debug, Default)]
pub(super) enum Live {
    #[default]
    Nobody,
    One(u32),
    Many(Vec<u32>),
}

#[derive(Debug, Default)]
pub(super) struct Groups {
    all: Slab<Group>,
    /// By a group's number.
    due: Vec<Due>,
    /// How many there ever were.
    groups: u64,
    /// Groups by the view they have.
    by_view: HashTable<u32>,
    hash: RandomState,
    topics: Followers,
    patterns: Followers,
}

impl Groups {
    /// The group of this interest, with one member more.
    pub(super) fn enter(&mut self, sequence: &Sequence, shard: usize, order: &Join) -> u32 {
        let view = sequence.follow(shard, order.granted.iter().chain(&order.new));
        let hash = self.hash.hash_one(&view);
        let group = match self.by_view.find(hash, |&group| self.all[group as usize].view == view) {
            Some(&group) => group,
            None => {
                self.groups += 1;
                let group =
                    self.all.insert(Group { id: GroupId(self.groups), view, live: Live::default(), members: 0 }) as u32;
                let Self { all, due, by_view, hash: hasher, topics, patterns, .. } = self;
                due.resize(due.len().max(group as usize + 1), Due::NOTHING);
                due[group as usize] = Due::NOTHING;
                let view = &all[group as usize].view;
                view.topics.iter().for_each(|topic| topics.add(topic.0, group));
                view.patterns.iter().for_each(|&pattern| patterns.add(pattern, group));
                by_view.insert_unique(hash, group, |&group| hasher.hash_one(&all[group as usize].view));
                group
            }
        };
        self.all[group as usize].members += 1;
        group
    }

    /// One member less; the last one ends the group.
    pub(super) fn exit(&mut self, sequence: &Sequence, shard: usize, group: u32) {
        let members = &mut self.all[group as usize].members;
        *members -= 1;
        if *members > 0 {
            return;
        }
        let Group { view, .. } = self.all.remove(group as usize);
        if let Ok(found) = self.by_view.find_entry(self.hash.hash_one(&view), |&found| found == group) {
            found.remove();
        }
        let topics: Vec<_> = view.topics.iter().copied().filter(|t| self.topics.remove(t.0, group)).collect();
        let patterns: Vec<_> = view.patterns.iter().copied().filter(|&p| self.patterns.remove(p, group)).collect();
        sequence.unfollow(shard, &topics, &patterns);
    }

    pub(super) fn get(&self, group: u32) -> &Group {
        &self.all[group as usize]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.all.iter().map(|(_, group)| group)
    }

    /// One of a group's readers is at the shard's position. Says its place among them.
    pub(super) fn enliven(&mut self, group: u32, reader: u32) -> u32 {
        let live = &mut self.all[group as usize].live;
        let place = live.push(reader);
        self.due[group as usize].live = live.only();
        place
    }

    /// The one at this place is not any more. Says who stands there now.
    pub(super) fn still(&mut self, group: u32, place: u32) -> Option<u32> {
        let live = &mut self.all[group as usize].live;
        let moved = live.remove(place);
        self.due[group as usize].live = live.only();
        moved
    }

    /// The group's only live reader, `SEVERAL` or `NONE`.
    pub(super) fn live(&self, group: u32) -> u32 {
        self.due[group as usize].live
    }

    /// What concerns a group of a window that was walked: nothing does from now on.
    pub(super) fn take_due(&mut self, group: u32) -> Due {
        let due = &mut self.due[group as usize];
        std::mem::replace(due, Due { live: due.live, ..Due::NOTHING })
    }

    /// Calls for each group that an event of this topic, matched by these patterns, concerns; perhaps more than once.
    pub(super) fn concerned(&mut self, topic: TopicId, patterns: &[u32], mut each: impl FnMut(u32, &mut Due)) {
        let Self { due, topics, patterns: by_pattern, .. } = self;
        let by_pattern = patterns.iter().flat_map(|&pattern| by_pattern.of(pattern));
        for &group in topics.of(topic.0).iter().chain(by_pattern) {
            each(group, &mut due[group as usize]);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.by_view.is_empty() && self.topics.is_empty() && self.patterns.is_empty()
    }
}

impl Due {
    const NOTHING: Self = Self { live: NONE, last: NONE, first_run: NONE, last_run: NONE };
}

impl Live {
    /// The only one, `SEVERAL` or `NONE`.
    fn only(&self) -> u32 {
        match self.as_slice() {
            [] => NONE,
            [one] => *one,
            _ => SEVERAL,
        }
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        match self {
            Self::Nobody => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    /// Adds one. Says its place.
    fn push(&mut self, index: u32) -> u32 {
        match self {
            Self::Nobody => *self = Self::One(index),
            Self::One(one) => *self = Self::Many(vec![*one, index]),
            Self::Many(many) => many.push(index),
        }
        self.as_slice().len() as u32 - 1
    }

    /// Takes out the one at this place. Says who stands there now.
    fn remove(&mut self, place: u32) -> Option<u32> {
        if let Self::Many(many) = self
            && many.len() > 1
        {
            many.swap_remove(place as usize);
            return many.get(place as usize).copied();
        }
        *self = Self::Nobody;
        None
    }
}
