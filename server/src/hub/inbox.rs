//! What happened to the topics one shard follows since it last looked, in hub order.
//!
//! A shard swaps its window out whole. It is rung only if it found nothing before: a shard that is awake looks again.

use crate::{log::TopicId, sync::Mutex};

/// An event on its way to a shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) at: u64,
    pub(crate) topic: TopicId,
    /// Where its bytes end. None at all: too much to carry, read the log.
    pub(crate) end: u32,
    /// Where the patterns that match its topic end.
    pub(crate) patterns: u32,
}

/// Everything since the last look.
#[derive(Debug, Default)]
pub(crate) struct Window {
    pub(crate) records: Vec<Record>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) patterns: Vec<u32>,
}

/// The window being filled by publishers.
#[derive(Debug)]
pub(crate) struct Inbox {
    letters: Mutex<Letters>,
    bounds: Bounds,
}

/// What an inbox carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of events. Beyond, a mark stands for the event, and the readers it concerns catch up from the log.
    pub(crate) bytes: usize,
    /// Events and marks. Beyond, one note stands for all: everyone catches up from the log.
    pub(crate) records: usize,
    /// Numbers of patterns that match the events' topics. Beyond, the same note.
    pub(crate) patterns: usize,
}

#[derive(Debug, Default)]
struct Letters {
    window: Window,
    /// The newest event of which there is not even a mark, 0 if there is none.
    overrun: u64,
    /// The shard found nothing and does not look again unless it is rung.
    asleep: bool,
}

/// What a look into the inbox found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing; the next push rings.
    Nothing,
    /// A window.
    Window,
    /// A window, and more than it could hold, up to this offset: what concerns whom is not known.
    Overrun { upto: u64 },
}

impl Inbox {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { letters: Mutex::default(), bounds }
    }

    /// Adds an event in two parts. Whether the shard sleeps and must be rung.
    #[must_use]
    pub(super) fn push(&self, at: u64, topic: TopicId, patterns: &[u32], prefix: &[u8], suffix: &[u8]) -> bool {
        let mut letters = self.letters.lock();
        let noted = letters.overrun > 0;
        let window = &mut letters.window;
        let room = window.records.len() < self.bounds.records
            && window.patterns.len() + patterns.len() <= self.bounds.patterns;
        if noted || !room {
            letters.overrun = at;
        } else {
            if window.bytes.len() + prefix.len() + suffix.len() <= self.bounds.bytes || window.records.is_empty() {
                window.bytes.extend_from_slice(prefix);
                window.bytes.extend_from_slice(suffix);
            }
            window.patterns.extend_from_slice(patterns);
            let (end, patterns) = (window.bytes.len() as u32, window.patterns.len() as u32);
            window.records.push(Record { at, topic, end, patterns });
        }
        std::mem::take(&mut letters.asleep)
    }

    /// Takes everything out, into an empty window.
    pub(crate) fn swap(&self, empty: &mut Window) -> Look {
        let mut letters = self.letters.lock();
        letters.asleep = letters.window.records.is_empty() && letters.overrun == 0;
        if letters.asleep {
            return Look::Nothing;
        }
        std::mem::swap(&mut letters.window, empty);
        match std::mem::take(&mut letters.overrun) {
            0 => Look::Window,
            upto => Look::Overrun { upto },
        }
    }

    /// Forgets all: the order they were of is over.
    pub(super) fn clear(&self) {
        let mut letters = self.letters.lock();
        letters.window.clear();
        letters.overrun = 0;
    }

    /// Whether the shard has to be rung for news that are no event.
    pub(super) fn must_ring(&self) -> bool {
        std::mem::take(&mut self.letters.lock().asleep)
    }

    /// Bytes that wait for the shard.
    pub(crate) fn bytes(&self) -> usize {
        self.letters.lock().window.bytes.len()
    }
}

impl Look {
    /// The newest event that came into the inbox before this look, carried or not; `head` if there was none.
    pub(crate) fn newest(self, window: &Window, head: u64) -> u64 {
        let carried = window.records.last().map_or(head, |record| record.at.max(head));
        match self {
            Self::Nothing | Self::Window => carried,
            Self::Overrun { upto } => carried.max(upto),
        }
    }
}

impl Window {
    /// Where the bytes of the record begin.
    pub(crate) fn start(&self, i: usize) -> usize {
        if i == 0 { 0 } else { self.records[i - 1].end as usize }
    }

    /// The bytes of a run of records.
    pub(crate) fn run(&self, from: usize, to: usize) -> &[u8] {
        &self.bytes[self.start(from)..self.records[to].end as usize]
    }

    /// Empties it; what a burst needed is given back.
    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.bytes.clear();
        self.patterns.clear();
        self.records.shrink_to(16 << 10);
        self.bytes.shrink_to(256 << 10);
        self.patterns.shrink_to(16 << 10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_knows_of_the_newest_event_even_if_nothing_of_it_was_carried() {
        let inbox = Inbox::new(Bounds { bytes: 100, records: 2, patterns: 10 });
        for at in 1..=5 {
            let _ = inbox.push(at, TopicId(0), &[], b"id", b"data");
        }
        let mut window = Window::default();
        let look = inbox.swap(&mut window);
        assert_eq!((look, window.records.len()), (Look::Overrun { upto: 5 }, 2));
        // The head was read before 4 and 5 came.
        assert_eq!(look.newest(&window, 3), 5);
    }

    #[test]
    fn the_numbers_of_patterns_are_bounded_like_the_bytes_and_beyond_one_note_stands_for_all() {
        let inbox = Inbox::new(Bounds { bytes: 100, records: 10, patterns: 5 });
        for at in 1..=3 {
            let _ = inbox.push(at, TopicId(0), &[1, 2], b"id", b"data");
        }
        let mut window = Window::default();
        let look = inbox.swap(&mut window);
        assert_eq!((look, window.records.len(), window.patterns.len()), (Look::Overrun { upto: 3 }, 2, 4));
        assert_eq!(look.newest(&window, 2), 3);
        // More than all room for a single event: there is nothing but the note, and it is found.
        let _ = inbox.push(4, TopicId(0), &[7; 6], b"id", b"data");
        window.clear();
        let look = inbox.swap(&mut window);
        assert_eq!((look, window.records.len()), (Look::Overrun { upto: 4 }, 0));
        assert_eq!(look.newest(&window, 3), 4);
        assert_eq!(inbox.swap(&mut window), Look::Nothing);
    }

    #[test]
    fn once_something_was_left_out_nothing_that_came_later_is_carried_in_its_place() {
        let inbox = Inbox::new(Bounds { bytes: 100, records: 10, patterns: 5 });
        for (at, patterns) in [(1, 2), (2, 4), (3, 1)] {
            let _ = inbox.push(at, TopicId(0), &vec![1; patterns], b"id", b"data");
        }
        let mut window = Window::default();
        assert_eq!(inbox.swap(&mut window), Look::Overrun { upto: 3 });
        assert_eq!(window.records.iter().map(|record| record.at).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn only_a_shard_that_found_nothing_is_rung() {
        let inbox = Inbox::new(Bounds { bytes: 100, records: 10, patterns: 10 });
        let (push, mut window) = (|at| inbox.push(at, TopicId(0), &[], b"", b""), Window::default());
        assert!(!push(1), "it has not looked yet");
        assert_eq!(inbox.swap(&mut window), Look::Window);
        assert!(!push(2), "it is awake");
        window.clear();
        assert_eq!(inbox.swap(&mut window), Look::Window);
        window.clear();
        assert_eq!(inbox.swap(&mut window), Look::Nothing);
        assert!(push(3), "it sleeps");
        assert!(!push(4), "it was rung");
    }

    #[test]
    fn what_was_not_looked_at_when_a_life_ends_is_forgotten() {
        let inbox = Inbox::new(Bounds { bytes: 100, records: 2, patterns: 10 });
        for at in 1..=5 {
            let _ = inbox.push(at, TopicId(0), &[], b"", b"");
        }
        inbox.clear();
        assert_eq!(inbox.swap(&mut Window::default()), Look::Nothing);
    }
}
