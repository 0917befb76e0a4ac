//! The sequence point: one lock gives an event its offset, its place in the log and in the inbox of every shard with a
//! follower.
//!
//! Serialising and framing happen outside; under the lock only the id's digits are written and bytes are copied.

use super::{
    core::CoreConfig,
    door::Door,
    inbox::{Bounds, Inbox},
    names::Names,
    patterns::Patterns,
};
use crate::log::{Interest, Limits, Log};
use crate::sync::{AtomicU64, Mutex, RwLock};
use eventwire::{Epoch, EventName, Offset, Pattern, Position, Topic, frame::GapReason, sse};
use std::{
    cell::Cell,
    hash::RandomState,
    sync::{Arc, atomic::Ordering},
};
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Sequence {
    pub(super) state: Mutex<State>,
    /// The newest offset. Whatever is at or below it was in the inboxes before it was written here.
    head: AtomicU64,
    /// How often the order began anew, and how often the store lost something: shards look after each window.
    renewals: AtomicU64,
    holes: AtomicU64,
    names: RwLock<Names>,
    posts: Vec<Post>,
    began: Instant,
}

/// Where one shard gets its mail.
#[derive(Debug)]
struct Post {
    inbox: Inbox,
    door: Arc<Door>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) epoch: Epoch,
    pub(super) renewals: u64,
    pub(super) log: Log<RandomState>,
    pub(super) patterns: Patterns,
    pub(super) latest: Box<[Pattern]>,
    /// Shards that want to hear of any new head, a bit each.
    watching: u64,
    /// The patterns that match the topic that is published to, if they are too many to be kept with it.
    many: Vec<u32>,
}

/// Patterns that a topic keeps as its own: with very many of both, lists of all would be most of the hub's memory.
const KEPT: usize = 64;

/// Where the order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) epoch: Epoch,
    pub(crate) head: u64,
    pub(crate) renewals: u64,
}

impl Sequence {
    pub(crate) fn new(config: &CoreConfig, limits: Limits, inbox: Bounds, doors: Vec<Arc<Door>>) -> Self {
        let log = Log::new(limits, config.start.0, RandomState::new());
        Self {
            state: Mutex::new(State {
                epoch: config.epoch,
                renewals: 0,
                log,
                patterns: Patterns::new(),
                latest: config.latest.clone().into(),
                watching: 0,
                many: Vec::new(),
            }),
            head: AtomicU64::new(config.start.0),
            renewals: AtomicU64::new(0),
            holes: AtomicU64::new(0),
            names: RwLock::new(Names::new(&config.names)),
            posts: doors.into_iter().map(|door| Post { inbox: Inbox::new(inbox), door }).collect(),
            began: Instant::now(),
        }
    }

    /// Milliseconds since this hub began.
    pub(crate) fn now(&self) -> u64 {
        self.millis(Instant::now())
    }

    pub(crate) fn millis(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.began).as_millis() as u64
    }

    pub(crate) fn instant(&self, millis: u64) -> Instant {
        self.began + std::time::Duration::from_millis(millis)
    }

    /// Takes in an event at `at`, or at the next offset. `None`: it is not above all before, and was left out.
    pub(crate) fn put(&self, at: Option<Offset>, topic: &Topic, name: &EventName, payload: &str) -> Option<Position> {
        thread_local! {
            static FRAME: Cell<(Vec<u8>, Vec<u8>)> = const { Cell::new((Vec::new(), Vec::new())) };
        }
        if !self.names.read().has(name) && !self.names.write().add(name) {
            // Nobody could be told of the name, so nobody could read the event.
            self.lose(at?, GapReason::Undecodable);
            return None;
        }
        // Taken out while it is in use, so that nothing below may find it borrowed.
        let (mut prefix, mut suffix) = FRAME.take();
        prefix.clear();
        suffix.clear();
        sse::event_suffix(name, payload, &mut suffix);
        let put = self.place(at, topic, &mut prefix, &suffix);
        suffix.shrink_to(64 << 10);
        FRAME.set((prefix, suffix));
        put
    }

    fn place(&self, at: Option<Offset>, topic: &Topic, prefix: &mut Vec<u8>, suffix: &[u8]) -> Option<Position> {
        let now = self.now();
        let mut state = self.state.lock();
        let at = match at {
            Some(at) if at.0 <= state.log.tail() => return None,
            Some(at) => at.0,
            None => state.log.head() + 1,
        };
        let id = state.topic(topic);
        let State { epoch, log, patterns, watching, many, .. } = &mut *state;
        let position = Position { epoch: *epoch, offset: Offset(at) };
        sse::event_prefix(position, log.back(id, at), topic, prefix);
        log.append(id, at, now, prefix, suffix);
        let (name, followers, interest) = log.interest(id);
        if interest.version != patterns.version() {
            many.clear();
            if !patterns.is_empty() {
                patterns.matches(name.as_str(), many);
            }
            let shards = many.iter().fold(0, |shards, &pattern| shards | patterns.shards(pattern));
            // So many are looked up faster than they are handed out.
            let (version, kept) = if many.len() <= KEPT { (patterns.version(), &many[..]) } else { (0, &[][..]) };
            *interest = Interest::found(version, shards, kept);
        }
        let matched = if interest.version == 0 { &many[..] } else { interest.patterns() };
        let mut ring = std::mem::take(watching);
        let follows = *followers | interest.shards();
        for (i, post) in self.posts.iter().enumerate().filter(|(i, _)| follows & 1 << i != 0) {
            if post.inbox.push(at, id, matched, prefix, suffix) {
                ring |= 1 << i;
            }
        }
        self.head.store(log.head(), Ordering::Release);
        drop(state);
        self.ring(ring);
        Some(position)
    }

    /// What the store knows of what was forgotten before this log began.
    pub(crate) fn recall(&self, floor: Offset, topics: Vec<(Topic, Offset)>) {
        let State { log, latest, .. } = &mut *self.state.lock();
        let topics = topics.into_iter().map(|(topic, at)| (topic, at.0));
        log.recall(floor.0, topics, |name| latest.iter().any(|pattern| pattern.matches(name)));
    }

    /// The store lost something up to here.
    pub(crate) fn lose(&self, upto: Offset, reason: GapReason) {
        let mut state = self.state.lock();
        state.log.lose_all(upto.0, reason);
        self.holes.fetch_add(1, Ordering::Release);
        self.head.store(state.log.head(), Ordering::Release);
        drop(state);
        self.ring_all();
    }

    /// Another life of the order.
    pub(crate) fn renew(&self, epoch: Epoch, head: Offset) {
        let mut state = self.state.lock();
        state.epoch = epoch;
        state.renewals += 1;
        state.log.renew(head.0);
        // Offsets of the life that is over say nothing in this one.
        self.posts.iter().for_each(|post| post.inbox.clear());
        self.renewals.store(state.renewals, Ordering::Release);
        self.head.store(head.0, Ordering::Release);
        drop(state);
        self.ring_all();
    }

    /// Forgets what is too old. Whether that was all.
    pub(crate) fn trim(&self, now: u64) -> bool {
        /// Segments in one hold of the lock.
        const SOME: usize = 4;
        self.state.lock().log.trim(now, SOME)
    }

    /// The newest offset, without the lock.
    pub(crate) fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    pub(crate) fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::Acquire)
    }

    pub(crate) fn holes(&self) -> u64 {
        self.holes.load(Ordering::Acquire)
    }

    pub(crate) fn standing(&self) -> Standing {
        let state = self.state.lock();
        Standing { epoch: state.epoch, head: state.log.head(), renewals: state.renewals }
    }

    /// The shard will be rung once for the next event of any topic.
    pub(crate) fn watch(&self, shard: usize) -> Standing {
        let mut state = self.state.lock();
        state.watching |= 1 << shard;
        Standing { epoch: state.epoch, head: state.log.head(), renewals: state.renewals }
    }

    pub(crate) fn inbox(&self, shard: usize) -> &Inbox {
        &self.posts[shard].inbox
    }

    pub(crate) fn names(&self) -> &RwLock<Names> {
        &self.names
    }

    /// Topics, events and bytes of the log.
    pub(super) fn kept(&self) -> (usize, usize, usize) {
        let state = self.state.lock();
        (state.log.topics(), state.log.events(), state.log.bytes())
    }

    /// What the log still holds: everything from an offset on, and what outlived its age below.
    pub(super) fn retained(&self) -> (u64, Vec<u64>) {
        self.state.lock().log.retained()
    }

    /// What the log says it lost of a topic, if it knows the topic.
    #[cfg(test)]
    pub(crate) fn lost_of(&self, topic: &str) -> Option<u64> {
        self.state.lock().log.iter().find(|slot| slot.name.as_str() == topic).map(|slot| slot.lost)
    }

    #[cfg(test)]
    pub(crate) fn offsets(&self) -> Vec<u64> {
        self.state.lock().log.offsets()
    }

    fn ring_all(&self) {
        for post in &self.posts {
            let _ = post.inbox.must_ring();
            post.door.ring();
        }
    }

    fn ring(&self, shards: u64) {
        for (_, post) in self.posts.iter().enumerate().filter(|(i, _)| shards & 1 << i != 0) {
            post.door.ring();
        }
    }
}
