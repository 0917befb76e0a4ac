//! The sequence point: one lock gives an event its offset, its place in the log and in the inbox of every shard with a
//! follower.
//!
//! Not generic: names and payloads arrive as protocol types. Knows shards, never readers.

use super::join::{Join, Reader, SessionInfo, Stats};
use eventwire::{Epoch, EventName, Offset, Pattern, Payload, Position, Topic, frame::GapReason};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

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
}

/// A hub without its types. Dropping the last one says `bye drain` to every reader.
pub(crate) struct Core {}

impl Core {
    /// A hub whose shard runs on the current tokio runtime.
    pub(crate) fn new(config: CoreConfig) -> Arc<Core> {
        let _ = config;
        todo!("session")
    }

    /// Accepts an event; the log gives the offset. For a hub without a store.
    pub(crate) fn publish(&self, topic: &Topic, name: &EventName, payload: &Payload) -> Position {
        let _ = (topic, name, payload);
        todo!("hub")
    }

    /// Takes in an event that the store put at `at`, which must be above all before. Only the tail task calls it.
    pub(crate) fn accept(&self, at: Offset, topic: &Topic, name: &EventName, payload: &str) {
        let _ = (at, topic, name, payload);
        todo!("hub")
    }

    /// The store lost or cannot decode something up to here: every reader below is told.
    pub(crate) fn gap(&self, reason: GapReason, upto: Offset) {
        let _ = (reason, upto);
        todo!("hub")
    }

    /// Another epoch: the log is forgotten and every stream gets gap `epoch`.
    pub(crate) fn renew(&self, epoch: Epoch, head: Offset) {
        let _ = (epoch, head);
        todo!("hub")
    }

    /// The newest position.
    pub(crate) fn position(&self) -> Position {
        todo!("hub")
    }

    /// Whether only the newest event of this topic matters.
    pub(crate) fn is_latest(&self, topic: &Topic) -> bool {
        let _ = topic;
        todo!("hub")
    }

    /// Says how to ask for the store's head. Without it a position ahead of the log is a gap at once.
    pub(crate) fn set_head_source(&self, source: HeadSource) {
        let _ = source;
        todo!("hub")
    }

    /// Opens a stream: `hello` is its first piece.
    pub(crate) fn join(self: &Arc<Self>, order: Join) -> Reader {
        let _ = order;
        todo!("session")
    }

    /// Says `bye drain` to every reader, evenly spread over the time, and resolves when all are gone or the time is
    /// over, at most a second later. Whoever joins meanwhile gets `hello` and `bye`.
    pub(crate) fn drain(&self, over: Duration) -> impl Future<Output = ()> + Send + 'static {
        let _ = over;
        async {}
    }

    /// Ends every stream of a principal with `bye auth`.
    pub(crate) fn revoke(&self, principal: &str) {
        let _ = principal;
        todo!("session")
    }

    /// What the hub holds and does now.
    pub(crate) fn stats(&self) -> Stats {
        todo!("session")
    }

    /// Every open stream.
    pub(crate) fn sessions(&self) -> Vec<SessionInfo> {
        todo!("session")
    }
}
