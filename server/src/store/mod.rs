//! What gives events their order and keeps them: the trait [`Store`] and its kinds.
//!
//! A store never recovers by itself and never guesses: every doubt ends its tail, and the hub's one loop decides what
//! that means for readers. Knows nothing of readers, topics asked for, or the log.

#[cfg(feature = "disk")]
mod disk;
mod error;
mod record;
#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
pub(crate) mod suite;

#[cfg(all(test, feature = "disk"))]
pub(crate) use disk::tests::simulated;
#[cfg(feature = "disk")]
pub use disk::{Disk, Sync};
pub use error::{AppendError, StoreError, StoreErrorKind, TailEnd};
pub use record::{InvalidRecord, Producer, Record};

use eventwire::{Epoch, Offset};
use futures_core::Stream;
use std::{future::Future, sync::Arc};

/// One order of events, kept somewhere: a disk folder, a broker's stream.
///
/// The hub owns the only loop around it: bounds, epoch, tail from its last record, comparison, backoff.
pub trait Store: Send + std::marker::Sync + 'static {
    /// Records in order, from where one attached. Ends at the first doubt.
    type Tail: Stream<Item = Result<Fed, TailEnd>> + Send + 'static;

    /// What this store does, as configured.
    fn profile(&self) -> Profile;

    /// Incarnation and contents. Creates the order with an epoch when there is none; of several creators one wins.
    fn bounds(&self) -> impl Future<Output = Result<Bounds, StoreError>> + Send;

    /// Appends in this order, in one piece where [`Profile::atomic`]. `Ok` once [`Profile::durability`] is reached.
    fn append(&self, epoch: Epoch, batch: Vec<Arc<Record>>) -> impl Future<Output = Result<Acked, AppendError>> + Send;

    /// Everything from `at`, inclusive; offsets rise, holes are allowed. Epoch and bounds are checked after attaching,
    /// so that nothing slips in between.
    fn tail(&self, epoch: Epoch, at: Offset) -> impl Future<Output = Result<Self::Tail, TailEnd>> + Send;

    /// A new epoch, if `seen` is still the one in force; answers with what is in force. Durable before it returns.
    fn renew(&self, seen: Epoch) -> impl Future<Output = Result<Bounds, StoreError>> + Send;

    /// Forgets what lies below `before`, but for the offsets in `keep`, where retention is ours; answers with the true
    /// first. Kept ones come back by [`Store::kept`] only.
    fn trim(&self, before: Offset, keep: &[Offset]) -> impl Future<Output = Result<Offset, StoreError>> + Send;

    /// What outlived [`Store::trim`] below the first, in order: newest events of latest-only topics, events of quiet
    /// ones. Nothing, where retention is not ours.
    fn kept(&self) -> impl Future<Output = Result<Vec<(Offset, Arc<Record>)>, StoreError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What is known of what was forgotten below the first. `None`: nothing, so anything may have been there.
    fn forgotten(&self) -> impl Future<Output = Result<Option<Forgotten>, StoreError>> + Send {
        async { Ok(None) }
    }

    /// The oldest offset of at least so many newest bytes, as the store counts them: who keeps less need not read more.
    /// The first, where that is not known.
    fn oldest_within(&self, bytes: u64) -> impl Future<Output = Result<Offset, StoreError>> + Send {
        let _ = bytes;
        async { Ok(self.bounds().await?.first) }
    }
}

/// What a store does, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What "accepted" survives.
    pub durability: Durability,
    /// Whether an acknowledgement knows its offset. If not, it is learnt from the tail.
    pub offsets_in_acks: bool,
    /// Whether a batch is contiguous, and all or nothing.
    pub atomic: bool,
    /// Who forgets.
    pub retention: Retention,
}

/// What an accepted event survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power loss.
    Always,
    /// The death of a process; power loss takes what was not yet written through.
    Delayed,
}

/// Who forgets old events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// The hub, by [`Store::trim`]: the store keeps what the log keeps.
    Ours,
    /// The store, by rules of its own.
    Theirs,
}

/// Incarnation and contents of a store. Empty: `first` is one after `head`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The life of this order.
    pub epoch: Epoch,
    /// The oldest offset a tail can begin at.
    pub first: Offset,
    /// The newest offset.
    pub head: Offset,
}

/// What is known of what a store has forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Up to here events of any topic may be forgotten.
    pub floor: Offset,
    /// Up to here what [`Store::kept`] should have kept may be damaged: not forgotten, but lost.
    pub torn: Offset,
    /// The newest forgotten event of each topic, above the floor.
    pub topics: Vec<(eventwire::Topic, Offset)>,
}

/// An acknowledged batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acked {
    /// The first record's offset; `None` where acknowledgements do not know it.
    pub first: Option<Offset>,
}

/// What a tail hands over.
#[derive(Clone, Debug, PartialEq)]
pub enum Fed {
    /// The next record.
    Record(Offset, Arc<Record>),
    /// Something is here that has no form: foreign, damaged. Passed over, and told.
    Undecodable(Offset, InvalidRecord),
    /// Nothing is missing up to here.
    Idle(Offset),
}
