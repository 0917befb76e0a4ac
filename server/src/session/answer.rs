//! What a reader is answered: to the position it came with, to another life of the order, and to what is lost.
//!
//! Decides and says; what follows is composed by `catchup`.

use super::{
    behind::{Behind, Stage},
    fan::Fan,
    sink::Sink,
    speech,
};
use crate::hub::Lost;
use eventwire::{Pattern, Start, frame::GapReason};

impl<S: Sink> Fan<S> {
    /// The answer to a position, to another life of the order, and to what is lost.
    pub(super) fn decide(&mut self, index: u32, behind: &mut Behind) {
        match behind.stage {
            Stage::Renewed => self.gap_of_all(index, behind, GapReason::Epoch),
            Stage::Judge => self.judge(index, behind),
            _ => {
                let view = &self.groups.get(self.readers[index as usize].group).view;
                match self.sequence.lost(view, behind.at, &behind.fresh, self.at.renewals) {
                    Some(lost) => self.gap(index, behind, lost),
                    None => behind.stage = Stage::Prelude { from: 0 },
                }
            }
        }
    }

    fn judge(&mut self, index: u32, behind: &mut Behind) {
        let Some(order) = behind.order.take() else {
            return self.gap_of_all(index, behind, GapReason::Position); // not reached: who is judged has an order
        };
        let new = match order.start {
            Start::Unreadable { .. } => return self.gap_of_all(index, behind, GapReason::Position),
            Start::Now | Start::Earliest => order.asked(),
            Start::After { position, .. } if position.epoch != self.at.epoch => {
                return self.gap_of_all(index, behind, GapReason::Epoch);
            }
            Start::After { position, .. } if position.offset.0 > self.at.head => {
                if !self.rules.has_store || behind.proven {
                    return self.gap_of_all(index, behind, GapReason::Ahead);
                }
                behind.claim = Some(position);
                behind.order = Some(order);
                behind.stage = Stage::Wait;
                return;
            }
            // A browser's own reconnect: its position speaks for all it asks.
            Start::After { native: true, .. } => Vec::new(),
            Start::After { native: false, .. } => order.new,
        };
        behind.fresh = self.sequence.fresh(&new);
        behind.new = new;
        behind.stage = Stage::Check;
    }

    /// Tells of a loss: the stream goes on behind it, and everything of it is new.
    pub(super) fn gap(&mut self, index: u32, behind: &mut Behind, lost: Lost) {
        let reason = match lost.reason {
            Some(reason) => reason,
            None if self.readers[index as usize].running => GapReason::Slow,
            None => GapReason::Evicted,
        };
        behind.at = lost.upto;
        // Whatever else it names is told with it.
        let named = self.sequence.newest_lost(&self.sequence.fresh(&lost.topics));
        behind.told = behind.told.max(lost.newest).max(named);
        let mut new: Vec<Pattern> = std::mem::take(&mut behind.new);
        new.extend(lost.topics.iter().filter(|topic| !new.contains(topic)).cloned().collect::<Vec<_>>());
        speech::gap(reason, lost.topics, self.at.epoch, lost.upto, &mut self.out.bytes);
        self.renew_prelude(behind, new);
    }

    /// Tells of a loss of everything: the stream goes on from the head.
    fn gap_of_all(&mut self, index: u32, behind: &mut Behind, reason: GapReason) {
        behind.at = self.at.head;
        speech::gap(reason, Vec::new(), self.at.epoch, behind.at, &mut self.out.bytes);
        let all = self.sequence.names_of(&self.groups.get(self.readers[index as usize].group).view);
        self.renew_prelude(behind, all);
        // Whatever newest events are gone are gone with all else.
        behind.told = self.sequence.newest_lost(&behind.fresh);
    }

    fn renew_prelude(&mut self, behind: &mut Behind, new: Vec<Pattern>) {
        behind.order = None;
        behind.fresh = self.sequence.fresh(&new);
        behind.new = new;
        behind.stage = Stage::Prelude { from: 0 };
    }
}
