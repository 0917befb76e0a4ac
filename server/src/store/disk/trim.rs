//! Forgetting: what is to be kept moves to the journal, and of the rest it is noted, topic by topic, how far it went.
//!
//! Knows no age and no budget: it is told before which offset, and what to keep.

use super::{Inner, below::Entry, folder, segments::Spot};
use crate::store::{Fed, StoreError};
use eventwire::{Offset, Topic};
use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::Arc,
};

impl Inner {
    pub(super) fn trim(&self, before: Offset, keep: &BTreeSet<u64>) -> Result<Offset, StoreError> {
        /// Files whose events' topics are looked up before they are forgotten; beyond, they are forgotten unread.
        const FILES: usize = 32;
        /// Reads between two notes: bounds memory.
        const READS: usize = 128;
        let mut below = self.below.lock();
        self.check()?;
        let before = before.min(self.bounds().head.next());
        {
            // First, so that a tail which reads a hole here learns that it was trimmed.
            let mut first = self.first.lock();
            *first = before.max(*first);
        }
        let broken = |error: io::Error| {
            let path = self.path.display();
            StoreError::new(folder::kind(&error), format!("could not trim the disk store {path}: {error}"))
        };
        let mut spot = Spot::new(below.first());
        while spot.next < before.0 {
            let (mut entries, mut lost) = (Vec::new(), HashMap::<Topic, u64>::new());
            if let Some(from) = self.segments.files_back(before.0, FILES)
                && from > spot.next
                && keep.range(spot.next..from).next().is_none()
            {
                spot = Spot::new(from);
                entries.push(Entry::Floor(from - 1));
            }
            for _ in 0..READS {
                for fed in self.segments.read(&mut spot, before.0 - 1) {
                    match fed {
                        Fed::Record(at, record) if keep.contains(&at.0) => {
                            entries.push(Entry::Keep(at.0, Arc::unwrap_or_clone(record)));
                        }
                        Fed::Record(at, record) => {
                            lost.insert(Arc::unwrap_or_clone(record).topic, at.0);
                        }
                        // Nobody knows of which topic it was.
                        Fed::Undecodable(at, _) | Fed::Idle(at) => entries.push(Entry::Floor(at.0)),
                    }
                }
            }
            entries.extend(lost.into_iter().map(|(topic, at)| Entry::Lost(topic, at)));
            entries.push(Entry::First(spot.next));
            below.note(entries).map_err(broken)?;
            self.segments.forget(spot.next).map_err(broken)?;
        }
        let gone = below.kept().filter(|(at, _)| !keep.contains(at));
        let gone = gone.flat_map(|(at, record)| [Entry::Drop(at), Entry::Lost(record.topic.clone(), at)]).collect();
        below.note(gone).map_err(broken)?;
        Ok(*self.first.lock())
    }
}
