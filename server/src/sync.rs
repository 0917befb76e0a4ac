//! The locks, counters and bells at the seams between publishers, shards and readers.
//!
//! They are parking_lot's, std's and tokio's own. In a test build each use of one is besides a point at which a model
//! of the seams (`session/tests/seams.rs`) may let another thread go first; outside of a model nothing is different.

#[cfg(test)]
mod scheduled;

#[cfg(not(test))]
pub(crate) use parking_lot::{Mutex, MutexGuard, RwLock};
#[cfg(test)]
pub(crate) use scheduled::{AtomicBool, AtomicU64, AtomicUsize, Mutex, MutexGuard, Notify, RwLock};
#[cfg(not(test))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
#[cfg(not(test))]
pub(crate) use tokio::sync::Notify;
