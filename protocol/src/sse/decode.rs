//! Blocks out of bytes, by the WHATWG standard, on any chunking.

use std::time::Duration;

/// What one blank line completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The event's type; `message` if none was given.
    pub event: &'a str,
    /// The data, lines joined by LF.
    pub data: &'a str,
    /// The last event ID in force.
    pub id: &'a str,
}

/// A line was longer than the decoder's bound; nothing after it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong {
    /// The bound, in bytes.
    pub limit: usize,
}

/// An incremental decoder. Holds at most one line and one block, both bounded.
#[derive(Debug)]
pub struct Decoder {}

impl Decoder {
    /// A decoder that refuses lines over `limit` bytes (see [`crate::limits::LINE`]).
    pub fn new(limit: usize) -> Self {
        let _ = limit;
        todo!("protocol")
    }

    /// Takes the next bytes and hands every block they complete to `each`, in order.
    pub fn push(&mut self, bytes: &[u8], each: impl FnMut(Block<'_>)) -> Result<(), LineTooLong> {
        let _ = (bytes, each);
        todo!("protocol")
    }

    /// The last event ID as of the last completed block.
    pub fn last_event_id(&self) -> &str {
        todo!("protocol")
    }

    /// The reconnection time that a `retry:` line set, if any did.
    pub fn retry(&self) -> Option<Duration> {
        todo!("protocol")
    }
}
