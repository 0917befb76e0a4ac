//! What is remembered of what is forgotten: bounds that are never too low, in bounded memory.
//!
//! A loss may be taken for later than it was, which costs a needless gap; never for earlier, which would hide one.

use super::topics::{TopicId, Topics, prefixes};
use hashbrown::HashMap;
use std::{collections::VecDeque, hash::BuildHasher};

#[derive(Debug)]
pub(super) struct Losses {
    /// Last losses of topics that are gone, and of prefixes, by hash, in generations: the oldest is folded into one
    /// number. So only a reader that was away longer than all of them can be told a needless gap. Equal hashes keep the
    /// later loss.
    generations: VecDeque<HashMap<u64, u64>>,
    per_generation: usize,
    /// The latest loss that is not remembered by its name any more.
    folded: u64,
    /// The latest loss of a topic that keeps all.
    any: u64,
    /// Per prefix: how many latest-only topics under it have lost their newest event, and the latest of these losses.
    newest: HashMap<u64, (u32, u64)>,
    /// The same for the whole hub.
    newest_any: (u32, u64),
    /// Most topics counted in `newest`, and the latest loss beyond them: of which topic is not known any more.
    most_newest: u32,
    newest_folded: u64,
}

const GENERATIONS: usize = 8;

impl Losses {
    pub(super) fn new(tombs: usize) -> Self {
        Self {
            generations: VecDeque::from([HashMap::new()]),
            per_generation: (tombs / GENERATIONS).max(1),
            folded: 0,
            any: 0,
            newest: HashMap::new(),
            newest_any: (0, 0),
            most_newest: tombs as u32,
            newest_folded: 0,
        }
    }

    /// A topic that keeps all lost its event at `at`.
    pub(super) fn of_topic<H: BuildHasher>(&mut self, topics: &Topics<H>, topic: TopicId, at: u64) {
        self.any = self.any.max(at);
        for prefix in prefixes(topics.slot(topic).name.as_str()) {
            self.bury(topics.hash_prefix(prefix), at);
        }
    }

    /// A latest-only topic lost its newest event, at `at`. Says whether it is counted: then its name must be kept until
    /// the next one is there.
    #[must_use]
    pub(super) fn of_newest<H: BuildHasher>(&mut self, topics: &Topics<H>, topic: TopicId, at: u64) -> bool {
        if self.newest_any.0 >= self.most_newest {
            self.newest_folded = self.newest_folded.max(at);
            return false;
        }
        let note = |(count, latest): &mut (u32, u64)| {
            *count += 1;
            *latest = at.max(*latest);
        };
        note(&mut self.newest_any);
        for prefix in prefixes(topics.slot(topic).name.as_str()) {
            note(self.newest.entry(topics.hash_prefix(prefix)).or_default());
        }
        true
    }

    /// A latest-only topic has a newest event again.
    pub(super) fn newest_is_back<H: BuildHasher>(&mut self, topics: &Topics<H>, topic: TopicId) {
        self.newest_any.0 -= 1;
        for prefix in prefixes(topics.slot(topic).name.as_str()) {
            let hash = topics.hash_prefix(prefix);
            if let Some(found) = self.newest.get_mut(&hash) {
                found.0 -= 1;
                if found.0 == 0 {
                    self.newest.remove(&hash);
                }
            }
        }
    }

    /// Remembers the last loss of what has this hash.
    pub(super) fn bury(&mut self, hash: u64, lost: u64) {
        if lost == 0 {
            return;
        }
        if self.generations[self.generations.len() - 1].len() >= self.per_generation {
            self.generations.push_back(HashMap::new());
            if self.generations.len() > GENERATIONS
                && let Some(oldest) = self.generations.pop_front()
            {
                self.folded = oldest.into_values().fold(self.folded, u64::max);
            }
        }
        let last = self.generations.len() - 1;
        let known = self.generations[last].entry(hash).or_insert(lost);
        *known = lost.max(*known);
    }

    /// The last loss of what had this hash. Never too low.
    pub(super) fn buried(&self, hash: u64) -> u64 {
        self.generations.iter().filter_map(|g| g.get(&hash).copied()).fold(self.folded, u64::max)
    }

    /// The last loss of any topic that keeps all under a prefix; of any at all if the prefix is empty.
    pub(super) fn under<H: BuildHasher>(&self, topics: &Topics<H>, prefix: &str) -> u64 {
        match prefix {
            "" => self.any,
            prefix => self.buried(topics.hash_prefix(prefix)).min(self.any),
        }
    }

    /// The last loss of a newest event of a latest-only topic under a prefix that has no newer one yet.
    pub(super) fn newest_under<H: BuildHasher>(&self, topics: &Topics<H>, prefix: &str) -> u64 {
        let found = match prefix {
            "" => Some(&self.newest_any).filter(|any| any.0 > 0),
            prefix => self.newest.get(&topics.hash_prefix(prefix)),
        };
        found.map_or(0, |found| found.1).max(self.newest_folded)
    }

    /// The last loss that a latest-only topic without a slot may have had.
    pub(super) fn newest_folded(&self) -> u64 {
        self.newest_folded
    }
}
