//! Bytes of one event or frame. Nothing here can fail: what could break a line is refused where values are made.

use crate::{EventName, Frame, Position, Topic};
use std::time::Duration;

/// Begins an event: its `id:` line, the only part that depends on the hub's order.
///
/// `id: epoch-offset[.back]/topic\n` is appended to `out`.
pub fn event_prefix(position: Position, back: Option<u64>, topic: &Topic, out: &mut Vec<u8>) {
    let _ = (position, back, topic, out);
    todo!("protocol")
}

/// Ends an event: `event: name\ndata: payload\n\n`, made once, outside any lock. `payload` is one line of JSON.
pub fn event_suffix(name: &EventName, payload: &str, out: &mut Vec<u8>) {
    let _ = (name, payload, out);
    todo!("protocol")
}

/// A frame of ours, with its id if it has one.
pub fn frame(frame: &Frame, id: Option<Position>, out: &mut Vec<u8>) {
    let _ = (frame, id, out);
    todo!("protocol")
}

/// A `retry:` line, clamped to 1 s to 60 s, with no event of its own.
pub fn retry(after: Duration, out: &mut Vec<u8>) {
    let _ = (after, out);
    todo!("protocol")
}
