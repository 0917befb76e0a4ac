//! What tests across crates share: the harness hub as a process, publishers and readers whose
//! records the judge (`eventwire-judge`) reads.
//!
//! Never published.

pub mod chaos;
pub mod events;
pub mod history;
pub mod mode;
pub mod process;
pub mod proxy;
pub mod publisher;
pub mod reader;
