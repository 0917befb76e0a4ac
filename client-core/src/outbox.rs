//! What waits to be carried out, and the counters that go with it.
//!
//! Bounded by what one input can cause: the shell drains it after each.

use crate::{Attempt, Fault, Gap, Output, State};

/// What a client has counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events handed over.
    pub events: u64,
    /// Events dropped because the page had them.
    pub duplicates: u64,
    /// Gaps told.
    pub gaps: u64,
    /// Faults told.
    pub faults: u64,
    /// Attempts made.
    pub attempts: u64,
    /// Attempts given up for their silence.
    pub stalls: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// First in, first out. Short: nothing is gained by a ring.
    queue: Vec<Output>,
    pub(crate) counters: Counters,
}

impl Outbox {
    pub(crate) fn push(&mut self, output: Output) {
        let counters = &mut self.counters;
        match output {
            Output::Deliver { .. } => counters.events += 1,
            Output::Gap(_) => counters.gaps += 1,
            Output::Fault(_) => counters.faults += 1,
            Output::Connect { .. } => counters.attempts += 1,
            _ => {}
        }
        self.queue.push(output);
    }

    pub(crate) fn gap(&mut self, gap: Gap) {
        self.push(Output::Gap(gap));
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        self.push(Output::Fault(fault));
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        (!self.queue.is_empty()).then(|| self.take(0))
    }

    #[inline(never)] // once in wasm
    fn take(&mut self, at: usize) -> Output {
        self.queue.remove(at)
    }

    /// The last words of a client that the page closed while carrying out what came before: nothing more is handed to
    /// it, and what was never opened needs no closing.
    pub(crate) fn close(&mut self, running: Option<Attempt>, state: State) {
        let unopened = |output: &Output| matches!(output, Output::Connect { attempt, .. } if Some(*attempt) == running);
        let opened = running.filter(|_| !self.queue.iter().any(unopened));
        // Not `retain`, which would be code of its own in wasm.
        let mut n = 0;
        while let Some(output) = self.queue.get(n) {
            if matches!(output, Output::Disconnect { .. }) {
                n += 1;
            } else {
                self.take(n);
            }
        }
        if let Some(attempt) = opened {
            self.queue.push(Output::Disconnect { attempt });
        }
        self.queue.push(Output::State(state));
    }
}
