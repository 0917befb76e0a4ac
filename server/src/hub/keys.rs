//! The key window: which keys were published lately, and where.
//!
//! Decides by the times written in records, so that every tail of one order decides alike. Knows no clock.

use eventwire::Offset;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// How long a key is remembered, in milliseconds.
pub(crate) const WINDOW: u64 = 120_000;
/// How many keys are remembered; beyond, the oldest is forgotten first.
pub(crate) const KEYS: usize = 100_000;
/// The longest key, in bytes.
pub(crate) const KEY: usize = 256;

#[derive(Debug)]
pub(crate) struct Keys {
    seen: HashMap<Arc<str>, Seen>,
    /// In the order they were first seen, which is the order they are forgotten in.
    order: VecDeque<(Arc<str>, Offset)>,
    limit: usize,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Offset,
    time: u64,
}

impl Keys {
    pub(crate) fn new(limit: usize) -> Self {
        Self { seen: HashMap::new(), order: VecDeque::new(), limit }
    }

    /// Where the event of this key is, if one was published within the window before `time`.
    pub(crate) fn find(&self, key: &str, time: u64) -> Option<Offset> {
        // A clock that was set back makes no key young again.
        self.seen.get(key).filter(|seen| time.saturating_sub(seen.time) < WINDOW).map(|seen| seen.at)
    }

    /// Remembers the event of a key that [`Self::find`] did not know.
    pub(crate) fn insert(&mut self, key: &str, at: Offset, time: u64) {
        let key: Arc<str> = key.into();
        self.seen.insert(key.clone(), Seen { at, time });
        self.order.push_back((key, at));
        self.forget(time);
    }

    /// Where the oldest event lies whose key is still known at `now`: a store that forgets it forgets the key.
    pub(crate) fn oldest(&self, now: u64) -> Option<Offset> {
        let known = |(key, at): &&(Arc<str>, Offset)| {
            self.seen.get(key).is_some_and(|seen| seen.at == *at && now.saturating_sub(seen.time) < WINDOW)
        };
        self.order.iter().find(known).map(|(_, at)| *at)
    }

    /// Of another epoch nothing is known.
    pub(crate) fn clear(&mut self) {
        self.seen.clear();
        self.order.clear();
    }

    fn forget(&mut self, time: u64) {
        while let Some((key, at)) = self.order.front() {
            // Said again after its window, a key has moved on: this entry of the order speaks for nothing.
            let moved = self.seen.get(key).is_none_or(|seen| seen.at != *at);
            let old = self.seen.get(key).is_some_and(|seen| time.saturating_sub(seen.time) >= WINDOW);
            if !moved {
                if !old && self.seen.len() <= self.limit {
                    break;
                }
                self.seen.remove(key);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_until_its_window_is_over_and_not_a_millisecond_longer() {
        let mut keys = Keys::new(KEYS);
        keys.insert("a", Offset(1), 1_000);
        assert_eq!(keys.find("a", 1_000), Some(Offset(1)));
        assert_eq!(keys.find("a", 1_000 + WINDOW - 1), Some(Offset(1)));
        assert_eq!(keys.find("a", 1_000 + WINDOW), None);
        assert_eq!(keys.find("b", 1_000), None);
    }

    #[test]
    fn a_key_said_again_after_its_window_is_known_anew_and_outlives_its_first_entry() {
        let mut keys = Keys::new(KEYS);
        keys.insert("a", Offset(1), 0);
        keys.insert("a", Offset(2), WINDOW);
        keys.insert("b", Offset(3), WINDOW + 1);
        assert_eq!(keys.find("a", WINDOW + 1), Some(Offset(2)));
    }

    #[test]
    fn beyond_the_limit_the_oldest_key_is_forgotten_first() {
        let mut keys = Keys::new(2);
        for (n, key) in ["a", "b", "c"].into_iter().enumerate() {
            keys.insert(key, Offset(n as u64 + 1), 0);
        }
        assert_eq!(keys.find("a", 0), None);
        assert_eq!(keys.find("b", 0), Some(Offset(2)));
        assert_eq!(keys.find("c", 0), Some(Offset(3)));
        assert_eq!((keys.seen.len(), keys.order.len()), (2, 2));
    }

    #[test]
    fn a_clock_set_back_makes_no_key_young_again_and_forgets_none() {
        let mut keys = Keys::new(KEYS);
        keys.insert("a", Offset(1), 1_000_000);
        assert_eq!(keys.find("a", 5), Some(Offset(1)));
        keys.insert("b", Offset(2), 5);
        assert_eq!(keys.find("a", 6), Some(Offset(1)));
    }
}
