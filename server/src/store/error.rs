//! What can go wrong with a store, sorted by what the hub has to do about it.

use eventwire::{Epoch, Offset};
use std::{error::Error, fmt};

/// What a store could not do: the culprit, the reason and the next step in words, and a kind to branch on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    kind: StoreErrorKind,
    detail: Box<str>,
}

/// Kinds of trouble with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Another process, or another hub of this one, has it.
    Locked,
    /// No room: nothing of the batch was kept.
    Full,
    /// The operating system or the network failed; later it may work.
    Unavailable,
    /// A write failed in a way after which no further write can be trusted.
    Broken,
    /// The store's own limits or settings refuse it; again would be refused again.
    Refused,
}

impl StoreError {
    /// An error of this kind. `detail` names the culprit, the reason and the next step.
    pub fn new(kind: StoreErrorKind, detail: impl Into<Box<str>>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// What sort of trouble it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Error for StoreError {}

/// Why a batch was not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// None of it is stored, now or later.
    Refused(StoreError),
    /// Some or all of it may be stored.
    Indeterminate(StoreError),
    /// None of it is stored: another epoch is in force.
    WrongEpoch(Epoch),
}

/// Why a tail ended. The hub's loop goes round; nothing is skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailEnd {
    /// The store went away or misbehaved.
    Lost(StoreError),
    /// What was asked for, or what came next, is forgotten.
    Trimmed {
        /// The oldest offset there is.
        first: Offset,
    },
    /// Asked to begin beyond the end.
    Ahead {
        /// The newest offset there is.
        head: Offset,
    },
    /// Another life of this order.
    OtherEpoch(Epoch),
}

impl fmt::Display for TailEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(why) => write!(f, "the store's tail was lost: {why}"),
            Self::Trimmed { first } => write!(f, "the store has forgotten everything before offset {first}"),
            Self::Ahead { head } => write!(f, "the store ends at offset {head}, before the place asked for"),
            Self::OtherEpoch(epoch) => write!(f, "the store is now of epoch {epoch}"),
        }
    }
}

impl Error for TailEnd {}
