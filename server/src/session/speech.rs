//! What a session says besides events: hello, gap, cursor, names, bye.

use eventwire::{
    Code, Epoch, EventName, Frame, Offset, Pattern, Position, WIRE_VERSION,
    frame::{Bye, CursorKind, Gap, GapReason, Hello},
    sse,
};
use std::time::Duration;

/// The part of every hello that the hub's configuration gives.
#[derive(Clone, Debug)]
pub(crate) struct Greeting {
    pub(crate) contract: Box<str>,
    pub(crate) heartbeat: Duration,
}

/// The part that is this connection's.
pub(super) struct Arrival<'a> {
    pub(super) epoch: Epoch,
    pub(super) start: Position,
    pub(super) head: u64,
    pub(super) names: &'a [EventName],
    pub(super) topics: Vec<Pattern>,
    pub(super) denied: Vec<Pattern>,
    /// Whoever comes back is back no earlier.
    pub(super) floor: Duration,
    pub(super) spread: Duration,
    /// From 0 to 1: where in the spread this connection comes back.
    pub(super) chance: f64,
}

impl Greeting {
    pub(super) fn hello(&self, arrival: Arrival<'_>, out: &mut Vec<u8>) {
        let Arrival { epoch, start, head, names, topics, denied, floor, spread, chance } = arrival;
        let most = Duration::from_secs(60);
        // Native clients know no other spread than this line.
        let retry = (floor.max(Duration::from_secs(1)) + spread.mul_f64(chance)).min(most);
        let retry = Duration::from_millis(retry.as_millis() as u64);
        sse::retry(retry, out);
        let hello = Hello {
            v: WIRE_VERSION,
            start,
            head: Position { epoch, offset: Offset(head) },
            names: names.to_vec(),
            contract: self.contract.clone(),
            topics,
            denied,
            heartbeat: self.heartbeat,
            spread,
            retry,
        };
        sse::frame(&Frame::Hello(hello), None, out);
    }
}

/// Over what time so many readers come back: a thousand a second.
pub(super) fn spread(readers: usize) -> Duration {
    Duration::from_millis(readers as u64).clamp(Duration::from_secs(1), Duration::from_secs(60))
}

pub(super) fn gap(reason: GapReason, topics: Vec<Pattern>, epoch: Epoch, at: u64, out: &mut Vec<u8>) {
    sse::frame(&Frame::Gap(Gap { reason, topics }), Some(Position { epoch, offset: Offset(at) }), out);
}

pub(super) fn cursor(kind: CursorKind, epoch: Epoch, at: u64, out: &mut Vec<u8>) {
    sse::frame(&Frame::Cursor(kind), Some(Position { epoch, offset: Offset(at) }), out);
}

pub(super) fn names(names: &[EventName], out: &mut Vec<u8>) {
    sse::frame(&Frame::Names(names.to_vec()), None, out);
}

pub(super) fn bye(reason: Code, out: &mut Vec<u8>) {
    sse::frame(&Frame::Bye(Bye { reason, after: after(reason) }), None, out);
}

/// How long whoever is told so stays away at least.
pub(super) fn after(reason: Code) -> Duration {
    match reason {
        // The store may need a moment; asking again at once would only wait again.
        Code::Unavailable => Duration::from_secs(1),
        Code::Limit => Duration::from_secs(5),
        _ => Duration::ZERO,
    }
}

/// Over what time those come back who are turned away: how many they are is not counted, and native clients never slow
/// down by themselves.
pub(super) const TURNED_AWAY: Duration = Duration::from_secs(30);
