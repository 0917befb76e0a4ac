//! Readers of one interest are a group: what concerns it is composed once.

use crate::hub::{View, sequence::Sequence};
use crate::log::TopicId;
use eventwire::Pattern;
use hashbrown::{HashMap, HashTable};
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
    /// The same as it was asked.
    pub(super) asked: Box<[Pattern]>,
    /// Readers at the shard's position.
    pub(super) live: Vec<u32>,
    members: u32,
    /// While a window is walked: the runs of records for this group, and the last record it had.
    pub(super) first_run: u32,
    pub(super) last_run: u32,
    pub(super) last: u32,
    /// The first record that concerns it and came without bytes.
    pub(super) mark: u64,
}

/// The groups that follow one topic or pattern.
#[derive(Debug)]
enum Few {
    One(u32),
    Many(Vec<u32>),
}

#[derive(Debug, Default)]
pub(super) struct Groups {
    all: Slab<Group>,
    /// How many there ever were.
    groups: u64,
    /// Groups by the view they have.
    by_view: HashTable<u32>,
    hash: RandomState,
    topics: HashMap<TopicId, Few>,
    patterns: HashMap<u32, Few>,
}

impl Groups {
    /// The group of this interest, with one member more.
    pub(super) fn enter(&mut self, sequence: &Sequence, shard: usize, asked: &[Pattern]) -> u32 {
        let view = sequence.follow(shard, asked);
        let hash = self.hash.hash_one(&view);
        let group = match self.by_view.find(hash, |&group| self.all[group as usize].view == view) {
            Some(&group) => group,
            None => {
                self.groups += 1;
                let group = self.all.insert(Group {
                    id: GroupId(self.groups),
                    view,
                    asked: asked.into(),
                    live: Vec::new(),
                    members: 0,
                    first_run: NONE,
                    last_run: NONE,
                    last: NONE,
                    mark: 0,
                }) as u32;
                let Self { all, by_view, hash: hasher, topics, patterns, .. } = self;
                let view = &all[group as usize].view;
                view.topics.iter().for_each(|&topic| add(topics, topic, group));
                view.patterns.iter().for_each(|&pattern| add(patterns, pattern, group));
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
        let topics: Vec<_> = view.topics.iter().copied().filter(|&t| remove(&mut self.topics, t, group)).collect();
        let patterns: Vec<_> =
            view.patterns.iter().copied().filter(|&p| remove(&mut self.patterns, p, group)).collect();
        sequence.unfollow(shard, &topics, &patterns);
    }

    pub(super) fn get(&self, group: u32) -> &Group {
        &self.all[group as usize]
    }

    pub(super) fn get_mut(&mut self, group: u32) -> &mut Group {
        &mut self.all[group as usize]
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Group> {
        self.all.iter_mut().map(|(_, group)| group)
    }

    /// Calls for each group that an event of this topic, matched by these patterns, concerns; perhaps more than once.
    pub(super) fn concerned(&mut self, topic: TopicId, patterns: &[u32], mut each: impl FnMut(u32, &mut Group)) {
        let Self { all, topics, patterns: by_pattern, .. } = self;
        let by_pattern = patterns.iter().filter_map(|pattern| by_pattern.get(pattern));
        for few in topics.get(&topic).into_iter().chain(by_pattern) {
            for &group in few.as_slice() {
                each(group, &mut all[group as usize]);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.by_view.is_empty() && self.topics.is_empty() && self.patterns.is_empty()
    }
}

impl Few {
    fn as_slice(&self) -> &[u32] {
        match self {
            Self::One(group) => std::slice::from_ref(group),
            Self::Many(groups) => groups,
        }
    }
}

fn add<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Few>, key: K, group: u32) {
    match map.get_mut(&key) {
        None => drop(map.insert(key, Few::One(group))),
        Some(Few::Many(groups)) => groups.push(group),
        Some(few) => *few = Few::Many(few.as_slice().iter().copied().chain([group]).collect()),
    }
}

/// Whether nobody is left.
fn remove<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Few>, key: K, group: u32) -> bool {
    match map.get_mut(&key) {
        Some(Few::Many(groups)) if groups.len() > 1 => {
            groups.retain(|&g| g != group);
            false
        }
        Some(_) => map.remove(&key).is_some(),
        None => false,
    }
}
