//! Positions ahead of this node: the store is asked for its head, one question at a time, and the tail is waited for.

use super::{alarms::Alarm, behind::Stage, fan::Fan, sink::Sink};
use crate::hub::seat::SeatId;
use eventwire::{Code, Position};

/// How long a reader waits for the tail to reach the position it claims, in milliseconds.
const WAIT: u64 = 5_000;

impl<S: Sink> Fan<S> {
    /// The store has to be asked for its head: the number of the question.
    pub(crate) fn question(&mut self) -> Option<u64> {
        if self.asking.is_some() {
            return None;
        }
        let readers = &self.readers;
        let open = |id: &SeatId| {
            let reader = readers.get(id.index as usize).filter(|reader| reader.id == *id);
            reader.and_then(|reader| reader.behind.as_ref()).is_some_and(|b| b.stage == Stage::Wait && !b.proven)
        };
        if !self.waiting.iter().any(open) {
            return None;
        }
        self.questions += 1;
        self.asking = Some(self.questions);
        self.asking
    }

    /// The store answered, or did not.
    pub(crate) fn answer(&mut self, question: u64, head: Option<Position>) {
        self.asking = None;
        for id in self.waiting.clone() {
            let Some(behind) = self.reader(id).and_then(|reader| reader.behind.as_mut()) else { continue };
            // Asked before it came: its position may be newer than the answer.
            if behind.stage != Stage::Wait || behind.asked > question {
                continue;
            }
            match (head, behind.claim) {
                (None, _) => self.end(id, Code::Unavailable),
                (Some(head), Some(claim)) if head.epoch == claim.epoch && head.offset >= claim.offset => {
                    behind.proven = true;
                }
                // Beyond the store's head, or of a life that this node has yet to hear of.
                (Some(_), _) => {
                    behind.proven = true;
                    behind.stage = Stage::Judge;
                    self.queue(id);
                }
            }
        }
    }

    /// A reader has to wait for the tail.
    pub(super) fn wait(&mut self, id: SeatId) {
        let next = self.questions + 1;
        if let Some(behind) = self.reader(id).and_then(|reader| reader.behind.as_mut()) {
            behind.asked = next;
            behind.stage = Stage::Wait;
        }
        self.waiting.push(id);
        self.alarms.set(self.now + WAIT, id, Alarm::Wait);
        // The head may have come along since this turn looked.
        self.asleep = false;
    }

    /// Whether the tail has come to where some reader claims to be.
    pub(super) fn look_for_claims(&mut self) {
        let head = self.at.head;
        for id in std::mem::take(&mut self.waiting) {
            let Some(behind) = self.reader(id).and_then(|reader| reader.behind.as_mut()) else { continue };
            if behind.stage != Stage::Wait {
                continue;
            }
            if behind.claim.is_some_and(|claim| claim.offset.0 <= head) {
                behind.stage = Stage::Judge;
                self.queue(id);
            } else {
                self.waiting.push(id);
            }
        }
    }
}
