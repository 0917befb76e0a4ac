//! What tests across crates share: the harness hub as a process, a reader, and the oracle that judges what it was handed.
//!
//! Never published.

pub mod events;
pub mod oracle;
