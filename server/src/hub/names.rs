//! The names of events that a hub knows: its enum's, and those that others published into its store.

use eventwire::{EventName, limits};
use hashbrown::HashSet;

/// Names in the order they came. Bounded: beyond so many foreign names, what carries a new one is a loss.
#[derive(Debug)]
pub(crate) struct Names {
    listed: Vec<EventName>,
    known: HashSet<EventName>,
    most: usize,
}

impl Names {
    pub(super) fn new(names: &[EventName]) -> Self {
        let known = names.iter().cloned().collect();
        Self { listed: names.to_vec(), known, most: names.len() + limits::NAMES }
    }

    pub(super) fn has(&self, name: &EventName) -> bool {
        self.known.contains(name)
    }

    /// Adds a name. Whether there was room, or it was there.
    pub(super) fn add(&mut self, name: &EventName) -> bool {
        if self.has(name) {
            return true;
        }
        let room = self.listed.len() < self.most;
        if room {
            self.known.insert(name.clone());
            self.listed.push(name.clone());
        }
        room
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.listed.len()
    }

    /// Those from the `n`th on.
    pub(crate) fn since(&self, n: usize) -> &[EventName] {
        &self.listed[n.min(self.listed.len())..]
    }
}
