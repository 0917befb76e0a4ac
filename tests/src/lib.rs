//! What tests across crates share: the harness hub as a process, publishers and readers, and the oracle that judges what
//! a reader was handed.
//!
//! Never published.

pub mod chaos;
pub mod events;
pub mod oracle;
pub mod process;
pub mod publisher;
pub mod reader;
