//! What happens to single readers at single times: rare, so a heap will do.

use crate::hub::seat::SeatId;
use std::{cmp::Reverse, collections::BinaryHeap};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// A blocked reader has had its time.
    Stall,
    /// What was granted expires.
    Expire,
    /// Its turn in a drain.
    Drain,
    /// It is old enough to be asked to come back.
    Rotate,
    /// The tail has not reached the position it claimed.
    Wait,
}

#[derive(Debug, Default)]
pub(super) struct Alarms {
    heap: BinaryHeap<Reverse<(u64, u64, u32, Alarm)>>,
}

impl Alarms {
    pub(super) fn set(&mut self, at: u64, reader: SeatId, alarm: Alarm) {
        self.heap.push(Reverse((at, reader.serial, reader.index, alarm)));
    }

    /// The next alarm that is due.
    pub(super) fn due(&mut self, now: u64) -> Option<(SeatId, Alarm)> {
        let Reverse((at, serial, index, alarm)) = *self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop();
        Some((SeatId { index, serial }, alarm))
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// Drops alarms of readers that are gone, once they outnumber the others: each reader has at most five.
    pub(super) fn tidy(&mut self, readers: usize, lives: impl Fn(SeatId) -> bool) {
        if self.heap.len() > 8 * readers + 1024 {
            self.heap.retain(|Reverse((_, serial, index, _))| lives(SeatId { index: *index, serial: *serial }));
        }
    }
}
