//! The topics that are followed or of which something is kept: a name and two offsets each.

use eventwire::Topic;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A topic's number while it lives. Numbers are used again: never keep one without following it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct TopicId(pub(crate) u32);

/// What is known of a topic.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: Topic,
    /// Its newest event, 0 if there is none or it is forgotten.
    pub(crate) last: u64,
    /// Its newest event that is gone and that no newer one stands for. Exact, but for what was buried.
    pub(crate) lost: u64,
    /// Only its newest event matters.
    pub(crate) latest: bool,
    /// Bytes of its events kept.
    pub(super) bytes: usize,
    /// Its lost newest event is counted among the losses of its prefixes.
    pub(super) counted: bool,
    pub(super) live: bool,
    /// The shards that follow it by name, a bit each.
    pub(super) followers: u64,
    pub(crate) interest: Interest,
}

/// The patterns that match a topic, as the hub found them last.
#[derive(Debug, Default)]
pub(crate) struct Interest {
    /// The version of the set of patterns they were found in.
    pub(crate) version: u64,
    /// Apart, for most topics are matched by none: there are many more topics than anything else.
    matched: Option<Box<Matched>>,
}

#[derive(Debug)]
struct Matched {
    shards: u64,
    patterns: Box<[u32]>,
}

impl Interest {
    /// What was found in this version of the set, and the shards that follow one of these patterns.
    pub(crate) fn found(version: u64, shards: u64, patterns: &[u32]) -> Self {
        let nothing = shards == 0 && patterns.is_empty();
        Self { version, matched: (!nothing).then(|| Box::new(Matched { shards, patterns: patterns.into() })) }
    }

    /// The shards that follow one of them, a bit each.
    pub(crate) fn shards(&self) -> u64 {
        self.matched.as_ref().map_or(0, |matched| matched.shards)
    }

    pub(crate) fn patterns(&self) -> &[u32] {
        self.matched.as_ref().map_or(&[], |matched| &matched.patterns)
    }
}

impl Slot {
    pub(super) fn new(name: Topic, latest: bool, lost: u64) -> Self {
        let interest = Interest::default();
        Self { name, last: 0, lost, latest, bytes: 0, counted: false, live: true, followers: 0, interest }
    }
}

#[derive(Debug)]
pub(super) struct Topics<H> {
    slots: Vec<Slot>,
    names: HashTable<u32>,
    free: Vec<u32>,
    hash: H,
}

impl<H: BuildHasher> Topics<H> {
    pub(super) fn new(hash: H) -> Self {
        Self { slots: Vec::new(), names: HashTable::new(), free: Vec::new(), hash }
    }

    pub(super) fn hash(&self, name: &str) -> u64 {
        self.hash.hash_one(name)
    }

    /// The hash of a prefix: never that of the topic of the same text.
    pub(super) fn hash_prefix(&self, prefix: &str) -> u64 {
        self.hash.hash_one((1u8, prefix))
    }

    pub(super) fn find(&self, hash: u64, name: &str) -> Option<TopicId> {
        self.names.find(hash, |&i| self.slots[i as usize].name.as_str() == name).map(|&i| TopicId(i))
    }

    pub(super) fn insert(&mut self, hash: u64, slot: Slot) -> TopicId {
        let i = match self.free.pop() {
            Some(i) => {
                self.slots[i as usize] = slot;
                i
            }
            None => {
                self.slots.push(slot);
                self.slots.len() as u32 - 1
            }
        };
        let (slots, hasher) = (&self.slots, &self.hash);
        self.names.insert_unique(hash, i, |&i| hasher.hash_one(slots[i as usize].name.as_str()));
        TopicId(i)
    }

    pub(super) fn remove(&mut self, topic: TopicId) {
        let hash = self.hash(self.slot(topic).name.as_str());
        if let Ok(entry) = self.names.find_entry(hash, |&i| i == topic.0) {
            entry.remove();
        }
        let slot = self.slot_mut(topic);
        slot.live = false;
        slot.interest = Interest::default();
        self.free.push(topic.0);
    }

    /// Another life of the order: what is followed stays, everything else goes.
    pub(super) fn renew(&mut self, start: u64) {
        for i in 0..self.slots.len() {
            let slot = &mut self.slots[i];
            (slot.last, slot.bytes, slot.counted) = (0, 0, false);
            slot.lost = if slot.latest { 0 } else { start };
            if slot.live && slot.followers == 0 {
                self.remove(TopicId(i as u32));
            }
        }
    }

    pub(super) fn slot(&self, topic: TopicId) -> &Slot {
        &self.slots[topic.0 as usize]
    }

    pub(super) fn slot_mut(&mut self, topic: TopicId) -> &mut Slot {
        &mut self.slots[topic.0 as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.live)
    }
}

/// The literal prefixes under which patterns may ask for a topic: `a` and `a.b` of `a.b.c`, never the whole.
pub(super) fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    name.bytes().enumerate().filter(|(_, byte)| *byte == b'.').map(|(i, _)| &name[..i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_tells_what_was_found_for_it_and_holds_nothing_where_nothing_was() {
        let found = |shards, patterns: &[u32]| {
            let interest = Interest::found(1, shards, patterns);
            (interest.shards(), interest.patterns().to_vec(), interest.matched.is_some())
        };
        assert_eq!(found(0, &[]), (0, vec![], false));
        // A pattern that nobody follows at present.
        assert_eq!(found(0, &[3]), (0, vec![3], true));
        assert_eq!(found(2, &[3, 5]), (2, vec![3, 5], true));
    }
}
