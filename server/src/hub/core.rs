//! A hub without its types: what is published goes in, readers are ordered, operators ask.
//!
//! Names and payloads arrive as protocol types. Knows shards, never readers.

use super::{
    door::{Door, Order},
    join::{Join, SessionInfo, Stats},
    seat::{Reader, Seat},
    sequence::Sequence,
};
use eventwire::{Epoch, EventName, Offset, Pattern, Payload, Position, Topic, frame::GapReason};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::oneshot;

/// How a session asks for the store's newest position, when a reader claims one ahead of this node. `None`: the store
/// does not answer.
pub(crate) type HeadSource = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Option<Position>> + Send>> + Send + Sync>;

/// What a hub is made of.
#[derive(Clone, Debug)]
pub(crate) struct CoreConfig {
    /// The order's life.
    pub(crate) epoch: Epoch,
    /// Nothing at or below is known here, but what is accepted below before anything else: the newest events of
    /// latest-only topics, in order. All of these that the store has must be accepted so.
    pub(crate) start: Offset,
    /// Events older than this are dropped, but the newest of a latest-only topic.
    pub(crate) retain: Duration,
    /// Bytes of events kept; beyond, the oldest are dropped.
    pub(crate) budget: usize,
    /// Topics of which only the newest event matters.
    pub(crate) latest: Vec<Pattern>,
    /// Names that every hello lists.
    pub(crate) names: Vec<EventName>,
    /// The contract's hash.
    pub(crate) contract: Box<str>,
    /// The longest silence on a stream.
    pub(crate) heartbeat: Duration,
    /// How long a reader may leave its writes blocked before it is released.
    pub(crate) stall: Duration,
    /// How old a stream may become before its reader is asked to come back; `None`: as old as it likes.
    pub(crate) rotate: Option<Duration>,
    /// Readers there may be.
    pub(crate) readers: usize,
    /// Readers one principal may have.
    pub(crate) per_principal: usize,
}

/// A hub without its types. Dropping the last one says `bye drain` to every reader.
pub(crate) struct Core {
    sequence: Arc<Sequence>,
    shards: Box<[Post]>,
    head_source: Arc<OnceLock<HeadSource>>,
}

/// A shard and its door.
struct Post {
    door: Arc<Door>,
    shard: Arc<dyn Shard>,
}

/// What operators may ask of the readers of one shard.
pub(crate) trait Shard: Send + Sync {
    /// Adds what it holds and does now.
    fn stats(&self, stats: &mut Stats);
    /// Adds its open streams.
    fn sessions(&self, sessions: &mut Vec<SessionInfo>);
}

impl Core {
    /// A hub over shards that run already.
    pub(crate) fn over(
        sequence: Arc<Sequence>,
        shards: impl IntoIterator<Item = (Arc<Door>, Arc<dyn Shard>)>,
        head_source: Arc<OnceLock<HeadSource>>,
    ) -> Arc<Core> {
        let shards = shards.into_iter().map(|(door, shard)| Post { door, shard }).collect();
        Arc::new(Self { sequence, shards, head_source })
    }

    /// Accepts an event; the log gives the offset. For a hub without a store.
    pub(crate) fn publish(&self, topic: &Topic, name: &EventName, payload: &Payload) -> Position {
        // With the log's own offset nothing can be refused but a name beyond all bounds, which the enum's are not.
        self.sequence.put(None, topic, name, payload.as_str()).unwrap_or_else(|| self.position())
    }

    /// Takes in an event that the store put at `at`; one that is not above all before is left out. Only the tail task
    /// calls it.
    pub(crate) fn accept(&self, at: Offset, topic: &Topic, name: &EventName, payload: &str) {
        self.sequence.put(Some(at), topic, name, payload);
    }

    /// What the store knows of what was forgotten before: up to `floor` anything, and of these topics up to there. Before
    /// anything is accepted.
    pub(crate) fn recall(&self, floor: Offset, topics: Vec<(Topic, Offset)>) {
        self.sequence.recall(floor, topics);
    }

    /// The store lost or cannot decode something up to here: every reader below is told.
    pub(crate) fn gap(&self, reason: GapReason, upto: Offset) {
        self.sequence.lose(upto, reason);
    }

    /// Another epoch: the log is forgotten and every stream gets gap `epoch`.
    pub(crate) fn renew(&self, epoch: Epoch, head: Offset) {
        self.sequence.renew(epoch, head);
    }

    /// The newest position.
    pub(crate) fn position(&self) -> Position {
        let standing = self.sequence.standing();
        Position { epoch: standing.epoch, offset: Offset(standing.head) }
    }

    /// What is still held: everything from an offset on, and the newest events of latest-only topics below it.
    pub(crate) fn retained(&self) -> (Offset, Vec<Offset>) {
        let (first, below) = self.sequence.retained();
        (Offset(first), below.into_iter().map(Offset).collect())
    }

    /// Says how to ask for the store's head, once. Without it a position ahead of the log is a gap at once.
    pub(crate) fn set_head_source(&self, source: HeadSource) {
        let _ = self.head_source.set(source);
    }

    /// Opens a stream: `hello` is its first piece.
    pub(crate) fn join(self: &Arc<Self>, order: Join) -> Reader {
        // One shard to begin with; with more of them, the one with the fewest readers.
        let door = &self.shards[0].door;
        let (seat, reader) = Seat::new(door.clone());
        door.order(Order::Join(Box::new(order), seat));
        reader
    }

    /// Says `bye drain` to every reader, evenly spread over the time, and resolves when all are gone or the time is
    /// over, at most a second later. Whoever joins meanwhile gets `hello` and `bye`.
    pub(crate) fn drain(&self, over: Duration) -> impl Future<Output = ()> + Send + 'static {
        let gone: Vec<_> = self
            .shards
            .iter()
            .map(|post| {
                let (done, gone) = oneshot::channel();
                post.door.order(Order::Drain(over, done));
                gone
            })
            .collect();
        async move {
            for gone in gone {
                // An error is a shard that ended: nobody is left there either.
                let _ = gone.await;
            }
        }
    }

    /// Ends every stream of a principal with `bye auth`.
    pub(crate) fn revoke(&self, principal: &str) {
        for post in &self.shards {
            post.door.order(Order::Revoke(principal.into()));
        }
    }

    /// What the hub holds and does now.
    pub(crate) fn stats(&self) -> Stats {
        let (topics, events, log_bytes) = self.sequence.kept();
        let mut stats = Stats { topics, events, log_bytes, ..Stats::default() };
        for post in &self.shards {
            post.shard.stats(&mut stats);
        }
        stats
    }

    /// Every open stream.
    pub(crate) fn sessions(&self) -> Vec<SessionInfo> {
        let mut sessions = Vec::new();
        for post in &self.shards {
            post.shard.sessions(&mut sessions);
        }
        sessions
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        for post in &self.shards {
            post.door.close();
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}
