//! When each reader is looked at, for its heartbeat and for a piece it does not take: one wheel for all, no timer of its
//! own for any.
//!
//! A reader stands in one slot and moves on when that comes round. It is looked at up to a sixteenth of the shorter of
//! the two times early, never late.

use crate::hub::seat::SeatId;

const SLOTS: u64 = 16;

#[derive(Debug)]
pub(super) struct Beats {
    slots: Vec<Vec<SeatId>>,
    /// Milliseconds of a slot.
    tick: u64,
    heartbeat: u64,
    stall: u64,
    /// The first slot, counted from the beginning of time, that was not looked at yet.
    next: u64,
}

impl Beats {
    pub(super) fn new(heartbeat: u64, stall: u64, now: u64) -> Self {
        let tick = (heartbeat.min(stall) / SLOTS).max(1);
        let slots = (0..heartbeat / tick + 2).map(|_| Vec::new()).collect();
        Self { slots, tick, heartbeat, stall, next: now / tick }
    }

    /// This reader was handed something at `last`. It is looked at before the silence grows too long, and before any piece
    /// it has been handed by then has lain there too long.
    pub(super) fn enter(&mut self, reader: SeatId, last: u64, now: u64) {
        let untaken = if last + self.stall > now + self.tick { last + self.stall } else { now + self.stall };
        let slot = (untaken.min(last + self.heartbeat) / self.tick).max(self.next);
        let length = self.slots.len() as u64;
        // Too long ago: the very next slot.
        self.slots[(slot % length) as usize].push(reader);
    }

    /// Whether a reader that last said something then has to say something now.
    pub(super) fn is_due(&self, last: u64) -> bool {
        (last + self.heartbeat) / self.tick < self.next
    }

    /// Everyone who has to be looked at. They must enter again.
    pub(super) fn due(&mut self, now: u64, due: &mut Vec<SeatId>) {
        let length = self.slots.len() as u64;
        let upto = now / self.tick;
        // After a pause longer than the wheel every slot is due, once.
        for slot in self.next..=upto.min(self.next + length - 1) {
            due.append(&mut self.slots[(slot % length) as usize]);
        }
        self.next = self.next.max(upto + 1);
    }

    /// When to look next.
    pub(super) fn deadline(&self) -> u64 {
        self.next * self.tick
    }
}
